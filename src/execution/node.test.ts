import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openWorkshop, type Workshop } from './test-support/functions.ts'

const ISO = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`
let workshop: Workshop

beforeAll(async () => {
  workshop = await openWorkshop()
})
afterAll(() => workshop[Symbol.asyncDispose]())

const define = (code: string, changes: Parameters<Workshop['define']>[1] = {}, file = 'index.mjs') =>
  workshop.define({ [file]: code }, changes)
const handler = (body: string) => `export const handler = async (event, context) => { ${body} }`

describe.concurrent('a Node function', () => {
  it('answers with what its handler returns', async () => {
    const ran = await (await define(handler('return event'))).run({ a: 1, text: 'ä\n"' })
    expect(ran).toMatchObject({ outcome: 'success', value: { a: 1, text: 'ä\n"' } })
  })

  it('answers null when the handler returns nothing', async () => {
    expect((await (await define(handler(''))).run()).payload.toString()).toBe('null')
  })

  it('takes and gives six megabytes', async () => {
    const text = 'x'.repeat(6 * 1024 * 1024 - 2)
    const ran = await (await define(handler('return event'))).run(text)
    expect(ran.value === text).toBe(true)
  })

  it('is refused a result beyond the limit, and goes on', async () => {
    const fn = await define(handler('return "x".repeat(event)'))
    const ran = await fn.run(7 * 1024 * 1024)
    expect(ran.outcome).toBe('function-error')
    expect(ran.value).toEqual({
      errorType: 'Function.ResponseSizeTooLarge',
      errorMessage: 'Response payload size exceeded maximum allowed payload size (6291556 bytes).',
    })
    expect((await fn.run(3)).value).toBe('xxx')
  })

  it('keeps its module between events, in one log stream, and reports its init once', async () => {
    const fn = await define(`let n = 0; ${handler('return ++n')}`)
    const runs = [await fn.run(), await fn.run(), await fn.run()]
    expect(runs.map(({ value }) => value)).toEqual([1, 2, 3])
    expect(new Set(runs.map(({ logStreamName }) => logStreamName)).size).toBe(1)
    expect(runs.map(({ initMs }) => initMs !== undefined)).toEqual([true, false, false])
    expect(runs[1]?.log).not.toContain('Init Duration')
  })

  it('gets the context of its invocation', async () => {
    const code = handler(
      `return { ...context, left: context.getRemainingTimeInMillis(), trace: process.env._X_AMZN_TRACE_ID }`,
    )
    const fn = await define(code, { timeoutMs: 3000, memoryMb: 128 })
    const arn = `${fn.spec.functionArn}:PROD`
    const ran = await fn.run(
      {},
      { invokedFunctionArn: arn, clientContext: '{\n"custom":{"k":"ü"}}', traceHeader: 'Root=1-2' },
    )
    const { left, ...value } = ran.value as Record<string, unknown>
    expect(value).toMatchObject({
      awsRequestId: ran.requestId,
      functionName: fn.spec.functionName,
      functionVersion: '$LATEST',
      invokedFunctionArn: arn,
      memoryLimitInMB: '128',
      logGroupName: fn.spec.logGroup,
      logStreamName: ran.logStreamName,
      clientContext: { custom: { k: 'ü' } },
      callbackWaitsForEmptyEventLoop: true,
      trace: 'Root=1-2',
    })
    expect(left).toBeGreaterThan(2500)
    expect(left).toBeLessThanOrEqual(3000)
  })

  it('has the variables of a Lambda function, its own winning where they may', async () => {
    const fn = await define(handler('return process.env'), {
      environment: { TZ: 'Asia/Tokyo', STAGE: 'test', AWS_REGION: 'elsewhere', NODE_OPTIONS: '--no-deprecation' },
    })
    expect((await fn.run()).value).toMatchObject({
      _HANDLER: 'index.handler',
      AWS_REGION: 'us-east-1',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
      AWS_ACCESS_KEY_ID: 'ASIAEXAMPLE',
      AWS_SESSION_TOKEN: 'token',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:4566',
      AWS_LAMBDA_RUNTIME_API: expect.stringMatching(/^127\.0\.0\.1:\d+\/[0-9a-f]{32}$/),
      LAMBDA_TASK_ROOT: fn.spec.codePath,
      TZ: 'Asia/Tokyo',
      STAGE: 'test',
      NODE_OPTIONS: '--no-deprecation',
    })
  })

  it('lives in UTC unless it says otherwise', async () => {
    const code = handler('return new Date(0).getHours()')
    expect((await (await define(code)).run()).value).toBe(0)
    expect((await (await define(code, { environment: { TZ: 'Asia/Tokyo' } })).run()).value).toBe(9)
  })

  it('imports the AWS SDK that it did not bring, from ES modules and CommonJS', async () => {
    const esm = await define(`import { S3Client } from '@aws-sdk/client-s3'; ${handler('return S3Client.name')}`, {
      memoryMb: 512,
    })
    expect((await esm.run()).value).toBe('S3Client')
    const cjs = `const { S3Client } = require('@aws-sdk/client-s3'); exports.handler = async () => S3Client.name`
    expect((await (await define(cjs, { memoryMb: 512 }, 'index.cjs')).run()).value).toBe('S3Client')
  })

  it('has nothing else of the server’s packages', async () => {
    const ran = await (await define(`import 'pino'; ${handler('')}`)).run()
    expect(ran.value).toMatchObject({ errorType: 'Runtime.ImportModuleError' })
    const cjs = `require('commander'); exports.handler = async () => 1`
    expect((await (await define(cjs, {}, 'index.js')).run()).value).toMatchObject({
      errorType: 'Runtime.ImportModuleError',
    })
  })

  it('prefers the packages it brought', async () => {
    const fn = await workshop.define({
      'index.mjs': `import { who } from '@aws-sdk/client-s3'; ${handler('return who')}`,
      'node_modules/@aws-sdk/client-s3/package.json': '{"type":"module","main":"index.js"}',
      'node_modules/@aws-sdk/client-s3/index.js': 'export const who = "bundled"',
    })
    expect((await fn.run()).value).toBe('bundled')
  })

  it('imports packages of its layers', async () => {
    const layer = (name: string) =>
      workshop.write({
        'nodejs/node_modules/greeting/package.json': '{"main":"index.js"}',
        'nodejs/node_modules/greeting/index.js': `module.exports = { text: '${name}' }`,
      })
    const layerPaths = [await layer('first'), await layer('second')]
    const esm = await define(`import greeting from 'greeting'; ${handler('return greeting.text')}`, { layerPaths })
    expect((await esm.run()).value).toBe('second')
    const cjs = await define(`exports.handler = async () => require('greeting').text`, { layerPaths }, 'index.js')
    expect((await cjs.run()).value).toBe('second')
  })

  it('runs inside of a wrapper script', async () => {
    const wrapper = '#!/bin/sh\nexport WRAPPED=yes\nexec "$@"\n'
    const fn = await workshop.define({ 'index.mjs': handler('return process.env.WRAPPED'), wrapper })
    const wrapped = { ...fn.spec, environment: { AWS_LAMBDA_EXEC_WRAPPER: `${fn.spec.codePath}/wrapper` } }
    const found = await workshop.define({}, wrapped)
    expect((await found.run()).value).toBe('yes')
    const missing = await workshop.define(
      {},
      { ...wrapped, revisionId: 'x', environment: { AWS_LAMBDA_EXEC_WRAPPER: '/no/such' } },
    )
    const ran = await missing.run()
    expect(ran.errorMessage).toBe(`RequestId: ${ran.requestId} Error: Runtime exited with error: exit status 127`)
  })
})

describe.concurrent('handlers are found', () => {
  it.each([
    ['index.handler', 'index.js', 'exports.handler = async () => "cjs"', 'cjs'],
    ['index.handler', 'index.cjs', 'exports.handler = async () => "cjs"', 'cjs'],
    ['index.handler', 'index.mjs', 'await 1; export const handler = async () => "esm"', 'esm'],
    ['src/app.handlers.get', 'src/app.js', 'exports.handlers = { get: async () => "nested" }', 'nested'],
    ['index.handler', 'index.mjs', 'export default { handler: async () => "default" }', 'default'],
  ])('%s in %s', async (name, file, code, expected) => {
    expect((await (await define(code, { handler: name }, file)).run()).value).toBe(expected)
  })

  it('in a .js file of a package of type module', async () => {
    const fn = await workshop.define({ 'index.js': handler('return 1'), 'package.json': '{"type":"module"}' })
    expect((await fn.run()).value).toBe(1)
  })

  it.each([
    [
      'index.handler',
      'other.mjs',
      '',
      'Runtime.ImportModuleError',
      "Error: Cannot find module 'index'\nRequire stack:\n- /var/runtime/index.mjs",
    ],
    [
      'index.nope',
      'index.mjs',
      'export const handler = 1',
      'Runtime.HandlerNotFound',
      'index.nope is undefined or not exported',
    ],
    [
      'index.handler',
      'index.mjs',
      'export const handler = 1',
      'Runtime.HandlerNotFound',
      'index.handler is not a function',
    ],
    ['index', 'index.mjs', '', 'Runtime.MalformedHandlerName', 'Bad handler'],
    [
      '../index.handler',
      'index.mjs',
      '',
      'Runtime.MalformedHandlerName',
      "'../index.handler' is not a valid handler name. Use absolute paths when specifying root directories in handler names.",
    ],
    [
      'index.handler',
      'index.js',
      'exports.handler = ][',
      'Runtime.UserCodeSyntaxError',
      "SyntaxError: Unexpected token ']'",
    ],
    ['index.handler', 'index.mjs', 'throw new TypeError("at init")', 'TypeError', 'at init'],
  ])('or not: %s in %s with %j is %s', async (name, file, code, errorType, errorMessage) => {
    const fn = await define(code, { handler: name }, file)
    const ran = await fn.run()
    expect(ran.outcome).toBe('function-error')
    expect(ran.value).toMatchObject({ errorType, errorMessage, trace: expect.any(Array) })
    const [events = []] = fn.logs.values()
    expect(events[0]).toMatch(
      /^INIT_START Runtime Version: nodejs:24\.v\d+\.\d+\.\d+\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}\n$/,
    )
    expect(events[1]).toMatch(new RegExp(`^${ISO}\tundefined\tERROR\tUncaught Exception \t{"errorType":"${errorType}"`))
    expect(events[2]).toMatch(
      new RegExp(`^INIT_REPORT Init Duration: [\\d.]+ ms\tPhase: init\tStatus: error\tError Type: ${errorType}\t\n$`),
    )
    expect(events.some((event) => event.includes('\tPhase: invoke\t'))).toBe(true)
    expect(ran.initMs).toBeUndefined()
  })

  it('names the missing dependency of a handler', async () => {
    const ran = await (await define('require("absent"); exports.handler = async () => 1', {}, 'index.js')).run()
    expect(ran.value).toMatchObject({
      errorType: 'Runtime.ImportModuleError',
      errorMessage: expect.stringMatching(/^Error: Cannot find module 'absent'\nRequire stack:\n- .*index\.js/),
    })
  })
})

describe.concurrent('failing Node functions', () => {
  it('say what was thrown', async () => {
    const fn = await define(
      handler('throw event.text ? "text" : Object.assign(new RangeError("boom"), { code: "E1" })'),
    )
    const ran = await fn.run()
    expect(ran).toMatchObject({ outcome: 'function-error', errorType: 'RangeError', errorMessage: 'boom' })
    const value = ran.value as { trace: string[] }
    expect(value).toMatchObject({ errorType: 'RangeError', errorMessage: 'boom' })
    expect(value.trace[0]).toBe('RangeError: boom')
    expect(value.trace[1]).toMatch(/^ {4}at .*index\.mjs/)
    expect(ran.log).toMatch(
      new RegExp(
        `${ISO}\t${ran.requestId}\tERROR\tInvoke Error \t{"errorType":"RangeError","errorMessage":"boom","code":"E1","stack":\\["RangeError: boom"`,
      ),
    )
    expect((await fn.run({ text: 1 })).value).toEqual({ errorType: 'string', errorMessage: 'text', trace: [] })
  })

  it.each([
    ['process.exit(0)', 'Runtime exited without providing a reason'],
    ['process.exit(3)', 'Runtime exited with error: exit status 3'],
    [
      'process.kill(process.pid, "SIGSEGV"); await new Promise(() => setTimeout(() => {}, 1e6))',
      'Runtime exited with error: signal: segmentation fault',
    ],
    [
      'process.kill(process.pid, "SIGKILL"); await new Promise(() => setTimeout(() => {}, 1e6))',
      'Runtime exited with error: signal: killed',
    ],
  ])('%s', async (body, text) => {
    const fn = await define(
      `let n = 0; ${handler(`if (event.count) return ++n; ++n; console.log("last words"); ${body}`)}`,
    )
    const ran = await fn.run()
    expect(ran.value).toEqual({
      errorType: 'Runtime.ExitError',
      errorMessage: `RequestId: ${ran.requestId} Error: ${text}`,
    })
    expect(ran.log).toContain('last words')
    expect(ran.log).toMatch(/\tStatus: error\tError Type: Runtime\.ExitError\t\n$/)
    // Reset: the module is new, the place and its log stream are not.
    const again = await fn.run({ count: true })
    expect(again).toMatchObject({ value: 1, logStreamName: ran.logStreamName })
    expect(again.initMs).toBeUndefined()
  })

  it('time out, lose their module, and keep /tmp', async () => {
    const code = `import { existsSync, writeFileSync } from 'node:fs'; let n = 0; const file = process.env.TMPDIR + '/kept'
      ${handler('n++; if (event.sleep) { writeFileSync(file, "x"); console.log("asleep"); await new Promise((done) => setTimeout(done, 5000)) } return { n, kept: existsSync(file) }')}`
    const fn = await define(code, { timeoutMs: 1000 })
    expect((await fn.run()).value).toEqual({ n: 1, kept: false })
    const ran = await fn.run({ sleep: true })
    expect(ran.value).toEqual({
      errorType: 'Sandbox.Timedout',
      errorMessage: `RequestId: ${ran.requestId} Error: Task timed out after 1.00 seconds`,
    })
    expect(ran.log).toContain('asleep')
    expect(ran.log).toMatch(
      /\tDuration: 1000\.00 ms\tBilled Duration: 1000 ms\tMemory Size: 256 MB\tMax Memory Used: \d+ MB\tStatus: timeout\t\n$/,
    )
    expect((await fn.run()).value).toEqual({ n: 1, kept: true })
  })

  it('die of an unhandled rejection, and say so', async () => {
    const fn = await define(
      handler('Promise.reject(new Error("lost")); await new Promise((done) => setTimeout(done, 5000))'),
    )
    expect((await fn.run()).value).toMatchObject({
      errorType: 'Runtime.UnhandledPromiseRejection',
      errorMessage: 'Error: lost',
    })
  })

  it('die of an uncaught exception, and say so', async () => {
    const fn = await define(
      handler('setTimeout(() => { throw new Error("late") }, 1); await new Promise((done) => setTimeout(done, 5000))'),
    )
    expect((await fn.run()).value).toMatchObject({ errorType: 'Error', errorMessage: 'late' })
    expect((await fn.run()).value).toMatchObject({ errorMessage: 'late' })
  })

  it('cannot wait for a promise that nothing will settle', async () => {
    const ran = await (await define(handler('await new Promise(() => {})'))).run()
    expect(ran.value).toMatchObject({ errorType: 'Runtime.NodeJsExit' })
  })

  it('cannot answer what has no JSON', async () => {
    const ran = await (await define(handler('return { big: 1n }'))).run()
    expect(ran.value).toMatchObject({
      errorType: 'Runtime.JSONStringifyError',
      errorMessage: 'Unable to stringify response body',
    })
  })
})

describe.concurrent('callbacks', () => {
  const legacy = (body: string) =>
    define(
      `exports.handler = (event, context, callback) => { ${body} }`,
      { runtime: 'nodejs22.x', timeoutMs: 3000 },
      'index.js',
    )

  it('answer on Node 22', async () => {
    expect((await (await legacy('callback(null, 1)')).run()).value).toBe(1)
    expect((await (await legacy('callback(new Error("no"))')).run()).value).toMatchObject({
      errorType: 'Error',
      errorMessage: 'no',
    })
    expect((await (await legacy('callback(null, 1); callback(null, 2)')).run()).value).toBe(1)
    expect((await (await legacy('context.succeed("done")')).run()).value).toBe('done')
    expect((await (await legacy('return 5')).run()).payload.toString()).toBe('null')
  })

  it('wait for an empty event loop unless told not to', async () => {
    const waits = await (await legacy('setTimeout(() => {}, 400); callback(null, 1)')).run()
    expect(waits.durationMs).toBeGreaterThan(390)
    const fn = await legacy(
      'context.callbackWaitsForEmptyEventLoop = false; setTimeout(() => {}, 400); callback(null, 1)',
    )
    expect((await fn.run()).durationMs).toBeLessThan(390)
    expect((await fn.run()).value).toBe(1)
  })

  it('are not waited for by a promise', async () => {
    const fn = await define(
      'exports.handler = async () => { setTimeout(() => {}, 10_000); return 1 }',
      { runtime: 'nodejs22.x' },
      'index.js',
    )
    const ran = await fn.run()
    expect(ran.value).toBe(1)
    expect(ran.durationMs).toBeLessThan(2000)
  })

  it('are gone on Node 24', async () => {
    const ran = await (
      await define('exports.handler = (event, context, callback) => callback(null, 1)', {}, 'index.js')
    ).run()
    expect(ran.value).toMatchObject({
      errorType: 'Runtime.CallbackHandlerDeprecated',
      errorMessage: expect.stringMatching(
        /^ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node\.js 24\./,
      ),
    })
  })
})

describe.concurrent('logs of Node functions', () => {
  it('have the lines of Lambda in their order', async () => {
    const fn = await define(
      `console.log("at init"); ${handler('console.log("x", { a: 1 }); console.error("two\\nlines"); process.stdout.write("raw"); return 1')}`,
    )
    const ran = await fn.run()
    const [[stream, events] = ['', []]] = fn.logs
    expect(stream).toMatch(/^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/)
    const id = ran.requestId
    const patterns = [
      /^INIT_START Runtime Version: nodejs:24\.v/,
      new RegExp(`^${ISO}\tundefined\tINFO\tat init\n$`),
      new RegExp(`^START RequestId: ${id} Version: \\$LATEST\n$`),
      new RegExp(`^${ISO}\t${id}\tINFO\tx { a: 1 }\n$`),
      new RegExp(`^${ISO}\t${id}\tERROR\ttwo\nlines\n$`),
      /^raw\n$/,
      new RegExp(`^END RequestId: ${id}\n$`),
      new RegExp(
        `^REPORT RequestId: ${id}\tDuration: \\d+\\.\\d\\d ms\tBilled Duration: \\d+ ms\tMemory Size: 256 MB\tMax Memory Used: \\d+ MB\tInit Duration: \\d+\\.\\d\\d ms\t\n$`,
      ),
    ]
    const inOrder = [...events].sort((a, b) => Number(a === 'raw\n') - Number(b === 'raw\n'))
    expect(events).toHaveLength(patterns.length)
    for (const pattern of patterns)
      expect(
        inOrder.some((event) => pattern.test(event)),
        String(pattern),
      ).toBe(true)
    expect(ran.log.startsWith(`START RequestId: ${id}`)).toBe(true)
    expect(ran.log.endsWith('\t\n')).toBe(true)
    expect(ran.billedMs).toBe(Math.ceil(ran.durationMs + (ran.initMs ?? 0)))
  })

  it('keep the last 4,096 bytes as the tail', async () => {
    const ran = await (
      await define(handler('for (let i = 0; i < 200; i++) console.log("line " + i + "ä".repeat(100))'))
    ).run()
    expect(ran.logTail.length).toBe(4096)
    expect(ran.log).toContain('line 199')
    expect(ran.log).toMatch(/REPORT [^\n]*\t\n$/)
  })

  it('can be JSON', async () => {
    const code = handler(
      'console.log("x"); console.debug("hidden"); console.error(new TypeError("bad")); console.info({ a: 1 }); console.warn("n %d", 5)',
    )
    const fn = await define(code, { logFormat: 'JSON', logGroup: 'shared' })
    const ran = await fn.run()
    const [[stream, events] = ['', []]] = fn.logs
    expect(stream).toMatch(new RegExp(`^\\d{4}/\\d\\d/\\d\\d/${fn.spec.functionName}\\[\\$LATEST\\][0-9a-f]{32}$`))
    const lines = events.map((event) => JSON.parse(event) as Record<string, unknown>)
    expect(lines.map((line) => line['type'] ?? line['message'])).toEqual([
      'platform.initStart',
      'platform.start',
      'x',
      'bad',
      { a: 1 },
      'n 5',
      'platform.report',
    ])
    expect(lines[2]).toEqual({
      timestamp: expect.stringMatching(ISO),
      level: 'INFO',
      requestId: ran.requestId,
      message: 'x',
    })
    expect(lines[3]).toMatchObject({
      level: 'ERROR',
      errorType: 'TypeError',
      errorMessage: 'bad',
      stackTrace: expect.any(Array),
    })
    expect(lines[6]).toMatchObject({
      time: expect.stringMatching(ISO),
      record: {
        requestId: ran.requestId,
        status: 'success',
        metrics: {
          durationMs: expect.any(Number),
          billedDurationMs: ran.billedMs,
          memorySizeMB: 256,
          maxMemoryUsedMB: expect.any(Number),
          initDurationMs: expect.any(Number),
        },
      },
    })
    expect(ran.log).not.toContain('END RequestId')
  })
})
