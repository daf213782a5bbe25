import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Delivery } from '../../delivery/delivery.ts'
import { transact } from '../../store/transaction.ts'
import { requestIdOf } from './invoke/invocation.ts'
import { testPackage } from './test-package.ts'
import { ACCOUNT, REGION, ROLE, TestLambda } from './testing.ts'

const FARN = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:F`
const MINUTE = 60_000
const PAYLOAD = '{"Records":[{"eventSource":"aws:s3"}]}'

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
  await permit()
})
afterEach(async () => {
  await test[Symbol.asyncDispose]()
  expect(test.failures).toEqual([])
})

const permit = () =>
  test.call('AddPermission', {
    FunctionName: 'F',
    StatementId: 's3invoke',
    Action: 'lambda:InvokeFunction',
    Principal: 's3.amazonaws.com',
    SourceArn: 'arn:aws:s3:::b',
    SourceAccount: ACCOUNT,
  })
/** What S3 does in the commit of a PUT. */
const put = async (id: string, more: Partial<Delivery> = {}) => {
  const delivery: Delivery = {
    id,
    targetArn: FARN,
    source: { principal: 's3.amazonaws.com', arn: 'arn:aws:s3:::b', accountId: ACCOUNT },
    payload: PAYLOAD,
    occurredMs: test.clock.now(),
    subject: 's3://b/k',
    ...more,
  }
  const steps = [{ atMs: test.clock.now(), step: 'matched', note: 'rule one' }]
  await transact(test.store, (tx) => test.delivery.owe(tx, [{ delivery, eventName: 'ObjectCreated:Put', steps }]))
}
const stepsOf = async (id: string) =>
  (await test.delivery.traces.find(id))[0]?.steps.map(({ step, note }) => `${step}: ${note}`)

describe('an event of S3', () => {
  it('runs the function with exactly its bytes, and the trace tells every step', async () => {
    await put('EXAMPLE123-1', { traceHeader: 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1' })
    await test.settle()
    expect(test.executor.runs).toMatchObject([
      { payload: PAYLOAD, invokedFunctionArn: FARN, requestId: requestIdOf('EXAMPLE123-1') },
    ])
    expect(test.executor.runs[0]?.traceHeader).toMatch(/^Root=1-5759e988-bd862e3fe1be46a994272793;.*Sampled=1;Lineage=/)
    expect(await stepsOf('EXAMPLE123-1')).toEqual([
      'matched: rule one',
      `permission: Allow by statement s3invoke of ${FARN}`,
      `delivered: queued as request ${requestIdOf('EXAMPLE123-1')}`,
      'attempt: the function succeeded',
      'settled: done',
    ])
    const [trace] = await test.delivery.traces.find('s3://b/k')
    expect(trace?.state).toBe('succeeded')
  })

  it('is retried as every asynchronous event when the function fails', async () => {
    test.executor.behaviour = () => {
      throw new Error('boom')
    }
    await put('1')
    for (const delayMs of [0, MINUTE, 2 * MINUTE, 10 * MINUTE]) {
      await test.clock.advance(delayMs)
      await test.settle()
    }
    expect(test.executor.runs).toHaveLength(3)
    expect((await test.delivery.traces.find('1'))[0]?.state).toBe('failed')
  })

  it('is dropped once the permission is gone, and runs again once it is back', async () => {
    await test.call('RemovePermission', { FunctionName: 'F', StatementId: 's3invoke' })
    await put('1')
    await permit()
    await put('2')
    await test.settle()
    expect(test.executor.runs.map((run) => run.requestId)).toEqual([requestIdOf('2')])
    expect(await stepsOf('1')).toEqual([
      'matched: rule one',
      `permission: ${FARN} has no resource policy: no resource-based policy allows the lambda:InvokeFunction action for s3.amazonaws.com`,
      `dropped: s3.amazonaws.com may not deliver to ${FARN}`,
    ])
    expect((await test.delivery.traces.find('1'))[0]?.state).toBe('dropped')
  })

  it('still runs when the permission goes after it was accepted', async () => {
    test.executor.isBroken = true
    await put('1')
    await test.settle()
    await test.call('RemovePermission', { FunctionName: 'F', StatementId: 's3invoke' })
    test.executor.isBroken = false
    await test.clock.advance(1000)
    await test.settle()
    expect(test.executor.runs).toHaveLength(1)
  })

  it('waits while the role cannot be assumed, and the trace says so', async () => {
    test.roles.clear()
    await put('1')
    await test.settle()
    expect(await stepsOf('1')).toContain('attempt: The role defined for the function cannot be assumed by Lambda.')
    test.roles.add(ROLE)
    await test.clock.advance(1000)
    await test.settle()
    expect(test.executor.runs).toHaveLength(1)
  })

  it('is dropped with its function, and the trace says that there is none', async () => {
    await test.call('DeleteFunction', { FunctionName: 'F' })
    await put('1')
    await test.settle()
    expect(test.executor.runs).toEqual([])
    expect((await test.delivery.traces.find('1'))[0]?.state).toBe('dropped')
    expect((await stepsOf('1'))?.[1]).toMatch(/^permission: .* does not exist, and so has no resource policy/)
  })

  it('is counted as received once it is accepted, for the function and for its queue', async () => {
    await put('1')
    await put('2', { source: { principal: 's3.amazonaws.com', arn: 'arn:aws:s3:::other', accountId: ACCOUNT } })
    await test.settle()
    const received = test.metrics.filter(({ name }) => name === 'AsyncEventsReceived')
    expect(received).toMatchObject([{ functionName: 'F', value: 1, qualifier: undefined }])
  })

  it('of an accepted commit survives the death of the server', async () => {
    await test.lambda.invoker.worker.stop(0)
    await put('1')
    const next = test.restart()
    await next.settle()
    expect(next.executor.runs.map((run) => run.payload)).toEqual([PAYLOAD])
    expect(next.failures).toEqual([])
    await next[Symbol.asyncDispose]()
  })
})

it('gives repeats of one delivery one request id, of the shape of AWS', () => {
  expect(requestIdOf('EXAMPLE-1')).toBe(requestIdOf('EXAMPLE-1'))
  expect(requestIdOf('EXAMPLE-1')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(requestIdOf('b0a1c2d3-0000-4000-8000-000000000001')).toBe('b0a1c2d3-0000-4000-8000-000000000001')
})
