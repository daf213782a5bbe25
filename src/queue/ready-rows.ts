import type { Entry, Store } from '../store/store.ts'
import type { JobRows } from './job-rows.ts'
import type { Found, Takes } from './takes.ts'

/** Rows read at once while looking for due jobs. */
const PAGE_LENGTH = 64
/** Pages of one claim: with more partitions than this waiting for budget, a later claim goes on where this one stopped. */
const CLAIM_PAGES_MAX = 64

/** Due jobs by partition: finds some of each partition that may take more, and steps over the others. */
export interface ReadyRows<P> {
  /** Whether looking may find something. */
  readonly mayHave: boolean
  /** A row is about to be written, or was: call it before the commit, whose answer may get lost, and after. */
  note(partition: string, dueMs: number): void
  /** Learns anew what there is. */
  reset(): Promise<void>
  find(takes: Takes, found: Found<P>): Promise<void>
}

/**
 * For the only process of a store: it knows the partitions that have ready rows, and for each a time before which there is none.
 * As many as there are functions with a backlog, however long that is.
 */
export class OwnedReadyRows<P> implements ReadyRows<P> {
  readonly #store: Store
  readonly #rows: JobRows<P>
  /** In the order of their turns: who was served goes to the end. */
  readonly #floors = new Map<string, number>()

  constructor(store: Store, rows: JobRows<P>) {
    this.#store = store
    this.#rows = rows
  }

  get mayHave(): boolean {
    return this.#floors.size > 0
  }

  note(partition: string, dueMs: number): void {
    this.#floors.set(partition, Math.min(this.#floors.get(partition) ?? Number.POSITIVE_INFINITY, dueMs))
  }

  /** A skip-scan: one row of each partition. */
  async reset(): Promise<void> {
    for (let { gte, lt } = this.#rows.readyRange(); ; ) {
      const [entry] = await this.#store.list({ gte, lt, limit: 1 })
      if (entry === undefined) return
      const { partition, atMs } = this.#rows.readReady(entry)
      this.note(partition, atMs)
      gte = this.#rows.partitionRange(partition).lt
    }
  }

  async find(takes: Takes, found: Found<P>): Promise<void> {
    // A copy: who is served goes to the end of the map.
    for (const [partition, floorMs] of Array.from(this.#floors)) {
      if (takes.room <= 0) return
      const limit = Math.min(takes.allowance(partition), PAGE_LENGTH)
      if (limit <= 0) takes.hasDenied = true
      else await this.#findIn(partition, floorMs, limit, takes, found)
    }
  }

  async #findIn(partition: string, floorMs: number, limit: number, takes: Takes, found: Found<P>): Promise<void> {
    // Before the read: what is noted while we read must not be forgotten.
    this.#floors.delete(partition)
    const entries = await this.#store.list({ ...this.#rows.partitionRange(partition, floorMs), limit })
    for (const entry of entries) {
      const job = this.#rows.readReady(entry)
      // The first one's time, not the last one's: the commit that takes them may fail.
      this.note(partition, job.atMs)
      if (takes.take(partition)) found.taken.push(job)
    }
  }
}

/** For a store that others write to as well: looks at the rows each time, going round the partitions. */
export class SharedReadyRows<P> implements ReadyRows<P> {
  readonly mayHave = true
  readonly #store: Store
  readonly #rows: JobRows<P>
  /** Where the last look ended; the next begins behind it. */
  #lastPartition: string | undefined

  constructor(store: Store, rows: JobRows<P>) {
    this.#store = store
    this.#rows = rows
  }

  note(): void {}

  async reset(): Promise<void> {}

  async find(takes: Takes, found: Found<P>): Promise<void> {
    const start = this.#lastPartition
    const rounds = start === undefined ? [{}] : [{ after: start }, { upTo: start }]
    let pagesLeft = CLAIM_PAGES_MAX
    for (const bounds of rounds) {
      let { gte, lt } = this.#rows.readyRange(bounds)
      while (takes.room > 0 && pagesLeft-- > 0) {
        const entries = await this.#store.list({ gte, lt, limit: PAGE_LENGTH })
        const seen = this.#take(entries, takes, found)
        if (seen === undefined || entries.length < PAGE_LENGTH) break
        gte = seen.next
        if (pagesLeft === 0) this.#lastPartition = seen.partition
      }
    }
  }

  /** Where to read on: behind the last row, or behind its whole partition when that has no budget left. */
  #take(entries: readonly Entry[], takes: Takes, found: Found<P>): { next: Buffer; partition: string } | undefined {
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
}
