import { assert } from '../std/assert.ts'
import type { Clock } from '../std/clock.ts'
import type { Entry, Key, Store, Version } from '../store/store.ts'
import { transact, type Writes } from '../store/transaction.ts'
import { Doorbell } from './doorbell.ts'
import { JobRows, pages, type JobRow, type StoredJob } from './job-rows.ts'
import type { Job, NewJob, Queue, QueueOptions } from './queue.ts'

/** Somebody else has claimed the job meanwhile: what this run did must not be recorded. */
export class LeaseLostError extends Error {}

const POLL_MS_DEFAULT = 1000

/** Rows read at once while looking for due jobs. */
const PAGE_LENGTH = 64
/** Pages of one claim: with more partitions than this waiting for budget, a later claim goes on where this one stopped. */
const CLAIM_PAGES_MAX = 64
const GO_ON_MS = 50
/** Rows given back or counted at once. */
const BULK_LENGTH = 500
/** Claims that lose a row to another process try again with the rest. */
const CLAIM_ATTEMPTS = 3

type Budget = (partition: string) => number

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
  /** Claims run one after another: two at once would only take each other's rows. */
  #claiming: Promise<unknown> = Promise.resolve()
  #hasAdopted = false

  // What this process knows without looking. It may be wrong only towards looking too often, or for one poll interval.
  #mayHaveReady = true
  #nextMs = 0
  #hasBlocked = false
  #skippedLook = false
  /** Where the last look at ready jobs ended; the next begins behind it. */
  #lastPartition: string | undefined

  /** Jobs written as leased to us by `enqueue`, waiting in memory for the next claim. Never more than the last claim left room for. */
  #handed: LeasedJob<P>[] = []
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
    this.#rows = new JobRows(options.name)
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
    const entryKey = this.#rows.putLeased(writes, job.partition, job.id, this.#leasedRow(lease), leaseUntilMs)
    const result = await this.#store.commit(writes)
    if (!result.ok) throw new LeaseLostError(`job ${job.id} of ${this.name} is no longer leased to this process`)
    lease.moveTo(entryKey, result.version, leaseUntilMs)
    this.#expect(leaseUntilMs)
    return lease
  }

  wait(signal: AbortSignal): Promise<void> {
    const delayMs = Math.min(this.#pollMs, Math.max(0, this.#nextMs - this.#clock.now()))
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
      this.#rows.putReady(writes, job.partition, job.id, { ...this.#leasedRow(job), claims: job.claims - 1 })
    }
    this.#mayHaveReady = true
    // A conflict means that a lease ran out meanwhile and the job is somebody else's; the others' leases run out too.
    await this.#store.commit(writes)
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
    this.#expect(job.leaseUntilMs)
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
      if (job.leaseUntilMs <= nowMs) this.#nextMs = 0
      else if (takes.take(job.partition)) taken.push(job)
      else left.push(job)
    }
    this.#handed = left
    return taken
  }

  // ---- claiming from the store ----

  async #claim(limit: number, budget: Budget): Promise<LeasedJob<P>[]> {
    this.#bell.hear()
    if (limit <= 0) return []
    if (this.#isExclusive && !this.#hasAdopted) await this.#adoptOrphans()
    const takes = new Takes(limit, budget)
    const jobs = this.#takeHanded(takes)
    if (takes.room > 0 && this.#mustLook()) {
      // What was handed over should not wait for a look at the store; the look must not wait for ever either.
      if (jobs.length > 0 && !this.#skippedLook) {
        this.#skippedLook = true
        this.#bell.ring()
      } else {
        this.#skippedLook = false
        jobs.push(...(await this.#look(takes)))
      }
    }
    if (takes.hasDenied) this.#mayHaveReady = true
    this.#hasBlocked = this.#mayHaveReady
    // Full: there may be more, and a caller that has room again must not wait for a doorbell.
    if (takes.room === 0) this.#bell.ring()
    this.#budget = budget
    this.#room = limit - jobs.length
    return jobs
  }

  #mustLook(): boolean {
    return !this.#isExclusive || this.#mayHaveReady || this.#clock.now() >= this.#nextMs
  }

  async #look(takes: Takes): Promise<LeasedJob<P>[]> {
    const nowMs = this.#clock.now()
    // Before the first read: a commit that lands while we read rings, and sets these again.
    this.#mayHaveReady = false
    this.#nextMs = nowMs + this.#pollMs
    const found: Found<P> = { taken: [], parked: [] }
    await this.#findTimed(this.#rows.leasedRange(), nowMs, takes, found)
    await this.#findTimed(this.#rows.laterRange(), nowMs, takes, found)
    await this.#findReady(takes, found)
    return this.#lease(found, nowMs)
  }

  /** Expired leases and scheduled jobs that have fallen due. Those without budget are parked, or they would hide the others. */
  async #findTimed(range: { gte: Key; lt: Key }, nowMs: number, takes: Takes, found: Found<P>): Promise<void> {
    const entries = await this.#store.list({ ...range, limit: PAGE_LENGTH })
    for (const entry of entries) {
      const job = this.#rows.readTimed(entry)
      if (job.atMs > nowMs) return this.#expect(job.atMs)
      if (takes.take(job.partition)) found.taken.push(job)
      else found.parked.push(job)
    }
    if (entries.length === PAGE_LENGTH) this.#expect(nowMs)
  }

  /** Goes round the partitions, beginning behind the one that was served last. */
  async #findReady(takes: Takes, found: Found<P>): Promise<void> {
    const start = this.#lastPartition
    const rounds = start === undefined ? [{}] : [{ after: start }, { upTo: start }]
    let pagesLeft = CLAIM_PAGES_MAX
    for (const bounds of rounds) {
      let { gte, lt } = this.#rows.readyRange(bounds)
      for (;;) {
        if (takes.room === 0) return void (this.#mayHaveReady = true)
        if (pagesLeft-- === 0) {
          this.#mayHaveReady = true
          return this.#expect(this.#clock.now() + GO_ON_MS)
        }
        const entries = await this.#store.list({ gte, lt, limit: PAGE_LENGTH })
        const seen = this.#takeReady(entries, takes, found)
        if (seen === undefined || entries.length < PAGE_LENGTH) break
        gte = seen.next
        if (pagesLeft === 0) this.#lastPartition = seen.partition
      }
    }
    if (takes.room === 0) this.#mayHaveReady = true
  }

  /** Where to read on: behind the last row, or behind its whole partition when that has no budget left. */
  #takeReady(
    entries: readonly Entry[],
    takes: Takes,
    found: Found<P>,
  ): { next: Buffer; partition: string } | undefined {
    let seen: { next: Buffer; partition: string } | undefined
    for (const entry of entries) {
      const job = this.#rows.readReady(entry)
      const { partition } = job
      if (takes.take(partition)) {
        found.taken.push(job)
        this.#lastPartition = partition
        seen = { next: Buffer.concat([entry.key, Buffer.of(0)]), partition }
      } else if (takes.room === 0) return seen
      else seen = { next: this.#rows.partitionRange(partition).lt, partition }
    }
    return seen
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
      for (const { partition, id, row } of parked) this.#rows.putReady(writes, partition, id, row)
      const result = await this.#store.commit(writes)
      if (result.ok) {
        for (const job of jobs) {
          job.version = result.version
          this.#expect(job.leaseUntilMs)
        }
        return jobs
      }
      this.#mayHaveReady = true
      const isStillThere = (job: StoredJob<P>) =>
        !result.conflicts.some((key) => Buffer.compare(key, job.entryKey) === 0)
      taken = taken.filter(isStillThere)
      parked = parked.filter(isStillThere)
    }
    return []
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
          this.#rows.putReady(tx, partition, id, row)
        }
      })
    }
    this.#mayHaveReady = true
    this.#hasAdopted = true
  }

  // ---- rows ----

  #putLease(writes: Writes, partition: string, id: string, row: JobRow<P>, nowMs: number): LeasedJob<P> {
    const leaseUntilMs = nowMs + this.leaseMs
    const leased: JobRow<P> = { ...row, claims: row.claims + 1, owner: this.#owner }
    const entryKey = this.#rows.putLeased(writes, partition, id, leased, leaseUntilMs)
    return new LeasedJob(partition, id, leased, entryKey, leaseUntilMs)
  }

  #putWaiting(writes: Writes, partition: string, id: string, row: JobRow<P>, nowMs: number): void {
    if (row.dueMs > nowMs) {
      this.#rows.putLater(writes, partition, id, row)
      writes.afterCommit(() => {
        this.#expect(row.dueMs)
        // Whoever waits has set its timer for a later time.
        this.#bell.ring()
      })
    } else {
      this.#rows.putReady(writes, partition, id, row)
      writes.afterCommit(() => {
        this.#mayHaveReady = true
        this.#bell.ring()
      })
    }
  }

  #leasedRow({ enqueuedMs, dueMs, claims, payload }: Job<P>): JobRow<P> {
    return { enqueuedMs, dueMs, claims, owner: this.#owner, payload }
  }

  #expect(atMs: number): void {
    this.#nextMs = Math.min(this.#nextMs, atMs)
  }
}

interface Found<P> {
  readonly taken: StoredJob<P>[]
  /** Due, but their partition may take no more now. */
  readonly parked: StoredJob<P>[]
}

/** Counts what one claim takes, against its limit and each partition's budget. */
class Takes {
  room: number
  hasDenied = false
  readonly #budget: Budget
  readonly #left = new Map<string, number>()

  constructor(limit: number, budget: Budget) {
    this.room = limit
    this.#budget = budget
  }

  take(partition: string): boolean {
    const left = this.#left.get(partition) ?? this.#budget(partition)
    if (left <= 0 || this.room <= 0) {
      this.#left.set(partition, left)
      this.hasDenied = true
      return false
    }
    this.#left.set(partition, left - 1)
    this.room--
    return true
  }
}

/** A claimed job and where its lease lies. */
class LeasedJob<P> implements Job<P> {
  readonly partition: string
  readonly id: string
  readonly dueMs: number
  readonly enqueuedMs: number
  readonly claims: number
  readonly payload: P
  leaseUntilMs: number
  entryKey: Key
  version: Version = 0

  constructor(partition: string, id: string, row: JobRow<P>, entryKey: Key, leaseUntilMs: number) {
    this.partition = partition
    this.id = id
    this.dueMs = row.dueMs
    this.enqueuedMs = row.enqueuedMs
    this.claims = row.claims
    this.payload = row.payload
    this.entryKey = entryKey
    this.leaseUntilMs = leaseUntilMs
  }

  moveTo(entryKey: Key, version: Version, leaseUntilMs: number): void {
    this.entryKey = entryKey
    this.version = version
    this.leaseUntilMs = leaseUntilMs
  }
}

function leaseOf<P>(job: Job<P>): LeasedJob<P> {
  assert(job instanceof LeasedJob, 'a job is settled with the object that claim returned')
  return job as LeasedJob<P>
}

/** Writes of the queue's own commits. */
class CollectedWrites implements Writes {
  readonly checks: { key: Key; version: Version | null }[] = []
  readonly puts: [Key, Uint8Array][] = []
  readonly deletes: Key[] = []

  put(key: Key, value: Uint8Array): void {
    this.puts.push([key, value])
  }
  delete(key: Key): void {
    this.deletes.push(key)
  }
  check(key: Key, version: Version | null): void {
    this.checks.push({ key, version })
  }
  afterCommit(): void {}
}
