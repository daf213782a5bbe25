import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ManualClock, settle } from '../std/clock.ts'
import type { Store } from '../store/store.ts'
import { ConflictError, transact } from '../store/transaction.ts'
import { createQueue, type Job, LeaseLostError, type Queue } from './queue.ts'

const LEASE_MS = 60_000
const POLL_MS = 1000
const plenty = () => 1000
const ids = (jobs: readonly Job<string>[]): string[] => jobs.map((job) => job.id)

/** What the queue must do on every store. */
export function describeQueue(
  storeName: string,
  open: () => Promise<{ store: Store; cleanUp(): Promise<void> }>,
): void {
  describe(`a queue on the ${storeName} store`, () => {
    let clock: ManualClock
    let store: Store
    let cleanUp: () => Promise<void>
    let queue: Queue<string>

    const openQueue = (owner: string, isExclusive = true): Queue<string> =>
      createQueue(store, { name: 'test', clock, owner, leaseMs: LEASE_MS, isExclusive, pollMs: POLL_MS })
    const enqueue = (id: string, { partition = 'p', inMs = 0, into = queue } = {}): Promise<void> =>
      transact(store, async (tx) =>
        into.enqueue(tx, { id, partition, dueMs: clock.now() + inMs, payload: `payload of ${id}` }),
      )
    const complete = (job: Job<string>, from = queue): Promise<void> =>
      transact(store, async (tx) => from.complete(tx, job))
    const isWoken = async (wait: Promise<void>): Promise<boolean> => {
      let woken = false
      void wait.then(() => (woken = true))
      await settle()
      return woken
    }

    beforeEach(async () => {
      clock = new ManualClock()
      ;({ store, cleanUp } = await open())
      queue = openQueue('first')
    })
    afterEach(async () => {
      await store[Symbol.asyncDispose]()
      await cleanUp()
    })

    it('gives a job once, with its payload, and never again after it is completed', async () => {
      await enqueue('a')
      const [job, ...others] = await queue.claim(10, plenty)
      expect(others).toEqual([])
      expect(job).toMatchObject({
        id: 'a',
        partition: 'p',
        payload: 'payload of a',
        claims: 1,
        enqueuedMs: clock.now(),
      })
      expect(await queue.claim(10, plenty)).toEqual([])
      await complete(job as Job<string>)
      expect(await queue.depth()).toBe(0)
      await clock.advance(LEASE_MS + POLL_MS)
      expect(await queue.claim(10, plenty)).toEqual([])
    })

    it('adds the job only if the commit it belongs to happens', async () => {
      const failed = transact(store, async (tx) => {
        queue.enqueue(tx, { id: 'a', partition: 'p', dueMs: 0, payload: '' })
        throw new Error('precondition failed')
      })
      await expect(failed).rejects.toThrow('precondition failed')
      expect(await queue.claim(10, plenty)).toEqual([])
      expect(await queue.depth()).toBe(0)
    })

    it('hands a new job over in memory when the last claim left room', async () => {
      await queue.claim(1, plenty)
      await enqueue('a')
      const commits = countCommits(store)
      expect(ids(await queue.claim(1, plenty))).toEqual(['a'])
      expect(commits.count).toBe(0)
    })

    it('claims again what was handed over and not taken before its lease ran out', async () => {
      await queue.claim(1, plenty)
      await enqueue('a')
      await clock.advance(LEASE_MS + 1)
      const [job] = await queue.claim(1, plenty)
      expect(job).toMatchObject({ id: 'a', claims: 2 })
      await complete(job as Job<string>)
      expect(await queue.depth()).toBe(0)
    })

    it('gives back what was handed over when its worker stops', async () => {
      await queue.claim(1, plenty)
      await enqueue('a')
      await queue.release()
      const other = openQueue('second', false)
      const [job] = await other.claim(1, plenty)
      expect(job).toMatchObject({ id: 'a', claims: 1 })
    })

    it('does not hand over more than a partition may take', async () => {
      await queue.claim(10, () => 1)
      await enqueue('a')
      await enqueue('b')
      expect(ids(await queue.claim(10, () => 1))).toEqual(['a'])
      expect(ids(await queue.claim(10, () => 1))).toEqual(['b'])
    })

    it('keeps a job until it is due', async () => {
      await enqueue('a', { inMs: 5000 })
      expect(await queue.claim(10, plenty)).toEqual([])
      await clock.advance(4999)
      expect(await queue.claim(10, plenty)).toEqual([])
      await clock.advance(1)
      expect(ids(await queue.claim(10, plenty))).toEqual(['a'])
    })

    it('gives a job again when its lease runs out, and the first holder can no longer settle it', async () => {
      await enqueue('a')
      const [first] = (await queue.claim(1, plenty)) as [Job<string>]
      await clock.advance(LEASE_MS)
      const [second] = (await queue.claim(1, plenty)) as [Job<string>]
      expect(second).toMatchObject({ id: 'a', claims: 2 })
      await expect(complete(first)).rejects.toThrow(ConflictError)
      await expect(queue.extend(first, LEASE_MS)).rejects.toThrow(LeaseLostError)
      await complete(second)
      expect(await queue.depth()).toBe(0)
    })

    it('records the consequence of a job only together with its end', async () => {
      await enqueue('a')
      const [job] = (await queue.claim(1, plenty)) as [Job<string>]
      const settleWith = (consequence: string) =>
        transact(store, async (tx) => {
          queue.complete(tx, job)
          tx.put(Buffer.from(consequence), Buffer.from('1'))
        })
      await settleWith('once')
      await expect(settleWith('twice')).rejects.toThrow(ConflictError)
      expect(await store.get(Buffer.from('once'))).toBeDefined()
      expect(await store.get(Buffer.from('twice'))).toBeUndefined()
    })

    it('extends a lease, any number of times, and the job can be completed afterwards', async () => {
      await enqueue('a')
      const [job] = (await queue.claim(1, plenty)) as [Job<string>]
      for (let round = 0; round < 3; round++) {
        await clock.advance(LEASE_MS - 1)
        expect((await queue.extend(job, LEASE_MS)).leaseUntilMs).toBe(clock.now() + LEASE_MS)
        expect(await queue.claim(1, plenty)).toEqual([])
      }
      await complete(job)
      expect(await queue.depth()).toBe(0)
    })

    it('retries later with a new payload, and counts the claims', async () => {
      await enqueue('a')
      const [job] = (await queue.claim(1, plenty)) as [Job<string>]
      await transact(store, async (tx) => queue.retry(tx, job, clock.now() + 60_000, 'second try'))
      expect(await queue.claim(1, plenty)).toEqual([])
      await clock.advance(60_000)
      expect((await queue.claim(1, plenty))[0]).toMatchObject({
        id: 'a',
        claims: 2,
        payload: 'second try',
        enqueuedMs: job.enqueuedMs,
      })
    })

    it('steps over a partition that may take nothing, however long its backlog', async () => {
      for (let index = 0; index < 200; index++) await enqueue(`slow${index}`, { partition: 'a-slow' })
      await enqueue('quick', { partition: 'b-quick' })
      const budget = (partition: string) => (partition === 'a-slow' ? 0 : 10)
      expect(ids(await queue.claim(10, budget))).toEqual(['quick'])
    })

    it('serves partitions in turn', async () => {
      for (const partition of ['a', 'b', 'c']) {
        for (let index = 0; index < 10; index++) await enqueue(`${partition}${index}`, { partition })
      }
      const served: string[] = []
      for (let turn = 0; turn < 3; turn++) served.push(...(await queue.claim(4, plenty)).map((job) => job.partition))
      expect(new Set(served)).toEqual(new Set(['a', 'b', 'c']))
    })

    it('does not let jobs that fell due without a budget hide others', async () => {
      for (let index = 0; index < 150; index++) await enqueue(`slow${index}`, { partition: 'slow', inMs: 1000 })
      await enqueue('quick', { partition: 'quick', inMs: 1001 })
      await clock.advance(2000)
      const budget = (partition: string) => (partition === 'slow' ? 0 : 10)
      const claimed: string[] = []
      for (let turn = 0; turn < 5; turn++) {
        claimed.push(...ids(await queue.claim(10, budget)))
        await clock.advance(POLL_MS)
      }
      expect(claimed).toEqual(['quick'])
    })

    it('gives the jobs of one partition in the order they fell due', async () => {
      await enqueue('b', { inMs: 20 })
      await enqueue('a', { inMs: 10 })
      await enqueue('c', { inMs: 30 })
      await clock.advance(30)
      expect(ids(await queue.claim(1, plenty))).toEqual(['a'])
      expect(ids(await queue.claim(5, plenty))).toEqual(['b', 'c'])
    })

    it('gives the jobs of a process that died to its successor at once', async () => {
      await enqueue('a')
      await enqueue('b', { inMs: 10 })
      const [lost] = (await queue.claim(1, plenty)) as [Job<string>]
      queue = openQueue('second')
      const [job] = (await queue.claim(10, plenty)) as [Job<string>]
      expect(job).toMatchObject({ id: 'a', claims: 2 })
      await expect(complete(lost)).rejects.toThrow(ConflictError)
      await complete(job)
      await clock.advance(10)
      expect(ids(await queue.claim(10, plenty))).toEqual(['b'])
    })

    it('shared by two processes, gives each job to one of them', async () => {
      const [left, right] = [openQueue('left', false), openQueue('right', false)]
      for (let index = 0; index < 40; index++) await enqueue(`j${index}`, { partition: `p${index % 4}`, into: left })
      const claimed: string[] = []
      for (let turn = 0; turn < 30 && claimed.length < 40; turn++) {
        const batches = await Promise.all([left.claim(5, plenty), right.claim(5, plenty)])
        claimed.push(...batches.flatMap(ids))
        await clock.advance(1)
      }
      expect(claimed.length).toBe(40)
      expect(new Set(claimed).size).toBe(40)
    })

    it('shared by two processes, does not touch the leases of the other', async () => {
      await enqueue('a')
      await queue.claim(1, plenty)
      const other = openQueue('other', false)
      expect(await other.claim(1, plenty)).toEqual([])
      await clock.advance(LEASE_MS)
      expect(ids(await other.claim(1, plenty))).toEqual(['a'])
    })

    it('wakes a waiting worker at a new job, at a due time, at the end of a lease, and at the poll interval', async () => {
      const { signal } = new AbortController()
      await queue.claim(1, plenty)
      const forJob = queue.wait(signal)
      expect(await isWoken(forJob)).toBe(false)
      await enqueue('a')
      expect(await isWoken(forJob)).toBe(true)
      await queue.claim(1, plenty)
      await enqueue('b', { inMs: 300 })
      await queue.claim(1, plenty)
      const forDue = queue.wait(signal)
      await clock.advance(299)
      expect(await isWoken(forDue)).toBe(false)
      await clock.advance(1)
      expect(await isWoken(forDue)).toBe(true)
      await queue.claim(0, plenty)
      const forPoll = queue.wait(signal)
      await clock.advance(POLL_MS)
      expect(await isWoken(forPoll)).toBe(true)
    })

    it('wakes a worker for a job that lacked budget when another of its partition ends', async () => {
      await enqueue('a')
      await enqueue('b')
      let running = 0
      const budget = () => 1 - running
      const [job] = (await queue.claim(5, budget)) as [Job<string>]
      running = 1
      expect(await queue.claim(5, budget)).toEqual([])
      const wait = queue.wait(new AbortController().signal)
      expect(await isWoken(wait)).toBe(false)
      running = 0
      await complete(job)
      expect(await isWoken(wait)).toBe(true)
      expect(ids(await queue.claim(5, budget))).toEqual(['b'])
    })

    it('stops waiting when it is told to', async () => {
      await queue.claim(1, plenty)
      const controller = new AbortController()
      const wait = queue.wait(controller.signal)
      expect(await isWoken(wait)).toBe(false)
      controller.abort()
      expect(await isWoken(wait)).toBe(true)
    })

    it('counts what is waiting, scheduled or running', async () => {
      await enqueue('a')
      await enqueue('b', { inMs: 1000 })
      await enqueue('c', { partition: 'other' })
      await queue.claim(1, plenty)
      expect(await queue.depth()).toBe(3)
      expect(await queue.depth('p')).toBe(2)
    })
  })
}

function countCommits(store: Store): { count: number } {
  const counter = { count: 0 }
  const commit = store.commit.bind(store)
  store.commit = (writes) => {
    counter.count++
    return commit(writes)
  }
  return counter
}
