import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createQueue } from '../queue/queue.ts'
import { ManualClock, settle } from '../std/clock.ts'
import { MemoryStore } from '../store/engines/memory.ts'
import { raw, Table } from '../store/table.ts'
import { transact } from '../store/transaction.ts'
import type { Acceptance, Delivery, OwedDelivery, Target, Trace } from './delivery.ts'
import { createDelivery, type DeliveryRoom } from './outbox.ts'
import type { WaitingDelivery } from './waiting.ts'
import { TRACE_AGE_MAX_MS, TRACE_EVENT_MAX_LENGTH } from './traces.ts'

const SECOND = 1000
const HOUR = 3_600_000
const taken = new Table<readonly [string], Uint8Array>('taken', raw)

/** A service of the test that takes deliveries into a table. */
class TableTarget implements Target {
  readonly service = 'lambda'
  permission = { allowed: true, note: 'Allow by statement one' }
  acceptance: Acceptance = { kind: 'accepted', note: 'queued' }

  async permits() {
    return this.permission
  }

  async accept(tx: Parameters<Target['accept']>[0], delivery: Delivery) {
    if (this.acceptance.kind === 'accepted') taken.put(tx, [delivery.id], Buffer.from(delivery.payload))
    return this.acceptance
  }
}

let store: MemoryStore
let clock: ManualClock
let target: TableTarget
let targets: Target[]
let room: DeliveryRoom
let failures: unknown[]

beforeEach(() => {
  store = new MemoryStore()
  clock = new ManualClock()
  target = new TableTarget()
  targets = [target]
  failures = []
  const queue = createQueue<WaitingDelivery>(store, {
    name: 'deliveries',
    clock,
    owner: 'test',
    leaseMs: 60_000,
    isExclusive: true,
    // Days pass here: looking every second would be most of the test.
    pollMs: HOUR,
  })
  room = createDelivery({ store, queue, clock, targets, onFailure: (error) => failures.push(error) })
  room.dispatcher.worker.start()
})
afterEach(async () => {
  await room.dispatcher.worker.stop(0)
  expect(failures).toEqual([])
})

const owed = (id: string, more: Partial<Delivery> = {}): OwedDelivery => ({
  delivery: {
    id,
    targetArn: 'arn:aws:lambda:us-east-1:123456789012:function:F',
    source: { principal: 's3.amazonaws.com', arn: 'arn:aws:s3:::b', accountId: '123456789012' },
    payload: '{"Records":[]}',
    occurredMs: clock.now(),
    subject: 's3://b/k',
    ...more,
  },
  eventName: 'ObjectCreated:Put',
  steps: [{ atMs: clock.now(), step: 'matched', note: 'rule one' }],
})
const owe = (...deliveries: OwedDelivery[]) => transact(store, (tx) => room.owe(tx, deliveries))
const isTaken = async (id: string) => (await taken.get(store, [id])) !== undefined
const stepsOf = (trace: Trace | undefined) => trace?.steps.map(({ step }) => step)
const advance = async (byMs: number) => {
  await clock.advance(byMs)
  await settle(20)
}

describe('an owed delivery', () => {
  it('is taken in the commit that owes it, and the trace tells all of it', async () => {
    await owe(owed('1'))
    expect(await isTaken('1')).toBe(true)
    const [trace] = await room.traces.find('s3://b/k')
    expect(trace).toMatchObject({ id: '1', eventName: 'ObjectCreated:Put', state: 'pending' })
    expect(trace?.steps.map(({ step, note }) => [step, note])).toEqual([
      ['matched', 'rule one'],
      ['permission', 'Allow by statement one'],
      ['delivered', 'queued'],
    ])
  })

  it('may be larger than a row when its target cannot take it yet', async () => {
    target.acceptance = { kind: 'later', note: 'not yet' }
    const payload = JSON.stringify({ text: 'ä"'.repeat(200_000) })
    await owe(owed('1', { payload }))
    await advance(SECOND * 2)
    let delivered = ''
    target.accept = async (_, delivery) => {
      delivered = delivery.payload
      return { kind: 'accepted', note: 'queued' }
    }
    await advance(HOUR)
    expect(delivered).toBe(payload)
    const left = new Table<readonly [string, number], Uint8Array>('delivery-slice', raw)
    expect(await left.list(store, { prefix: ['1'], limit: 10 })).toEqual([])
  })

  it('leaves nothing when its commit fails', async () => {
    store.faults.errors.push(new Error('disk full'))
    await expect(owe(owed('1'))).rejects.toThrow('disk full')
    expect(await isTaken('1')).toBe(false)
    expect(await room.traces.recent(10)).toEqual([])
  })

  it('is dropped without permission, and the trace names what is missing', async () => {
    target.permission = { allowed: false, note: 'no statement allows it' }
    await owe(owed('1'))
    await advance(HOUR)
    expect(await isTaken('1')).toBe(false)
    const [trace] = await room.traces.find('s3://b/k')
    expect(trace?.state).toBe('dropped')
    expect(stepsOf(trace)).toEqual(['matched', 'permission', 'dropped'])
  })

  it('waits for a target that cannot take it now', async () => {
    target.acceptance = { kind: 'later', note: 'full' }
    await owe(owed('1'))
    await advance(SECOND)
    target.acceptance = { kind: 'accepted', note: 'queued' }
    await advance(10 * SECOND)
    expect(await isTaken('1')).toBe(true)
    const [trace] = await room.traces.find('1')
    expect(stepsOf(trace)?.slice(0, 3)).toEqual(['matched', 'permission', 'later'])
    expect(stepsOf(trace)?.at(-1)).toBe('delivered')
  })

  it('waits for a service that is not here yet, a day at most', async () => {
    targets.pop()
    await owe(owed('1'), owed('2'))
    await advance(HOUR)
    targets.push(target)
    await advance(6 * 60 * SECOND)
    expect(await isTaken('1')).toBe(true)
    targets.pop()
    await owe(owed('3'))
    for (let hour = 0; hour < 25; hour++) await advance(HOUR)
    targets.push(target)
    await advance(HOUR)
    expect(await isTaken('3')).toBe(false)
    expect((await room.traces.find('3'))[0]?.state).toBe('dropped')
  })

  it('is refused by a target that refuses', async () => {
    target.acceptance = { kind: 'refused', note: 'no such alias' }
    await owe(owed('1'))
    expect((await room.traces.find('1'))[0]).toMatchObject({ state: 'dropped' })
  })
})

describe('a dead letter', () => {
  /** Takes letters as an SQS queue would. */
  class Letters implements Target {
    readonly service = 'sqs'
    readonly letters: Delivery[] = []
    async permits() {
      return { allowed: true, note: 'may send' }
    }
    async accept(_tx: Parameters<Target['accept']>[0], delivery: Delivery): Promise<Acceptance> {
      this.letters.push(delivery)
      return { kind: 'accepted', note: 'sent' }
    }
  }
  const RULE_ARN = { dataType: 'String', stringValue: 'rule' }
  const deadLetter = { targetArn: 'arn:aws:sqs:us-east-1:123456789012:dead', attributes: { RULE_ARN } }

  it('says why a target refused, in the commit that gives up', async () => {
    const sqs = new Letters()
    targets.push(sqs)
    target.permission = { allowed: false, note: 'no statement allows it' }
    await owe(owed('1', { deadLetter }))
    expect(sqs.letters).toMatchObject([
      {
        payload: '{"Records":[]}',
        message: { attributes: { RULE_ARN, ERROR_CODE: { stringValue: 'NO_PERMISSIONS' } } },
      },
    ])
    expect(stepsOf((await room.traces.find('1'))[0])?.slice(-2)).toEqual([
      'dead-letter-permission',
      'dead-letter-delivered',
    ])
  })

  it('is sent when the attempts or the time that it had are over', async () => {
    const sqs = new Letters()
    targets.push(sqs)
    target.acceptance = { kind: 'later', note: 'full' }
    await owe(
      owed('attempts', { deadLetter, patience: { ageMaxMs: HOUR, attemptsMax: 2 } }),
      owed('age', { deadLetter, patience: { ageMaxMs: 60_000, attemptsMax: 185 } }),
    )
    for (let minute = 0; minute < 10; minute++) await advance(60 * SECOND)
    expect(
      sqs.letters.map(({ id, message }) => [id, message?.attributes?.['EXHAUSTED_RETRY_CONDITION']?.stringValue]),
    ).toEqual([
      ['attempts-dead', 'MaximumRetryAttempts'],
      ['age-dead', 'MaximumEventAgeInSeconds'],
    ])
  })
})

describe('traces', () => {
  it('tell why nothing happened', async () => {
    await transact(store, async (tx) =>
      room.noteUnmatched(
        tx,
        { id: '1', subject: 's3://b/k', eventName: 'ObjectCreated:Put', occurredMs: clock.now() },
        [{ atMs: clock.now(), step: 'unmatched', note: 'the suffix of rule one is .jpg' }],
      ),
    )
    expect(await room.traces.find('s3://b/k')).toMatchObject([{ state: 'unmatched', targetArn: null }])
  })

  it('come newest first', async () => {
    for (const id of ['1', '2', '3']) {
      await owe(owed(id))
      await advance(SECOND)
    }
    await owe(owed('4', { subject: 's3://b/other' }))
    expect((await room.traces.find('s3://b/k', 2)).map(({ id }) => id)).toEqual(['3', '2'])
    expect((await room.traces.recent(3)).map(({ id }) => id)).toEqual(['4', '3', '2'])
    expect(await room.traces.find('s3://b/none')).toEqual([])
  })

  it('keep the event for who asks by id, or by the request that it was queued as', async () => {
    target.acceptance = { kind: 'accepted', note: 'queued as request r-1' }
    await owe(owed('1'))
    expect((await room.traces.find('1'))[0]).toMatchObject({ id: '1', event: '{"Records":[]}' })
    expect((await room.traces.find('r-1'))[0]).toMatchObject({ id: '1', event: '{"Records":[]}' })
    expect((await room.traces.find('s3://b/k'))[0]).not.toHaveProperty('event')
  })

  it('do not keep a long event', async () => {
    await owe(
      owed('1', { payload: 'x'.repeat(TRACE_EVENT_MAX_LENGTH) }),
      owed('2', { payload: 'x'.repeat(TRACE_EVENT_MAX_LENGTH + 1) }),
    )
    expect((await room.traces.find('1'))[0]).toHaveProperty('event')
    expect((await room.traces.find('2'))[0]).not.toHaveProperty('event')
  })

  it('leave nothing behind when they are swept', async () => {
    await owe(owed('old'))
    await advance(TRACE_AGE_MAX_MS + 1)
    await room.traces.sweep(clock.now())
    const rows = await store.list({ gte: new Uint8Array(), lt: Uint8Array.of(255), limit: 100 })
    expect(rows.filter(({ key }) => Buffer.from(key).includes('trace'))).toEqual([])
  })

  it('are swept when they are too old or too many', async () => {
    await owe(owed('old'))
    await advance(TRACE_AGE_MAX_MS)
    for (const id of ['1', '2', '3', '4']) {
      await advance(SECOND)
      await owe(owed(id))
    }
    expect(await room.traces.sweep(clock.now())).toBe(1)
    expect(await room.traces.sweep(clock.now(), 2)).toBe(2)
    expect((await room.traces.find('s3://b/k')).map(({ id }) => id)).toEqual(['4', '3'])
    expect(await room.traces.sweep(clock.now(), 2)).toBe(0)
  })
})

it('says who answers for an ARN', async () => {
  const { source, targetArn } = owed('1').delivery
  expect(await room.permits(targetArn, source)).toEqual({ allowed: true, note: 'Allow by statement one' })
  expect(await room.permits('arn:aws:sqs:us-east-1:123456789012:q', source)).toBeUndefined()
})
