import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Call } from '../../../protocol/operation.ts'
import { testPackage } from '../test-package.ts'
import { ACCOUNT, REGION, ROLE, ROOT, TestLambda } from '../testing.ts'

const FARN = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:F`

let test: TestLambda
beforeEach(async () => {
  test = await TestLambda.start()
  const code = {
    Runtime: 'nodejs22.x',
    Handler: 'index.handler',
    Role: ROLE,
    Code: { ZipFile: testPackage() },
  } as const
  await test.call('CreateFunction', { FunctionName: 'F', ...code })
})
afterEach(async () => {
  await test[Symbol.asyncDispose]()
  expect(test.failures).toEqual([])
})

const invoke = (input: object = {}, more: Partial<Call> = {}) =>
  test.call('Invoke', { FunctionName: 'F', ...input }, ROOT, more)
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => ({ code: 'none', status: 0, message: '', fields: {} }),
    (error: { code: string; status: number; message: string; fields: object }) => error,
  )
const text = (payload: Uint8Array | undefined) => Buffer.from(payload ?? []).toString('utf8')
const fail = () => {
  throw new TypeError('boom')
}

describe('Invoke, RequestResponse', () => {
  it('answers what the function returned', async () => {
    const reply = { headers: {} as Record<string, string> }
    const output = await invoke({ Payload: Buffer.from('{"a":1}') }, { reply })
    expect(output).toMatchObject({ StatusCode: 200, ExecutedVersion: '$LATEST' })
    expect(text(output.Payload)).toBe('{"a":1}')
    expect(output).not.toHaveProperty('FunctionError')
    expect(output).not.toHaveProperty('LogResult')
    expect(reply.headers['x-amzn-remapped-content-length']).toBe('0')
    expect(reply.headers['x-amzn-trace-id']).toMatch(
      /^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0;Lineage=1:[0-9a-f]{8}:0$/,
    )
  })

  it('gives an empty body as {}', async () => {
    expect(text((await invoke({ Payload: new Uint8Array() })).Payload)).toBe('{}')
    expect(text((await invoke()).Payload)).toBe('{}')
  })

  it('answers a function error with 200 and the error document', async () => {
    test.executor.behaviour = fail
    const output = await invoke({ LogType: 'Tail' })
    expect(output).toMatchObject({ StatusCode: 200, FunctionError: 'Unhandled', ExecutedVersion: '$LATEST' })
    expect(JSON.parse(text(output.Payload))).toEqual({ errorType: 'TypeError', errorMessage: 'boom' })
    expect(Buffer.from(output.LogResult as string, 'base64').toString()).toBe('START\nEND\nREPORT\n')
  })

  it('runs with the request id of the answer and the ARN as called', async () => {
    await invoke({}, { requestId: 'b0a1c2d3-0000-4000-8000-000000000001' })
    await invoke({ Qualifier: '$LATEST' })
    expect(test.executor.runs.map((run) => run.invokedFunctionArn)).toEqual([FARN, `${FARN}:$LATEST`])
    expect(test.executor.runs[0]?.requestId).toBe('b0a1c2d3-0000-4000-8000-000000000001')
  })

  it('needs lambda:InvokeFunction on the ARN as named', async () => {
    const grants = await test.grants('Invoke', { FunctionName: 'F', Qualifier: 'PROD' })
    expect(grants).toEqual([{ action: 'lambda:InvokeFunction', resource: `${FARN}:PROD` }])
  })

  it('runs nothing for DryRun', async () => {
    expect(await invoke({ InvocationType: 'DryRun' })).toEqual({ StatusCode: 204 })
    expect(test.executor.runs).toEqual([])
  })

  it.each([
    [
      { Payload: Buffer.from('{') },
      400,
      'InvalidRequestContentException',
      /^Could not parse request body into json: Could not parse payload into json: /,
    ],
    [
      { Payload: Buffer.from('{'), InvocationType: 'Event' },
      400,
      'InvalidRequestContentException',
      /^Could not parse request body/,
    ],
    [
      { Payload: Buffer.alloc(6_291_457, '1') },
      413,
      'RequestEntityTooLargeException',
      /^Request must be smaller than 6291456 bytes for the InvokeFunction operation$/,
    ],
    [
      { Payload: Buffer.alloc(1_048_577, '1'), InvocationType: 'Event' },
      413,
      'RequestTooLargeException',
      /^1048577 byte payload is too large for the Event invocation type \(limit 1048576 bytes\)$/,
    ],
    [{ FunctionName: 'none' }, 404, 'ResourceNotFoundException', /^Function not found: .*:none:\$LATEST$/],
    [{ FunctionName: 'none', InvocationType: 'Event' }, 404, 'ResourceNotFoundException', /\$LATEST$/],
    [{ InvocationType: 'Later' }, 400, 'ValidationException', /enum value set/],
    [{ ClientContext: '%%%' }, 400, 'InvalidRequestContentException', /Client context/],
  ])('refuses %j', async (input, status, code, message) => {
    const error = await failure(invoke(input))
    expect([error.status, error.code]).toEqual([status, code])
    expect(error.message).toMatch(message)
    await test.settle()
    expect(test.executor.runs).toEqual([])
  })

  it('throttles at the reserved concurrency', async () => {
    await test.call('PutFunctionConcurrency', { FunctionName: 'F', ReservedConcurrentExecutions: 1 })
    const held = Promise.withResolvers<string>()
    test.executor.behaviour = () => held.promise
    const first = invoke()
    await test.settle()
    const error = await failure(invoke())
    expect([error.status, error.code, error.message]).toEqual([429, 'TooManyRequestsException', 'Rate Exceeded.'])
    expect(error.fields).toEqual({ Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded', Type: 'User' })
    held.resolve('1')
    expect(text((await first).Payload)).toBe('1')
    test.executor.behaviour = () => '2'
    expect(text((await invoke()).Payload)).toBe('2')
    await test.call('PutFunctionConcurrency', { FunctionName: 'F', ReservedConcurrentExecutions: 0 })
    expect((await failure(invoke())).status).toBe(429)
  })

  it('throttles what nobody reserved at the limit of the account', async () => {
    const code = {
      Runtime: 'nodejs22.x',
      Handler: 'index.handler',
      Role: ROLE,
      Code: { ZipFile: testPackage() },
    } as const
    await test.call('CreateFunction', { FunctionName: 'G', ...code })
    await test.call('PutFunctionConcurrency', { FunctionName: 'G', ReservedConcurrentExecutions: 900 })
    const finishes: ((text: string) => void)[] = []
    test.executor.behaviour = () => new Promise<string>((resolve) => void finishes.push(resolve))
    const running = Array.from({ length: 100 }, () => invoke())
    await test.settle()
    expect((await failure(invoke())).fields).toMatchObject({ Reason: 'ConcurrentInvocationLimitExceeded' })
    for (const finish of finishes) finish('1')
    await Promise.all(running)
  })

  it('does not run a warm function whose role has lost its trust', async () => {
    await invoke()
    test.roles.clear()
    expect(await failure(invoke())).toMatchObject({ status: 403, code: 'AccessDeniedException' })
    expect(test.executor.runs).toHaveLength(1)
  })

  it('says when the role cannot be assumed any more, or no environment starts', async () => {
    test.executor.isBroken = true
    expect(await failure(invoke())).toMatchObject({ status: 500, code: 'ServiceException' })
    test.roles.clear()
    expect(await failure(invoke())).toMatchObject({
      status: 403,
      code: 'AccessDeniedException',
      message: 'The role defined for the function cannot be assumed by Lambda.',
    })
  })

  it('stops a loop after 16 runs in one chain, unless it is allowed', async () => {
    let traceHeader: string | undefined
    const next = async () => {
      const reply = { headers: {} as Record<string, string> }
      await invoke({}, { reply, traceHeader })
      traceHeader = reply.headers['x-amzn-trace-id']
    }
    for (let n = 0; n < 16; n++) await next()
    expect(traceHeader).toMatch(/Lineage=1:[0-9a-f]{8}:15$/)
    expect((await failure(next())).code).toBe('RecursiveInvocationException')
    await test.call('PutFunctionRecursionConfig', { FunctionName: 'F', RecursiveLoop: 'Allow' })
    await next()
    expect(test.executor.runs).toHaveLength(17)
  })
})
