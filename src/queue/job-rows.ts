import { encodeKey, prefixRange } from '../store/keys.ts'
import type { Entry, Key, Range, Version } from '../store/store.ts'
import { json, Table } from '../store/table.ts'
import type { Writes } from '../store/transaction.ts'

/** A job as stored. Where it lies says its state, and when it is due or its lease ends. */
export interface JobRow<P> {
  readonly enqueuedMs: number
  readonly dueMs: number
  readonly claims: number
  /** Who holds the lease. */
  readonly owner?: string
  readonly payload: P
}

/** A row with the position it was read at. */
export interface StoredJob<P> {
  readonly entryKey: Key
  readonly version: Version
  readonly partition: string
  readonly id: string
  readonly row: JobRow<P>
  /** When it is due (ready, later) or its lease ends (leased). */
  readonly atMs: number
}

/**
 * Three ranges of rows:
 * - `ready`: due, by partition, so that one partition's backlog can be stepped over;
 * - `later`: by the time they fall due;
 * - `leased`: by the end of the lease. As many as are in flight, so what a dead process left is found quickly.
 */
export class JobRows<P> {
  readonly #ready: Table<[partition: string, dueMs: number, id: string], JobRow<P>>
  readonly #later: Table<[dueMs: number, partition: string, id: string], JobRow<P>>
  readonly #leased: Table<[leaseUntilMs: number, partition: string, id: string], JobRow<P>>

  constructor(queueName: string) {
    this.#ready = new Table(`queue.${queueName}.ready`, json())
    this.#later = new Table(`queue.${queueName}.later`, json())
    this.#leased = new Table(`queue.${queueName}.leased`, json())
  }

  putReady(writes: Writes, partition: string, id: string, row: JobRow<P>): void {
    this.#ready.put(writes, [partition, row.dueMs, id], row)
  }

  putLater(writes: Writes, partition: string, id: string, row: JobRow<P>): void {
    this.#later.put(writes, [row.dueMs, partition, id], row)
  }

  putLeased(writes: Writes, partition: string, id: string, row: JobRow<P>, leaseUntilMs: number): Key {
    return this.#leased.put(writes, [leaseUntilMs, partition, id], row)
  }

  /** All partitions, or those behind (`after`) or up to (`upTo`) a given one. */
  readyRange(bounds: { after?: string; upTo?: string } = {}): { gte: Buffer; lt: Buffer } {
    const all = prefixRange([this.#ready.name])
    return {
      gte: bounds.after === undefined ? all.gte : prefixRange([this.#ready.name, bounds.after]).lt,
      lt: bounds.upTo === undefined ? all.lt : prefixRange([this.#ready.name, bounds.upTo]).lt,
    }
  }

  /** Rows of one partition that were due at `fromMs` or later. */
  partitionRange(partition: string, fromMs = 0): { gte: Buffer; lt: Buffer } {
    const { gte, lt } = prefixRange([this.#ready.name, partition])
    return { gte: fromMs === 0 ? gte : encodeKey([this.#ready.name, partition, fromMs]), lt }
  }

  laterRange(fromMs = 0): { gte: Buffer; lt: Buffer } {
    return { gte: encodeKey([this.#later.name, fromMs]), lt: prefixRange([this.#later.name]).lt }
  }

  leasedRange(fromMs = 0): { gte: Buffer; lt: Buffer } {
    return { gte: encodeKey([this.#leased.name, fromMs]), lt: prefixRange([this.#leased.name]).lt }
  }

  readReady(entry: Entry): StoredJob<P> {
    const { key, value: row } = this.#ready.decode(entry)
    const [partition, atMs, id] = key
    return { entryKey: entry.key, version: entry.version, partition, id, row, atMs }
  }

  /** A row of `later` or `leased`: both begin with a time. */
  readTimed(entry: Entry): StoredJob<P> {
    const { key, value: row } = this.#later.decode(entry)
    const [atMs, partition, id] = key
    return { entryKey: entry.key, version: entry.version, partition, id, row, atMs }
  }
}

/** Pages through a range. */
export async function* pages(
  list: (range: Range) => Promise<Entry[]>,
  range: { gte: Key; lt: Key },
  pageLength: number,
): AsyncGenerator<Entry[]> {
  let gte = range.gte
  for (;;) {
    const page = await list({ gte, lt: range.lt, limit: pageLength })
    if (page.length > 0) yield page
    const last = page.at(-1)
    if (last === undefined || page.length < pageLength) return
    gte = Buffer.concat([last.key, Buffer.of(0)])
  }
}
