import type { Clock } from '../std/clock.ts'
import type { Store, Version } from '../store/store.ts'
import { transact, type Writes } from '../store/transaction.ts'
import { CollectedWrites } from './collected-writes.ts'
import { Doorbell } from './doorbell.ts'
import { type JobRow, JobRows, pages, type StoredJob } from './job-rows.ts'
import { LeasedJob, leaseOf } from './leased-job.ts'
import type { Job, NewJob, Queue, QueueOptions } from './queue.ts'
import { Pace } from './pace.ts'
import { OwnedReadyRows, type ReadyRows, SharedReadyRows } from './ready-rows.ts'
import { type Budget, type Found, Takes } from './takes.ts'
import { TimedRows } from './timed-rows.ts'

/** Somebody else has claimed the job meanwhile: what this run did must not be recorded. */
export class LeaseLostError extends Error {}

const POLL_MS_DEFAULT = 1000
/** How often the only process of a store looks at everything, although it should know what there is. */
const RESET_MS = 60_000
/** Rows given back or counted at once. */
const BULK_LENGTH = 500
/** Jobs that one look takes beyond its room, over all partitions. */
const WIDENED_BY = 64
/** Claims that lose a row to another process try again with the rest. */
const CLAIM_ATTEMPTS = 3

export class StoreQueue<P> implements Queue<P> {
  readonly name: string
  readonly leaseMs: number
  readonly #store: Store
  readonly #clock: Clock
  readonly #owner: string
  readonly #isExclusive: boolean
  readonly #pollMs: number
  readonly #rows: JobRows<P>
  readonly #bell = new Doorbell()
  readonly #ready: ReadyRows<P>
  readonly #later: TimedRows<P>
  readonly #leased: TimedRows<P>
  /** Claims run one after another: two at once would only take each other's rows. */
  #claiming: Promise<unknown> = Promise.resolve()
  #hasAdopted = false
  #resetMs = 0
  #hasBlocked = false
  #skippedLook = false

  /** Jobs written as leased to us by `enqueue`, waiting in memory for the next claim. Never more than the last claim left room for. */
  #handed: LeasedJob<P>[] = []
  readonly #pace: Pace | undefined
  #room = 0
  #budget: Budget | undefined

  constructor(store: Store, options: QueueOptions) {
    this.#store = store
    this.name = options.name
    this.leaseMs = options.leaseMs
    this.#clock = options.clock
    this.#owner = options.owner
    this.#isExclusive = options.isExclusive
    this.#pollMs = options.pollMs ?? POLL_MS_DEFAULT
    this.#pace = options.isExclusive && options.takesStock === true ? new Pace() : undefined
    const rows = new JobRows<P>(options.name)
    this.#rows = rows
    this.#ready = options.isExclusive ? new OwnedReadyRows(store, rows) : new SharedReadyRows(store, rows)
    const read = rows.readTimed.bind(rows)
    this.#later = new TimedRows(store, options.isExclusive, (fromMs) => rows.laterRange(fromMs), read)
    this.#leased = new TimedRows(store, options.isExclusive, (fromMs) => rows.leasedRange(fromMs), read)
  }

  enqueue(writes: Writes, job: NewJob<P>): void {
    const nowMs = this.#clock.now()
    const row: JobRow<P> = { enqueuedMs: nowMs, dueMs: job.dueMs, claims: 0, payload: job.payload }
    if (job.dueMs <= nowMs && this.#mayHandOver(job.partition)) {
      const lease = this.#putLease(writes, job.partition, job.id, row, nowMs)
      writes.afterCommit((version) => this.#handOver(lease, version))
    } else this.#putWaiting(writes, job.partition, job.id, row, nowMs)
  }

  claim(limit: number, budget: Budget): Promise<Job<P>[]> {
    const claimed = this.#claiming.then(() => this.#claim(limit, budget))
    this.#claiming = claimed.catch(() => undefined)
    return claimed
  }

  complete(writes: Writes, job: Job<P>): void {
    const lease = leaseOf(job)
    writes.check(lease.entryKey, lease.version)
    writes.delete(lease.entryKey)
    writes.afterCommit(() => this.wake())
  }

  retry(writes: Writes, job: Job<P>, dueMs: number, payload: P): void {
    const lease = leaseOf(job)
    writes.check(lease.entryKey, lease.version)
    writes.delete(lease.entryKey)
    const row: JobRow<P> = { enqueuedMs: job.enqueuedMs, dueMs, claims: job.claims, payload }
    this.#putWaiting(writes, job.partition, job.id, row, this.#clock.now())
  }

  async extend(job: Job<P>, leaseMs: number): Promise<Job<P>> {
    const lease = leaseOf(job)
    const leaseUntilMs = this.#clock.now() + leaseMs
    if (leaseUntilMs === lease.leaseUntilMs) return job
    const writes = new CollectedWrites()
    writes.check(lease.entryKey, lease.version)
    writes.delete(lease.entryKey)
    this.#leased.note(leaseUntilMs)
    const entryKey = this.#rows.putLeased(writes, job.partition, job.id, this.#leasedRow(lease), leaseUntilMs)
    const result = await this.#store.commit(writes)
    if (!result.ok) throw new LeaseLostError(`job ${job.id} of ${this.name} is no longer leased to this process`)
    lease.moveTo(entryKey, result.version, leaseUntilMs)
    this.#leased.note(leaseUntilMs)
    return lease
  }

  wait(signal: AbortSignal): Promise<void> {
    const nextMs = Math.min(this.#later.nextMs, this.#leased.nextMs)
    const delayMs = Math.min(this.#pollMs, Math.max(0, nextMs - this.#clock.now()))
    return this.#bell.wait(this.#clock, delayMs, signal)
  }

  wake(): void {
    if (this.#hasBlocked) this.#bell.ring()
  }

  async release(): Promise<void> {
    this.#room = 0
    this.#budget = undefined
    const handed = this.#handed
    this.#handed = []
    if (handed.length === 0) return
    const writes = new CollectedWrites()
    for (const job of handed) {
      writes.check(job.entryKey, job.version)
      writes.delete(job.entryKey)
      this.#putReady(writes, job.partition, job.id, { ...this.#leasedRow(job), claims: job.claims - 1 })
    }
    // A conflict means that a lease ran out meanwhile and the job is somebody else's; the others' leases run out too.
    await this.#store.commit(writes)
    this.#noteReady(handed)
  }

  async depth(partition?: string): Promise<number> {
    const ready = partition === undefined ? this.#rows.readyRange() : this.#rows.partitionRange(partition)
    let count = 0
    for await (const page of pages((range) => this.#store.list(range), ready, BULK_LENGTH)) count += page.length
    for (const range of [this.#rows.laterRange(), this.#rows.leasedRange()]) {
      for await (const page of pages((range) => this.#store.list(range), range, BULK_LENGTH)) {
        count += page.filter(
          (entry) => partition === undefined || this.#rows.readTimed(entry).partition === partition,
        ).length
      }
    }
    return count
  }

  // ---- handing over in memory ----

  #mayHandOver(partition: string): boolean {
    if (this.#budget === undefined || this.#handed.length >= this.#room) return false
    let handedCount = 0
    for (const job of this.#handed) if (job.partition === partition) handedCount++
    return handedCount < this.#budget(partition)
  }

  #handOver(job: LeasedJob<P>, version: Version): void {
    job.version = version
    this.#leased.note(job.leaseUntilMs)
    this.#handed.push(job)
    this.#bell.ring()
  }

  /** Takes what was handed over and fits the budget; what waited until its lease ran out is for the next look at the store. */
  #takeHanded(takes: Takes): LeasedJob<P>[] {
    if (this.#handed.length === 0) return []
    const nowMs = this.#clock.now()
    const taken: LeasedJob<P>[] = []
    const left: LeasedJob<P>[] = []
    for (const job of this.#handed) {
      if (job.leaseUntilMs <= nowMs) continue
      if (takes.take(job.partition)) taken.push(job)
      else left.push(job)
    }
    this.#handed = left
    return taken
  }

  // ---- claiming from the store ----

  async #claim(limit: number, budget: Budget): Promise<LeasedJob<P>[]> {
    this.#bell.hear()
    if (limit <= 0) return []
    const nowMs = this.#clock.now()
    if (this.#isExclusive) await this.#learn(nowMs)
    const takes = new Takes(limit, budget)
    const jobs = this.#takeHanded(takes)
    if (takes.room > 0 && this.#mustLook(nowMs)) {
      // What was handed over should not wait for a look at the store; the look must not wait for ever either.
      this.#skippedLook = jobs.length > 0 && !this.#skippedLook
      if (this.#skippedLook) this.#bell.ring()
      else jobs.push(...(await this.#look(nowMs, takes)))
    }
    this.#hasBlocked = takes.hasDenied || this.#ready.mayHave
    // Full: there may be more, and a caller that has room again must not wait for a doorbell.
    if (takes.room === 0) this.#bell.ring()
    this.#budget = budget
    this.#room = limit - jobs.length
    return jobs
  }

  #mustLook(nowMs: number): boolean {
    return this.#ready.mayHave || nowMs >= Math.min(this.#later.nextMs, this.#leased.nextMs)
  }

  async #look(nowMs: number, takes: Takes): Promise<LeasedJob<P>[]> {
    const found: Found<P> = { taken: [], parked: [] }
    await this.#leased.find(nowMs, takes, found)
    await this.#later.find(nowMs, takes, found)
    const runsNow = found.taken.length
    const wide = this.#widened(takes, nowMs)
    await this.#ready.find(wide, found)
    if (wide === takes) return this.#lease(found, nowMs)
    takes.hasDenied ||= wide.hasDenied
    const jobs = await this.#lease(found, nowMs)
    // The timed ones have been counted when they were found.
    const counted = new Set(found.taken.slice(0, runsNow).map(nameOf))
    return jobs.filter((job) => {
      if (counted.has(nameOf(job)) || takes.take(job.partition)) return true
      this.#handed.push(job)
      return false
    })
  }

  /** What one look may take from the ready rows, a stock for later claims included. */
  #widened(takes: Takes, nowMs: number): Takes {
    const pace = this.#pace
    if (pace === undefined) return takes
    const inHand = new Set(this.#handed.map(({ partition }) => partition))
    let { room } = takes
    return new Takes(room + WIDENED_BY, (partition) => {
      const allowance = Math.min(room, takes.allowance(partition))
      room -= allowance
      return allowance <= 0 || inHand.has(partition) ? allowance : allowance + pace.stockFor(partition, nowMs)
    })
  }

  /** One commit moves everything found. Rows that another process took meanwhile are left out. */
  async #lease(found: Found<P>, nowMs: number): Promise<LeasedJob<P>[]> {
    let { taken, parked } = found
    for (let attempt = 0; attempt < CLAIM_ATTEMPTS && taken.length + parked.length > 0; attempt++) {
      const writes = new CollectedWrites()
      for (const { entryKey, version } of [...taken, ...parked]) {
        writes.check(entryKey, version)
        writes.delete(entryKey)
      }
      const jobs = taken.map((job) => this.#putLease(writes, job.partition, job.id, job.row, nowMs))
      for (const { partition, id, row } of parked) this.#putReady(writes, partition, id, row)
      const result = await this.#store.commit(writes)
      if (result.ok) {
        for (const job of jobs) {
          job.version = result.version
          this.#leased.note(job.leaseUntilMs)
        }
        return jobs
      }
      const isStillThere = (job: StoredJob<P>) =>
        !result.conflicts.some((key) => Buffer.compare(key, job.entryKey) === 0)
      taken = taken.filter(isStillThere)
      parked = parked.filter(isStillThere)
    }
    return []
  }

  /** At the first claim, and again from time to time, the only process of a store finds out what there is. */
  async #learn(nowMs: number): Promise<void> {
    if (!this.#hasAdopted) {
      await this.#adoptOrphans()
      this.#hasAdopted = true
    } else if (nowMs < this.#resetMs) return
    this.#resetMs = nowMs + RESET_MS
    this.#later.reset()
    this.#leased.reset()
    await this.#ready.reset()
  }

  /** An embedded store has one owner: whatever others had leased, they are dead and their jobs are due. */
  async #adoptOrphans(): Promise<void> {
    for await (const page of pages((range) => this.#store.list(range), this.#rows.leasedRange(), BULK_LENGTH)) {
      const orphans = page.map((entry) => this.#rows.readTimed(entry)).filter((job) => job.row.owner !== this.#owner)
      if (orphans.length === 0) continue
      await transact(this.#store, async (tx) => {
        for (const { entryKey, version, partition, id, row } of orphans) {
          tx.check(entryKey, version)
          tx.delete(entryKey)
          this.#putReady(tx, partition, id, row)
        }
      })
    }
  }

  // ---- rows ----

  #putLease(writes: Writes, partition: string, id: string, row: JobRow<P>, nowMs: number): LeasedJob<P> {
    const leaseUntilMs = nowMs + this.leaseMs
    this.#leased.note(leaseUntilMs)
    const leased: JobRow<P> = { ...row, claims: row.claims + 1, owner: this.#owner }
    const entryKey = this.#rows.putLeased(writes, partition, id, leased, leaseUntilMs)
    return new LeasedJob(partition, id, leased, entryKey, leaseUntilMs)
  }

  #putReady(writes: Writes, partition: string, id: string, row: JobRow<P>): void {
    this.#ready.note(partition, row.dueMs)
    this.#rows.putReady(writes, partition, id, row)
  }

  #noteReady(jobs: readonly { partition: string; dueMs: number }[]): void {
    for (const { partition, dueMs } of jobs) this.#ready.note(partition, dueMs)
  }

  #putWaiting(writes: Writes, partition: string, id: string, row: JobRow<P>, nowMs: number): void {
    const { dueMs } = row
    if (dueMs > nowMs) {
      this.#later.note(dueMs)
      this.#rows.putLater(writes, partition, id, row)
      writes.afterCommit(() => {
        this.#later.note(dueMs)
        // Whoever waits has set its timer for a later time.
        this.#bell.ring()
      })
    } else {
      this.#putReady(writes, partition, id, row)
      writes.afterCommit(() => {
        this.#ready.note(partition, dueMs)
        this.#bell.ring()
      })
    }
  }

  #leasedRow({ enqueuedMs, dueMs, claims, payload }: Job<P>): JobRow<P> {
    return { enqueuedMs, dueMs, claims, owner: this.#owner, payload }
  }
}

function nameOf({ partition, id }: { readonly partition: string; readonly id: string }): string {
  return `${partition}\0${id}`
}
