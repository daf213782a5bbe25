import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ManualClock, settle } from '../std/clock.ts'
import { MemoryStore } from '../store/engines/memory.ts'
import { transact } from '../store/transaction.ts'
import { createQueue, type Job, type Queue } from './queue.ts'
import { Worker, type WorkerOptions } from './worker.ts'

const LEASE_MS = 10_000

describe('a worker', () => {
  let clock: ManualClock
  let store: MemoryStore
  let queue: Queue<string>
  let workers: Worker<string>[]
  let errors: unknown[]

  beforeEach(() => {
    clock = new ManualClock()
    store = new MemoryStore()
    queue = createQueue(store, { name: 'work', clock, owner: 'me', leaseMs: LEASE_MS, isExclusive: true })
    workers = []
    errors = []
  })
  afterEach(() => Promise.all(workers.map((worker) => worker.stop(0))))

  const startWorker = (options: Partial<WorkerOptions<string>>): Worker<string> => {
    const worker = new Worker<string>({
      queue,
      clock,
      concurrency: 10,
      run: async (job) => complete(job),
      onError: (error) => errors.push(error),
      ...options,
    })
    workers.push(worker)
    worker.start()
    return worker
  }
  const enqueue = (id: string, partition = 'p') =>
    transact(store, async (tx) => queue.enqueue(tx, { id, partition, dueMs: clock.now(), payload: '' }))
  const complete = (job: Job<string>) => transact(store, async (tx) => queue.complete(tx, job))
  /** A handler whose jobs end when the test says so. */
  const gate = () => {
    const started: string[] = []
    const ends = new Map<string, () => void>()
    const run = async (job: Job<string>) => {
      started.push(job.id)
      await new Promise<void>((resolve) => ends.set(job.id, resolve))
      await complete(job)
    }
    return { started, run, end: (id: string) => ends.get(id)?.() }
  }

  it('runs jobs that were there before it and jobs that come later', async () => {
    const ran: string[] = []
    await enqueue('early')
    startWorker({
      run: async (job) => {
        ran.push(job.id)
        await complete(job)
      },
    })
    await settle()
    await enqueue('late')
    await settle()
    expect(ran).toEqual(['early', 'late'])
    expect(await queue.depth()).toBe(0)
  })

  it('starts a job in the turn of its commit: no timer, no claim of its own', async () => {
    const { started, run } = gate()
    startWorker({ run })
    await settle()
    let commits = 0
    const commit = store.commit.bind(store)
    store.commit = (writes) => {
      commits++
      return commit(writes)
    }
    await enqueue('a')
    await settle(1)
    expect(started).toEqual(['a'])
    expect(commits).toBe(1)
  })

  it('runs no more jobs at a time than it may, and goes on as soon as one ends', async () => {
    const { started, run, end } = gate()
    startWorker({ run, concurrency: 2 })
    for (const id of ['a', 'b', 'c', 'd']) await enqueue(id)
    await settle()
    expect(started.toSorted()).toEqual(['a', 'b'])
    end('a')
    await settle()
    expect(started.toSorted()).toEqual(['a', 'b', 'c'])
  })

  it('runs other partitions while one is at its limit', async () => {
    const { started, run, end } = gate()
    const running = new Map<string, number>()
    startWorker({
      budget: (partition) => 1 - (running.get(partition) ?? 0),
      run: async (job) => {
        running.set(job.partition, (running.get(job.partition) ?? 0) + 1)
        await run(job)
        running.set(job.partition, (running.get(job.partition) ?? 0) - 1)
      },
    })
    for (const id of ['a1', 'a2', 'a3']) await enqueue(id, 'a')
    await enqueue('b1', 'b')
    await settle()
    expect(started.toSorted()).toEqual(['a1', 'b1'])
    end('a1')
    await settle()
    expect(started.toSorted()).toEqual(['a1', 'a2', 'b1'])
  })

  it('keeps the lease of a job that runs long', async () => {
    const { started, run, end } = gate()
    startWorker({ run })
    await enqueue('long')
    await clock.advance(LEASE_MS * 5)
    expect(started).toEqual(['long'])
    end('long')
    await settle()
    expect(await queue.depth()).toBe(0)
    expect(errors).toEqual([])
  })

  it('reports a handler that throws, and runs its job again when the lease is over', async () => {
    let runs = 0
    startWorker({
      run: async (job) => {
        if (runs++ === 0) throw new Error('our mistake')
        await complete(job)
      },
    })
    await enqueue('a')
    await settle()
    expect(errors).toEqual([new Error('our mistake')])
    await clock.advance(LEASE_MS + 1000)
    expect(runs).toBe(2)
    expect(await queue.depth()).toBe(0)
  })

  it('goes on after the store failed', async () => {
    const { started, run } = gate()
    for (const id of ['a', 'b']) await enqueue(id)
    store.faults.errors.push(new Error('disk full'))
    startWorker({ run })
    await settle()
    expect(errors).toEqual([new Error('disk full')])
    await clock.advance(2000)
    expect(started.toSorted()).toEqual(['a', 'b'])
  })

  it('stops when the running jobs have ended, and leaves the others in the queue', async () => {
    const { started, run, end } = gate()
    const worker = startWorker({ run, concurrency: 1 })
    await enqueue('a')
    await enqueue('b')
    await settle()
    const stopped = worker.stop(60_000)
    end('a')
    await stopped
    expect(started).toEqual(['a'])
    expect(await queue.depth()).toBe(1)
  })

  it('gives up waiting after the grace period, and tells the handlers', async () => {
    let wasTold = false
    const worker = startWorker({
      run: (_, signal) =>
        new Promise((resolve) =>
          signal.addEventListener('abort', () => {
            wasTold = true
            resolve()
          }),
        ),
    })
    await enqueue('a')
    await settle()
    const stopped = worker.stop(5000)
    await clock.advance(5000)
    await stopped
    expect(wasTold).toBe(true)
    expect(await queue.depth()).toBe(1)
  })
})
