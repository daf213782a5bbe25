import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '../std/clock.ts'
import { openLevelStore } from '../store/engines/leveldb.ts'
import { MemoryStore } from '../store/engines/memory.ts'
import { transact } from '../store/transaction.ts'
import { describeQueue } from './queue.contract.ts'
import { createQueue, type Job } from './queue.ts'

describeQueue('memory', async () => ({ store: new MemoryStore(), cleanUp: async () => {} }))
describeQueue('leveldb', async () => {
  const path = await mkdtemp(join(tmpdir(), 'millrace-queue-'))
  return { store: await openLevelStore(path), cleanUp: () => rm(path, { recursive: true }) }
})

describe('a long backlog', () => {
  it('does not slow claims down, nor is it held in memory', async () => {
    const clock = new ManualClock()
    const store = new MemoryStore()
    const queue = createQueue<string>(store, { name: 'long', clock, owner: 'me', leaseMs: 60_000, isExclusive: true })
    for (let page = 0; page < 200; page++) {
      await transact(store, async (tx) => {
        for (let index = 0; index < 100; index++) {
          queue.enqueue(tx, { id: `${page}-${index}`, partition: `p${index % 10}`, dueMs: 0, payload: '' })
        }
      })
    }
    const reads = countRows(store)
    expect(await queue.claim(10, () => 10)).toHaveLength(10)
    expect(reads.rows).toBeLessThan(300)
  })
})

describe('a queue that takes stock', () => {
  const options = { name: 'stock', owner: 'me', leaseMs: 60_000, isExclusive: true, takesStock: true }
  const open = async (perPartition: number, partitions = ['f']) => {
    const clock = new ManualClock()
    const store = new MemoryStore()
    const queue = createQueue<number>(store, { ...options, clock })
    await transact(store, async (tx) => {
      for (let index = 0; index < perPartition; index++) {
        for (const partition of partitions) queue.enqueue(tx, { id: `${index}`, partition, dueMs: 0, payload: index })
      }
    })
    let commitCount = 0
    const commit = store.commit.bind(store)
    store.commit = (given) => {
      commitCount++
      return commit(given)
    }
    const settle = (job: Job<number>) => transact(store, async (tx) => queue.complete(tx, job))
    return { clock, store, queue, settle, commits: () => commitCount }
  }

  it('claims with fewer commits where one job after the other ends soon, each once and in order', async () => {
    const { queue, settle, commits } = await open(200)
    const seen: number[] = []
    for (let idle = 0; idle < 3; ) {
      const jobs = await queue.claim(8, () => 1)
      idle = jobs.length === 0 ? idle + 1 : 0
      expect(jobs.length).toBeLessThanOrEqual(1)
      for (const job of jobs) {
        seen.push(job.payload)
        await settle(job)
      }
    }
    expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, index) => index))
    expect(commits()).toBeLessThan(200 + 30)
    expect(await queue.depth()).toBe(0)
  })

  it('takes nothing along where jobs take long', async () => {
    const { clock, store, queue, settle } = await open(50)
    for (let round = 0; round < 10; round++) {
      const [job] = await queue.claim(8, () => 1)
      await clock.advance(5000)
      await settle(job as Job<number>)
    }
    // Another process of the same store would find all the rest, for nothing is leased.
    const other = createQueue<number>(store, { ...options, owner: 'other', clock, isExclusive: false })
    expect(await other.claim(100, () => 100)).toHaveLength(40)
  })

  it('runs no more of several partitions than there is room for', async () => {
    const { queue, settle } = await open(30, ['a', 'b', 'c', 'd'])
    let done = 0
    for (let idle = 0; idle < 3; ) {
      const jobs = await queue.claim(2, () => 1)
      expect(jobs.length).toBeLessThanOrEqual(2)
      idle = jobs.length === 0 ? idle + 1 : 0
      for (const job of jobs) await settle(job)
      done += jobs.length
    }
    expect(done).toBe(120)
  })

  it('gives its stock back when it is released', async () => {
    const { clock, store, queue, settle } = await open(100)
    for (let round = 0; round < 10; round++) {
      for (const job of await queue.claim(8, () => 1)) await settle(job)
    }
    const left = await queue.depth()
    await queue.release()
    const next = createQueue<number>(store, { ...options, owner: 'next', clock, isExclusive: false })
    expect(await next.claim(100, () => 100)).toHaveLength(left)
  })
})

function countRows(store: MemoryStore): { rows: number } {
  const counter = { rows: 0 }
  const list = store.list.bind(store)
  store.list = async (range) => {
    const entries = await list(range)
    counter.rows += entries.length
    return entries
  }
  return counter
}
