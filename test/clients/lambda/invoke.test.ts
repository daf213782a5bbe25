import { InvokeCommand, PutFunctionConcurrencyCommand } from '@aws-sdk/client-lambda'
import { CreateAliasCommand, PublishVersionCommand } from '@aws-sdk/client-lambda'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Account, ECHO, refusal } from './account.ts'

/** One function for many cases: does what the event asks for. */
const MANY = `
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
let count = 0
export const handler = async (event, context) => {
  count += 1
  switch (event.do) {
    case 'nothing': return undefined
    case 'throw': throw new Error('boom')
    case 'sleep': return await new Promise((resolve) => setTimeout(resolve, event.ms, 'slept'))
    case 'exit': process.exit(event.status)
    case 'large': return 'x'.repeat(7_000_000)
    case 'arn': return context.invokedFunctionArn
    case 'remaining': return context.getRemainingTimeInMillis()
    case 'count':
      if (!existsSync('/tmp/x')) writeFileSync('/tmp/x', 'written at ' + count)
      return { count, file: readFileSync('/tmp/x', 'utf8') }
    default: return event
  }
}
`
const PYTHON = { Runtime: 'python3.12', Handler: 'm.handler' } as const

describe('Invoke', () => {
  let account: Account
  let python: string | undefined
  beforeAll(async () => {
    account = await Account.open()
    await account.deploy('many', MANY)
    await account.deploy('slow', MANY, { Timeout: 1 })
    python = await pythonOf()
  })
  afterAll(() => account?.[Symbol.asyncDispose]())

  /** The newest Python this machine has: Lambda refuses the runtimes it has not. */
  async function pythonOf(): Promise<string | undefined> {
    for (const minor of [14, 13, 12, 11, 10]) {
      const Runtime = `python3.${minor}` as const
      const made = await account
        .deploy(`py${minor}`, { 'm.py': "def handler(event, context):\n    raise ValueError('x')" }, {
          ...PYTHON,
          Runtime,
        } as never)
        .catch(() => undefined)
      if (made !== undefined) return Runtime
    }
    return undefined
  }

  const payload = (bytes: number) => `"${'x'.repeat(bytes - 2)}"`
  const send = (FunctionName: string, Payload: string, InvocationType?: 'Event' | 'DryRun') =>
    account.lambda.send(new InvokeCommand({ FunctionName, Payload, InvocationType }))

  it('T54 T55 T56 answers what the handler returned', async () => {
    expect(await account.invoke('many', { a: 1 })).toMatchObject({
      status: 200,
      text: '{"a":1}',
      version: '$LATEST',
      error: undefined,
    })
    expect((await account.invoke('many')).text).toBe('{}')
    expect((await account.invoke('many', { do: 'nothing' })).text).toBe('null')
  })

  it('T57 refuses what is no JSON', async () => {
    const refused = await refusal(send('many', '{'))
    expect(refused).toMatchObject({ name: 'InvalidRequestContentException', status: 400 })
    expect(refused.message).toMatch(/^Could not parse request body into json: Could not parse payload into json:/)
  })

  it('T58 T59 DryRun runs nothing, Event runs later under the request id of its answer', async () => {
    await account.deploy('logger', 'export const handler = async (e, c) => console.log(e.say, c.awsRequestId)')
    const dry = await account.invoke('logger', { say: 'dry' }, { InvocationType: 'DryRun' })
    expect([dry.status, dry.text]).toEqual([204, ''])
    const event = await account.invoke('logger', { say: 'event' }, { InvocationType: 'Event' })
    expect([event.status, event.text]).toEqual([202, ''])
    const text = async () => (await account.lines('logger')).join('\n')
    await expect.poll(text, { timeout: 20_000 }).toContain(`event ${event.requestId}`)
    expect(await text()).not.toContain('dry')
  })

  it('T60 gives the tail of the log', async () => {
    const { tail, requestId } = await account.invoke('many', {}, { LogType: 'Tail' })
    expect(tail).toContain(`START RequestId: ${requestId} Version: $LATEST`)
    expect(tail).toContain(`END RequestId: ${requestId}`)
    expect(tail).toContain(`REPORT RequestId: ${requestId}`)
    expect(tail.length).toBeLessThanOrEqual(4096)
  })

  it('T61 T64 T68 errors of a function are answers', async () => {
    const thrown = await account.invoke('many', { do: 'throw' })
    expect([thrown.status, thrown.error]).toEqual([200, 'Unhandled'])
    expect(thrown.json).toMatchObject({ errorType: 'Error', errorMessage: 'boom' })
    expect(thrown.json.trace[0]).toBe('Error: boom')

    for (const [status, text] of [
      [0, 'Runtime exited without providing a reason'],
      [3, 'Runtime exited with error: exit status 3'],
    ] as const) {
      const { error, json, requestId } = await account.invoke('many', { do: 'exit', status })
      expect([error, json]).toEqual([
        'Unhandled',
        { errorType: 'Runtime.ExitError', errorMessage: `RequestId: ${requestId} Error: ${text}` },
      ])
    }

    const large = await account.invoke('many', { do: 'large' })
    expect([large.error, large.json]).toEqual([
      'Unhandled',
      expect.objectContaining({
        errorType: 'Function.ResponseSizeTooLarge',
        errorMessage: 'Response payload size exceeded maximum allowed payload size (6291556 bytes).',
      }),
    ])
  })

  it('T62 T67 errors of Python have its shape', async () => {
    expect(python).toBeDefined()
    const { error, json, requestId } = await account.invoke(`py${python?.split('.')[1]}`, {})
    expect(error).toBe('Unhandled')
    expect(Object.keys(json).toSorted()).toEqual(['errorMessage', 'errorType', 'requestId', 'stackTrace'])
    expect(json).toMatchObject({ errorMessage: 'x', errorType: 'ValueError', requestId })

    await account.deploy('unnamed', { 'm.py': '' }, { Runtime: python as never, Handler: 'm' })
    expect((await account.invoke('unnamed', {})).json).toMatchObject({
      errorType: 'Runtime.MalformedHandlerName',
      errorMessage: "Bad handler 'm': not enough values to unpack (expected 2, got 1)",
    })
  })

  it('T63 a function that takes too long is ended', async () => {
    const begin = performance.now()
    const { error, json, requestId } = await account.invoke('slow', { do: 'sleep', ms: 5000 })
    expect(performance.now() - begin).toBeLessThan(4000)
    expect([error, json]).toEqual([
      'Unhandled',
      {
        errorType: 'Sandbox.Timedout',
        errorMessage: `RequestId: ${requestId} Error: Task timed out after 1.00 seconds`,
      },
    ])
  })

  it('T65 T66 a handler that is not there is named', async () => {
    await account.deploy('nofile', { 'other.mjs': ECHO })
    const missing = await account.invoke('nofile', {})
    expect([missing.error, missing.json.errorType]).toEqual(['Unhandled', 'Runtime.ImportModuleError'])
    expect(missing.json.errorMessage).toMatch(/^Error: Cannot find module 'index'/)
    await account.deploy('noexport', ECHO, { Handler: 'index.nope' })
    expect((await account.invoke('noexport', {})).json).toMatchObject({
      errorType: 'Runtime.HandlerNotFound',
      errorMessage: 'index.nope is undefined or not exported',
    })
  })

  it('T69 T70 refuses payloads beyond the limits', async () => {
    expect(await refusal(send('many', payload(6_291_457)))).toMatchObject({
      name: 'RequestEntityTooLargeException',
      status: 413,
    })
    expect((await send('many', payload(600_000), 'Event')).StatusCode).toBe(202)
    const tooLarge = await refusal(send('many', payload(1_048_577), 'Event'))
    expect(tooLarge).toMatchObject({ name: 'RequestTooLargeException', status: 413 })
    expect(tooLarge.message).toContain('limit 1048576 bytes')
  })

  it('T71 T72 T73 throttles at the reserved concurrency, and knows what is missing', async () => {
    await account.deploy('reserved', MANY, { Timeout: 10 })
    const reserve = (ReservedConcurrentExecutions: number) =>
      account.lambda.send(new PutFunctionConcurrencyCommand({ FunctionName: 'reserved', ReservedConcurrentExecutions }))
    await reserve(0)
    const off = await refusal(account.invoke('reserved', {}))
    expect(off).toMatchObject({ name: 'TooManyRequestsException', status: 429, message: 'Rate Exceeded.' })
    expect(off.error).toMatchObject({ Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded', Type: 'User' })

    await reserve(1)
    const both = await Promise.allSettled([1, 2].map(() => account.invoke('reserved', { do: 'sleep', ms: 2000 })))
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    const [rejected] = both.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
    expect(rejected).toMatchObject({ name: 'TooManyRequestsException', $metadata: { httpStatusCode: 429 } })

    expect(await refusal(account.invoke('missing', {}))).toMatchObject({
      name: 'ResourceNotFoundException',
      status: 404,
      message: `Function not found: ${account.arn('missing')}:$LATEST`,
    })
  })

  it('T74 the context has the ARN as it was called', async () => {
    const arn = await account.deploy('called', MANY)
    await account.lambda.send(new PublishVersionCommand({ FunctionName: 'called' }))
    await account.lambda.send(new CreateAliasCommand({ FunctionName: 'called', Name: 'PROD', FunctionVersion: '1' }))
    for (const suffix of ['', ':$LATEST', ':PROD', ':1']) {
      expect((await account.invoke(`called${suffix}`, { do: 'arn' })).json).toBe(`${arn}${suffix}`)
    }
  })

  it('T75 T76 an environment keeps its module and /tmp; after a timeout only /tmp', async () => {
    await account.deploy('counter', MANY, { Timeout: 1 })
    const count = async () => (await account.invoke('counter', { do: 'count' })).json
    const file = 'written at 1'
    expect([await count(), await count(), await count()]).toEqual([1, 2, 3].map((n) => ({ count: n, file })))
    await account.invoke('counter', { do: 'sleep', ms: 5000 })
    expect(await count()).toEqual({ count: 1, file })
  })

  it('T77 handlers with a callback answer on Node 22, and not on Node 24', async () => {
    const source = { 'index.js': 'exports.handler = (event, context, callback) => callback(null, 1)' }
    await account.deploy('callback22', source)
    expect((await account.invoke('callback22', {})).json).toBe(1)
    await account.deploy('callback24', source, { Runtime: 'nodejs24.x' })
    const { error, json } = await account.invoke('callback24', {})
    expect([error, json.errorType]).toEqual(['Unhandled', 'Runtime.CallbackHandlerDeprecated'])
  })

  it('T78 a timer that is left holds back callbacks only, and only where the context says so', async () => {
    const timer = 'setTimeout(() => {}, 1500)'
    const sources = {
      async78: `exports.handler = async () => { ${timer}; return 1 }`,
      wait78: `exports.handler = (event, context, callback) => { ${timer}; callback(null, 1) }`,
      free78: `exports.handler = (event, context, callback) => { context.callbackWaitsForEmptyEventLoop = false; ${timer}; callback(null, 1) }`,
    }
    for (const [name, source] of Object.entries(sources)) {
      await account.deploy(name, { 'index.js': source })
      const { tail, json } = await account.invoke(name, {}, { LogType: 'Tail' })
      const durationMs = Number(/\tDuration: ([\d.]+) ms/.exec(tail)?.[1])
      expect([name, json, durationMs >= 1490]).toEqual([name, 1, name === 'wait78'])
    }
  })

  it('T79 T82 the AWS SDK is there, and variables of the user count', async () => {
    const source = `
      import { S3Client } from '@aws-sdk/client-s3'
      export const handler = async () => [typeof S3Client, new Date(0).getHours(), process.execArgv.length, process.title]`
    const Variables = { TZ: 'Asia/Tokyo', NODE_OPTIONS: '--title=mine' }
    await account.deploy('sdk', source, { Environment: { Variables }, Timeout: 20 })
    const { json } = await account.invoke('sdk', {})
    expect([json[0], json[1], json[3]]).toEqual(['function', 9, 'mine'])
  })

  it('T80 a function that takes more memory than it has is killed', async () => {
    const source = `
      const kept = []
      export const handler = async () => {
        for (;;) {
          kept.push(Buffer.alloc(16 * 1024 * 1024, 1))
          await new Promise((resolve) => setTimeout(resolve, 5))
        }
      }`
    await account.deploy('greedy', source, { Timeout: 20 })
    const { error, json } = await account.invoke('greedy', {})
    expect(error).toBe('Unhandled')
    expect(json.errorType).toMatch(/^Runtime\.(OutOfMemory|ExitError)$/)
    expect(json.errorMessage).toContain('signal: killed')
  })

  it('T81 the context knows the time that is left', async () => {
    await account.invoke('many', {})
    const left = (await account.invoke('many', { do: 'remaining' })).json
    expect(left).toBeGreaterThanOrEqual(2900)
    expect(left).toBeLessThanOrEqual(3000)
  })
})
