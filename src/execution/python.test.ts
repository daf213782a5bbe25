import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FunctionSpec } from './execution.ts'
import { findRuntimes } from './runtimes.ts'
import { openWorkshop, type Workshop } from './test-support/functions.ts'

const ISO = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`
const NBSP = '\u00a0'
const python = (await findRuntimes()).find(({ name }) => name === 'python3.12')
if (!python?.available) console.warn(`python tests are skipped: ${python?.reason}`)
let workshop: Workshop

describe.runIf(python?.available)('a Python function', () => {
  beforeAll(async () => {
    workshop = await openWorkshop()
  })
  afterAll(() => workshop[Symbol.asyncDispose]())

  const define = (code: string, changes: Partial<FunctionSpec> = {}, file = 'm.py') =>
    workshop.define({ [file]: code }, { runtime: 'python3.12', handler: 'm.handler', ...changes })

  it('answers with what its handler returns', async () => {
    const code =
      'from decimal import Decimal\ndef handler(event, context):\n    return {"event": event, "d": Decimal("1.5")}'
    const ran = await (await define(code)).run({ a: 'ä' })
    expect(ran).toMatchObject({ outcome: 'success', value: { event: { a: 'ä' }, d: 1.5 } })
    expect((await (await define('def handler(event, context): pass')).run()).payload.toString()).toBe('null')
  })

  it('takes and gives six megabytes', async () => {
    const text = 'x'.repeat(6 * 1024 * 1024 - 2)
    expect((await (await define('def handler(event, context): return event')).run(text)).value === text).toBe(true)
  })

  it('is found in folders and packages', async () => {
    const code = 'def f(event, context): return __name__'
    expect((await (await define(code, { handler: 'src/app.f' }, 'src/app.py')).run()).value).toBe('src.app')
    expect((await (await define(code, { handler: 'src.app.f' }, 'src/app.py')).run()).value).toBe('src.app')
  })

  it('keeps its module between events', async () => {
    const fn = await define('n = 0\ndef handler(event, context):\n    global n\n    n += 1\n    return n')
    expect([(await fn.run()).value, (await fn.run()).value]).toEqual([1, 2])
  })

  it('gets the context of its invocation', async () => {
    const fields = [
      'aws_request_id',
      'invoked_function_arn',
      'function_name',
      'function_version',
      'memory_limit_in_mb',
      'log_group_name',
      'log_stream_name',
    ]
    const code = `import os
def handler(event, context):
    values = {name: getattr(context, name) for name in ${JSON.stringify(fields)}}
    return {**values, "left": context.get_remaining_time_in_millis(), "custom": context.client_context.custom,
            "identity": context.identity.cognito_identity_id, "trace": os.environ["_X_AMZN_TRACE_ID"], "channel": "NODE_CHANNEL_FD" in os.environ}`
    const fn = await define(code, { timeoutMs: 3000 })
    const ran = await fn.run(
      {},
      { clientContext: '{"custom":{"k":1},"client":{"app_title":"t"}}', traceHeader: 'Root=1-2' },
    )
    const { left, ...value } = ran.value as Record<string, unknown>
    expect(value).toEqual({
      aws_request_id: ran.requestId,
      invoked_function_arn: fn.spec.functionArn,
      function_name: fn.spec.functionName,
      function_version: '$LATEST',
      memory_limit_in_mb: '256',
      log_group_name: fn.spec.logGroup,
      log_stream_name: ran.logStreamName,
      custom: { k: 1 },
      identity: null,
      trace: 'Root=1-2',
      channel: false,
    })
    expect(left).toBeGreaterThan(2500)
  })

  it('imports from its layers, its own code first', async () => {
    const layer = await workshop.write({ 'python/shared.py': 'who = "layer"', 'python/own.py': 'who = "layer"' })
    const fn = await workshop.define(
      {
        'm.py': 'import own, shared\ndef handler(event, context): return [own.who, shared.who]',
        'own.py': 'who = "code"',
      },
      { runtime: 'python3.12', handler: 'm.handler', layerPaths: [layer] },
    )
    expect((await fn.run()).value).toEqual(['code', 'layer'])
  })

  it.runIf(python?.reason.includes('with boto3'))('has the boto3 of this machine', async () => {
    const fn = await define('import boto3\ndef handler(event, context): return boto3.client("s3").meta.region_name', {
      memoryMb: 512,
    })
    expect((await fn.run()).value).toBe('us-east-1')
  })

  it('says what was raised', async () => {
    const ran = await (await define('def handler(event, context):\n    raise ValueError("x")')).run()
    expect(ran.value).toEqual({
      errorMessage: 'x',
      errorType: 'ValueError',
      requestId: ran.requestId,
      stackTrace: [expect.stringMatching(/^ {2}File ".*m\.py", line 2, in handler\n {4}raise ValueError\("x"\)\n/)],
    })
    expect(ran.log).toMatch(
      new RegExp(
        `\\[ERROR\\] ValueError: x\nTraceback \\(most recent call last\\):\n${NBSP}{2}File ".*m\\.py", line 2, in handler\n${NBSP}{4}raise ValueError`,
      ),
    )
  })

  it('prints lines and logs records', async () => {
    const code = `import logging
def handler(event, context):
    print("one\\ntwo")
    print("no end", end="")
    logging.getLogger().info("hidden")
    logging.getLogger(__name__).warning("careful %s\\nmore", 5)`
    const fn = await define(code)
    const ran = await fn.run()
    const [events = []] = fn.logs.values()
    expect(events).toEqual(expect.arrayContaining(['one\n', 'two\n', 'no end\n']))
    expect(
      events.some((event) => new RegExp(`^\\[WARNING\\]\t${ISO}\t${ran.requestId}\tcareful 5\nmore\n$`).test(event)),
    ).toBe(true)
    expect(events.join('')).not.toContain('hidden')
    expect(events.at(-2)).toBe(`END RequestId: ${ran.requestId}\n`)
  })

  it('logs JSON records, prints stay as they are', async () => {
    const code = `import logging
def handler(event, context):
    print("plain")
    logging.getLogger().info("n %d", 5, extra={"order": 7})
    try:
        1 / 0
    except ZeroDivisionError:
        logging.getLogger("mine").exception("bad")`
    const fn = await define(code, { logFormat: 'JSON' })
    const ran = await fn.run()
    const lines = ran.log.trim().split('\n')
    expect(lines).toContain('plain')
    const records = lines
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(records).toContainEqual({
      timestamp: expect.any(String),
      level: 'INFO',
      message: 'n 5',
      logger: 'root',
      order: 7,
      requestId: ran.requestId,
    })
    expect(records).toContainEqual(
      expect.objectContaining({
        level: 'ERROR',
        message: 'bad',
        logger: 'mine',
        errorType: 'ZeroDivisionError',
        errorMessage: 'division by zero',
        stackTrace: expect.any(Array),
      }),
    )
  })

  it.each([
    ['m', '', 'Runtime.MalformedHandlerName', "Bad handler 'm': not enough values to unpack (expected 2, got 1)"],
    ['absent.handler', '', 'Runtime.ImportModuleError', "Unable to import module 'absent': No module named 'absent'"],
    [
      'm.handler',
      'import nothing_of_this_name',
      'Runtime.ImportModuleError',
      "Unable to import module 'm': No module named 'nothing_of_this_name'",
    ],
    ['m.nope', '', 'Runtime.HandlerNotFound', "Handler 'nope' missing on module 'm'"],
    [
      'm.handler',
      'x = = 1',
      'Runtime.UserCodeSyntaxError',
      "Syntax error in module 'm': invalid syntax (m.py, line 1)",
    ],
    ['time.handler', '', 'Runtime.BuiltInModuleConflict', 'Cannot use built-in module time as a handler module'],
    ['m.handler', 'raise KeyError("k")', 'KeyError', "'k'"],
  ])('that cannot be loaded says so: %s with %j', async (handler, code, errorType, errorMessage) => {
    const fn = await define(code, { handler })
    const ran = await fn.run()
    expect(ran.value).toMatchObject({ errorType, errorMessage, requestId: '', stackTrace: expect.any(Array) })
    expect(ran.log).toContain(`[ERROR] ${errorType}: ${errorMessage}\nTraceback (most recent call last):`)
    expect(ran.log).toContain(
      'LAMBDA_WARNING: Unhandled exception. The most likely cause is an issue in the function code.',
    )
    const [events = []] = fn.logs.values()
    expect(
      events.some((event) =>
        new RegExp(`^INIT_REPORT .*\tPhase: init\tStatus: error\tError Type: ${errorType}\t\n$`).test(event),
      ),
    ).toBe(true)
  })

  it('cannot answer what has no JSON', async () => {
    const ran = await (await define('def handler(event, context): return {1, 2}')).run()
    expect(ran.value).toMatchObject({
      errorType: 'Runtime.MarshalError',
      errorMessage: 'Unable to marshal response: Object of type set is not JSON serializable',
    })
  })

  it('exits, and begins anew', async () => {
    const fn = await define(
      'import sys\ndef handler(event, context):\n    if event.get("exit"): sys.exit(3)\n    return 1',
    )
    const ran = await fn.run({ exit: true })
    expect(ran.value).toEqual({
      errorType: 'Runtime.ExitError',
      errorMessage: `RequestId: ${ran.requestId} Error: Runtime exited with error: exit status 3`,
    })
    expect((await fn.run()).value).toBe(1)
  })

  it('points boto3 at the endpoint, one too old to know the variable included', async () => {
    const code = `
import os
try:
    import boto3
except ImportError:
    boto3 = None
def handler(event, context):
    url = os.environ["AWS_ENDPOINT_URL"]
    if boto3 is None:
        return {"expected": url, "s3": url}
    os.environ["AWS_ENDPOINT_URL_SQS"] = "http://127.0.0.1:1"
    return {"expected": url, "s3": boto3.client("s3").meta.endpoint_url, "sqs": boto3.client("sqs").meta.endpoint_url,
            "own": boto3.client("s3", endpoint_url="http://127.0.0.1:2").meta.endpoint_url}`
    const { value } = await (await define(code, { memoryMb: 256, timeoutMs: 20_000 })).run()
    const { expected, ...found } = value as Record<string, string>
    if (found['sqs'] === undefined) console.warn('boto3 is not installed: nothing was tried')
    expect(found).toMatchObject({
      s3: expected,
      ...(found['sqs'] && { sqs: 'http://127.0.0.1:1', own: 'http://127.0.0.1:2' }),
    })
  })
})
