import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Call } from '../../../protocol/operation.ts'
import { transact } from '../../../store/transaction.ts'
import { aliases, payloads } from '../tables.ts'
import { testPackage } from '../test-package.ts'
import { ACCOUNT, REGION, ROLE, ROOT, TestLambda } from '../testing.ts'

const FARN = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:F`
const SECOND = 1000
const MINUTE = 60 * SECOND
const CODE = { Runtime: 'nodejs22.x', Handler: 'index.handler', Role: ROLE } as const

let test: TestLambda
let startMs: number
const opened: TestLambda[] = []
beforeEach(async () => {
  test = await TestLambda.start()
  opened.push(test)
  startMs = test.clock.now()
  await test.call('CreateFunction', { FunctionName: 'F', ...CODE, Code: { ZipFile: testPackage() } })
})
afterEach(async () => {
  for (const server of opened.splice(0).toReversed()) {
    await server[Symbol.asyncDispose]()
    expect(server.failures).toEqual([])
  }
})

const send = async (payload = '{}', more: object = {}, call: Partial<Call> = {}) => {
  const input = { FunctionName: 'F', InvocationType: 'Event', Payload: Buffer.from(payload), ...more } as const
  const output = await test.call('Invoke', input, ROOT, call)
  expect(output).toEqual({ StatusCode: 202 })
}
const runsAt = () => test.executor.runs.map((run) => run.atMs - startMs)
const pending = () => test.lambda.queue.depth()
const trace = async () => (await test.delivery.traces.find(FARN))[0]
const advance = async (...delays: number[]) => {
  for (const delayMs of delays) {
    await test.clock.advance(delayMs)
    await test.settle()
  }
}
const fail = () => {
  throw new TypeError('boom')
}

describe('asynchronous invocation', () => {
  it('runs once with the request id of the answer, and tells the trace', async () => {
    await send('{"n":1}', {}, { requestId: 'b0a1c2d3-0000-4000-8000-000000000001' })
    await test.settle()
    expect(test.executor.runs).toMatchObject([
      { payload: '{"n":1}', requestId: 'b0a1c2d3-0000-4000-8000-000000000001' },
    ])
    expect(await pending()).toBe(0)
    expect(await trace()).toMatchObject({
      id: 'b0a1c2d3-0000-4000-8000-000000000001',
      state: 'succeeded',
      steps: [{ step: 'accepted' }, { step: 'attempt', detail: { outcome: 'success', run: 1 } }, { step: 'settled' }],
    })
  })

  it('runs a failing function three times with one request id: at once, after one minute, and two minutes later', async () => {
    test.executor.behaviour = fail
    await send()
    await advance(0, 59_999, 1, 2 * MINUTE - 1, 1, 10 * MINUTE)
    expect(runsAt()).toEqual([0, MINUTE, 3 * MINUTE])
    expect(new Set(test.executor.runs.map((run) => run.requestId)).size).toBe(1)
    expect(new Set(test.executor.runs.map((run) => run.traceHeader)).size).toBe(1)
    expect(await pending()).toBe(0)
    expect(await trace()).toMatchObject({ state: 'failed' })
    expect((await trace())?.steps.at(-1)).toMatchObject({
      step: 'settled',
      note: 'RetriesExhausted',
      detail: { runs: 3 },
    })
  })

  it.each([
    [60, 0, 1, 'EventAgeExceeded'],
    [90, MINUTE, 2, 'EventAgeExceeded'],
  ])(
    'with a maximum age of %i s gives up after the last possible run',
    async (ageSeconds, _lastMs, runs, condition) => {
      await test.call('PutFunctionEventInvokeConfig', { FunctionName: 'F', MaximumEventAgeInSeconds: ageSeconds })
      test.executor.behaviour = fail
      await send()
      await advance(0, MINUTE)
      expect(runsAt()).toHaveLength(runs)
      expect((await trace())?.steps.at(-1)).toMatchObject({ note: condition, detail: { runs } })
      expect(await pending()).toBe(0)
    },
  )

  it('waits with growing delays while the role is not trusted, without counting that as runs', async () => {
    await send()
    await advance(SECOND)
    test.roles.clear()
    await send()
    await advance(0, SECOND, 2 * SECOND)
    expect((await trace())?.steps).toContainEqual(
      expect.objectContaining({
        step: 'attempt',
        note: 'The role defined for the function cannot be assumed by Lambda.',
        detail: expect.objectContaining({ outcome: 'system-error' }),
      }),
    )
    test.roles.add(ROLE)
    await advance(4 * SECOND)
    expect(runsAt()).toEqual([0, 8 * SECOND])
    expect(await pending()).toBe(0)
  })

  it('uses the configuration of the qualifier that was invoked', async () => {
    await transact(test.store, async (tx) => {
      const row = { version: '$LATEST', description: '', revisionId: 'r', additional: null }
      aliases.put(tx, [ACCOUNT, REGION, 'F', 'PROD'], row)
    })
    await test.call('PutFunctionEventInvokeConfig', { FunctionName: 'F', Qualifier: 'PROD', MaximumRetryAttempts: 0 })
    test.executor.behaviour = fail
    await send('{}', { Qualifier: 'PROD' })
    await advance(0, 10 * MINUTE)
    expect(test.executor.runs.map((run) => run.invokedFunctionArn)).toEqual([`${FARN}:PROD`])
  })

  it('does not run when the function is switched off', async () => {
    await test.call('PutFunctionConcurrency', { FunctionName: 'F', ReservedConcurrentExecutions: 0 })
    await send()
    await advance(0)
    expect(test.executor.runs).toEqual([])
    expect((await trace())?.steps.at(-1)).toMatchObject({ note: 'ZeroReservedConcurrency', detail: { runs: 0 } })
  })

  it.each([false, true])(
    'runs five events one after the other at a reserved concurrency of 1 (restarted: %s)',
    async (isRestarted) => {
      await test.call('PutFunctionConcurrency', { FunctionName: 'F', ReservedConcurrentExecutions: 1 })
      // A restarted server has not seen the function yet, so it claims too much at first and throttles.
      if (isRestarted) {
        await test.lambda.invoker.worker.stop(0)
        for (let n = 0; n < 5; n++) await send(String(n))
        test = test.restart()
        opened.push(test)
      }
      const { clock, executor } = test
      executor.behaviour = () => new Promise((resolve) => clock.setTimer(SECOND, () => resolve('1')))
      if (!isRestarted) for (let n = 0; n < 5; n++) await send(String(n))
      for (let n = 0; n < 60; n++) await advance(SECOND)
      expect(new Set(executor.runs.map((run) => run.payload))).toEqual(new Set(['0', '1', '2', '3', '4']))
      expect(executor.runs).toHaveLength(5)
      expect(executor.busiest).toBe(1)
      expect(await pending()).toBe(0)
    },
  )

  it('returns events to the queue while no environment can be started, and does not count that as a run', async () => {
    await test.call('PutFunctionEventInvokeConfig', { FunctionName: 'F', MaximumRetryAttempts: 0 })
    test.executor.isBroken = true
    await send()
    await advance(0, SECOND, 2 * SECOND, 4 * SECOND)
    expect(await pending()).toBe(1)
    test.executor.isBroken = false
    await advance(8 * SECOND)
    expect(runsAt()).toEqual([15 * SECOND])
    const steps = (await trace())?.steps.map(({ step, note }) => `${step}: ${note}`)
    expect(steps?.slice(1, 3)).toEqual([
      'attempt: no process can be started',
      'retry: again at 2026-01-31T10:11:13.000Z',
    ])
  })

  it('runs waiting events with the code and configuration of the moment', async () => {
    test.executor.isBroken = true
    await send()
    await advance(0)
    await test.call('UpdateFunctionCode', { FunctionName: 'F', ZipFile: testPackage({ 'new.mjs': '1' }) })
    const before = await test.call('GetFunctionConfiguration', { FunctionName: 'F' })
    test.executor.isBroken = false
    await advance(SECOND)
    const sha256 = Buffer.from(before.CodeSha256 as string, 'base64').toString('hex')
    expect(test.executor.runs[0]?.codePath.endsWith(sha256)).toBe(true)
  })

  it('drops the events of a deleted function, also when the name is taken again', async () => {
    test.executor.behaviour = fail
    await send()
    await advance(0)
    await test.call('DeleteFunction', { FunctionName: 'F' })
    await advance(SECOND)
    await test.call('CreateFunction', { FunctionName: 'F', ...CODE, Code: { ZipFile: testPackage() } })
    await advance(10 * MINUTE)
    expect(runsAt()).toEqual([0])
    expect(await pending()).toBe(0)
    expect(await trace()).toMatchObject({ state: 'dropped' })
  })

  it('survives the death of the server between the answer and the run', async () => {
    await test.lambda.invoker.worker.stop(0)
    await send('{"n":1}')
    test = test.restart()
    opened.push(test)
    await advance(0, MINUTE)
    expect(test.executor.runs.map((run) => run.payload)).toEqual(['{"n":1}'])
  })

  it('keeps a long run to itself: the lease is extended, and the event runs once', async () => {
    const { clock } = test
    test.executor.behaviour = () => new Promise((resolve) => clock.setTimer(10 * MINUTE, () => resolve('1')))
    await send()
    for (let n = 0; n < 30; n++) await advance(30 * SECOND)
    expect(runsAt()).toEqual([0])
    expect(await pending()).toBe(0)
    expect(await trace()).toMatchObject({ state: 'succeeded' })
  })

  it.each([100, 60_000, 600_000, 1_048_574])(
    'carries a payload of %i characters, and leaves nothing of it behind',
    async (length) => {
      const payload = JSON.stringify('"ü'.repeat(Math.floor(length / 5)).padEnd(10))
      await send(payload)
      await test.settle()
      expect(test.executor.runs[0]?.payload).toBe(payload)
      expect(await payloads.list(test.store, { limit: 1 })).toEqual([])
    },
  )

  it('drops a loop at its 17th run', async () => {
    const hash = /Lineage=1:([0-9a-f]{8}):0/
    await send()
    await test.settle()
    const own = hash.exec(test.executor.runs[0]?.traceHeader ?? '')?.[1]
    await send('{}', {}, { traceHeader: `Root=1-5759e988-bd862e3fe1be46a994272793;Lineage=1:aaaaaaaa:3|1:${own}:14` })
    await send('{}', {}, { traceHeader: `Root=1-5759e988-bd862e3fe1be46a994272793;Lineage=1:${own}:15` })
    await test.settle()
    expect(test.executor.runs).toHaveLength(2)
    expect(test.executor.runs[1]?.traceHeader).toContain(`Lineage=1:aaaaaaaa:3|1:${own}:15`)
  })
})
