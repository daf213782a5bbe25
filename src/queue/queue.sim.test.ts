import { describe, expect, it } from 'vitest'
import { ManualClock } from '../std/clock.ts'
import { MemoryStore } from '../store/engines/memory.ts'
import { CommitUnknownError } from '../store/store.ts'
import { ConflictError, transact } from '../store/transaction.ts'
import { createQueue, type Job, LeaseLostError, type Queue } from './queue.ts'

/**
 * A seeded simulation of processes that enqueue, claim, settle, stall past their leases and die, on a store that conflicts and loses
 * answers. What must hold: no committed job is ever lost; a job runs again only after a lease ran out, a process died, a retry, or an
 * answer that got lost; each job's end is recorded once.
 */
const LEASE_MS = 1000
const STEPS = 300

describe('a simulated queue', () => {
  const seeds = Array.from({ length: 20 }, (_, index) => index + 1)
  it.each(seeds)('loses nothing and repeats only with a reason (seed %i, shared store)', (seed) =>
    simulate(seed, false),
  )
  it.each(seeds)('loses nothing and repeats only with a reason (seed %i, exclusive store)', (seed) =>
    simulate(seed, true),
  )
})

async function simulate(seed: number, isExclusive: boolean): Promise<void> {
  const world = new World(seed, isExclusive)
  for (let step = 0; step < STEPS; step++) await world.step()
  await world.drain()
  expect([...world.ended.keys()].sort()).toEqual([...world.committed].sort())
  expect([...world.ended.values()].every((count) => count === 1)).toBe(true)
  expect(await world.depth()).toBe(0)
}

interface Process {
  readonly queue: Queue<string>
  readonly held: Job<string>[]
}

class World {
  readonly #random: () => number
  readonly #isExclusive: boolean
  readonly #clock = new ManualClock()
  readonly #store = new MemoryStore()
  #processes: Process[] = []
  #started = 0
  #created = 0
  /** Jobs whose commit was acknowledged, or turned out to have happened. */
  readonly committed = new Set<string>()
  /** How often a job's end was recorded. */
  readonly ended = new Map<string, number>()
  /** Why a job may run again: the time from which on it may. */
  readonly #mayRunFromMs = new Map<string, number>()

  constructor(seed: number, isExclusive: boolean) {
    this.#random = mulberry32(seed)
    this.#isExclusive = isExclusive
    const processCount = isExclusive ? 1 : 3
    for (let index = 0; index < processCount; index++) this.#startProcess()
  }

  async step(): Promise<void> {
    const process = this.#pick(this.#processes)
    const dice = this.#random()
    if (this.#random() < 0.1) this.#store.faults.conflicts = 1
    if (this.#random() < 0.05) this.#store.faults.lostAnswers = 1
    if (dice < 0.3) await this.#enqueue(process)
    else if (dice < 0.55) await this.#claim(process)
    else if (dice < 0.8) await this.#settle(process)
    else if (dice < 0.87) await this.#extend(process)
    else if (dice < 0.97) await this.#clock.advance(Math.floor(this.#random() * 400))
    else await this.#crash(process)
    this.#store.faults.conflicts = 0
    this.#store.faults.lostAnswers = 0
  }

  async drain(): Promise<void> {
    for (let turn = 0; turn < 200; turn++) {
      for (const process of this.#processes) {
        await this.#claim(process)
        while (process.held.length > 0) await this.#settle(process)
      }
      await this.#clock.advance(LEASE_MS / 2)
      if ((await this.depth()) === 0) return
    }
  }

  depth(): Promise<number> {
    return (this.#processes[0] as Process).queue.depth()
  }

  #startProcess(): void {
    const owner = `process-${this.#started++}`
    const options = {
      name: 'sim',
      clock: this.#clock,
      owner,
      leaseMs: LEASE_MS,
      isExclusive: this.#isExclusive,
      takesStock: this.#isExclusive,
      pollMs: 100,
    }
    this.#processes.push({ queue: createQueue(this.#store, options), held: [] })
  }

  async #enqueue({ queue }: Process): Promise<void> {
    const id = `job-${this.#created++}`
    const dueMs = this.#clock.now() + (this.#random() < 0.5 ? 0 : Math.floor(this.#random() * 1500))
    const job = { id, partition: `p${Math.floor(this.#random() * 4)}`, dueMs, payload: '' }
    this.#mayRunFromMs.set(id, dueMs)
    await this.#attempt(
      () =>
        transact(this.#store, async (tx) => {
          queue.enqueue(tx, job)
          tx.put(Buffer.from(`accepted/${id}`), Buffer.from(id))
        }),
      async () => (await this.#store.get(Buffer.from(`accepted/${id}`))) !== undefined,
      () => this.committed.add(id),
    )
  }

  async #claim({ queue, held }: Process): Promise<void> {
    const before = this.#store.faults.lostAnswers
    try {
      const jobs = await queue.claim(1 + Math.floor(this.#random() * 4), (partition) => (partition === 'p0' ? 1 : 3))
      for (const job of jobs) {
        expect(this.#clock.now(), `${job.id} ran without a reason`).toBeGreaterThanOrEqual(
          this.#mayRunFromMs.get(job.id) ?? 0,
        )
        this.#mayRunFromMs.set(job.id, job.leaseUntilMs)
        held.push(job)
      }
    } catch (error) {
      // The rows are leased and nobody knows: they come back when the leases run out.
      if (!(error instanceof CommitUnknownError) || before === 0) throw error
    }
  }

  async #settle({ queue, held }: Process): Promise<void> {
    const job = held.splice(Math.floor(this.#random() * held.length), 1)[0]
    if (job === undefined) return
    const retryMs = this.#random() < 0.2 ? this.#clock.now() + Math.floor(this.#random() * 500) : undefined
    const marker = Buffer.from(`settled/${job.id}/${job.claims}`)
    await this.#attempt(
      () =>
        transact(this.#store, async (tx) => {
          if (retryMs === undefined) queue.complete(tx, job)
          else queue.retry(tx, job, retryMs, job.payload)
          tx.put(marker, Buffer.from('1'))
        }),
      async () => (await this.#store.get(marker)) !== undefined,
      () => {
        if (retryMs === undefined) this.ended.set(job.id, (this.ended.get(job.id) ?? 0) + 1)
        else this.#mayRunFromMs.set(job.id, retryMs)
      },
    )
  }

  async #extend({ queue, held }: Process): Promise<void> {
    if (held.length === 0) return
    const job = this.#pick(held)
    try {
      await queue.extend(job, LEASE_MS)
      this.#mayRunFromMs.set(job.id, job.leaseUntilMs)
    } catch (error) {
      if (!(error instanceof LeaseLostError || error instanceof CommitUnknownError)) throw error
      // Lost, or perhaps moved: either way this run cannot be settled any more.
      held.splice(held.indexOf(job), 1)
    }
  }

  /** What it held comes back: at once where its successor knows that it is alone, else when the leases run out. */
  async #crash(process: Process): Promise<void> {
    this.#processes = this.#processes.filter((other) => other !== process)
    if (this.#isExclusive)
      for (const id of this.#mayRunFromMs.keys())
        this.#mayRunFromMs.set(id, Math.min(this.#mayRunFromMs.get(id) ?? 0, 0))
    this.#startProcess()
  }

  /** Runs a commit whose answer may get lost; then looks whether it happened. A lost lease means that nothing happened. */
  async #attempt(commit: () => Promise<void>, hasHappened: () => Promise<boolean>, note: () => void): Promise<void> {
    try {
      await commit()
      note()
    } catch (error) {
      if (error instanceof CommitUnknownError) {
        if (await hasHappened()) note()
      } else if (!(error instanceof ConflictError)) throw error
    }
  }

  #pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#random() * items.length)] as T
  }
}

/** A small seeded generator, so that a failing seed can be run again. */
function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
