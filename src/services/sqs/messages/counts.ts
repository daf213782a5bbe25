import { prefixRange } from '../../../store/keys.ts'
import type { Entry, Store } from '../../../store/store.ts'
import type { Clock } from '../../../std/clock.ts'
import type { Queue } from '../queues.ts'
import { members, places } from '../tables.ts'

export interface MessageCounts {
  readonly visibleCount: number
  readonly inFlightCount: number
  readonly delayedCount: number
}

const PAGE_ROWS = 2000
/** Queues with more messages than this are counted at most so often: counting reads every row. */
const FRESH_ROWS_MAX = 4000
const KEEP_MS = 15_000

/**
 * The approximate counts of a queue's attributes: exact for queues of a few thousand messages, up to 15 s old for longer ones. AWS promises
 * them within a minute.
 */
export class Counter {
  readonly #store: Store
  readonly #clock: Clock
  readonly #kept = new Map<string, { readonly atMs: number; readonly counts: Promise<MessageCounts> }>()

  constructor(store: Store, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  async count(queue: Queue): Promise<MessageCounts> {
    const { storeId } = queue.row
    const nowMs = this.#clock.now()
    const kept = this.#kept.get(storeId)
    if (kept !== undefined && kept.atMs + KEEP_MS > nowMs) return kept.counts
    const counts = this.#count(queue, nowMs)
    // Whoever asks while it is being counted gets the same answer.
    this.#kept.set(storeId, { atMs: nowMs, counts })
    try {
      const { visibleCount, inFlightCount, delayedCount } = await counts
      if (visibleCount + inFlightCount + delayedCount <= FRESH_ROWS_MAX) this.#kept.delete(storeId)
    } catch (error) {
      this.#kept.delete(storeId)
      throw error
    }
    return counts
  }

  forget(storeId: string): void {
    this.#kept.delete(storeId)
  }

  async #count({ row: { storeId }, settings }: Queue, nowMs: number): Promise<MessageCounts> {
    const counts = { visibleCount: 0, inFlightCount: 0, delayedCount: 0 }
    let { gte, lt } = prefixRange([settings.isFifo ? members.name : places.name, storeId])
    for (;;) {
      const page = await this.#store.list({ gte, lt, limit: PAGE_ROWS })
      for (const entry of page) {
        const { visibleAtMs, receipt } = settings.isFifo ? members.decode(entry).value : placeOf(entry)
        if (visibleAtMs <= nowMs) counts.visibleCount++
        else if (receipt === '') counts.delayedCount++
        else counts.inFlightCount++
      }
      const last = page.at(-1)
      if (last === undefined || page.length < PAGE_ROWS) return counts
      gte = Buffer.concat([last.key, Buffer.of(0)])
    }
  }
}

function placeOf(entry: Entry): { visibleAtMs: number; receipt: string } {
  const { key, value } = places.decode(entry)
  return { visibleAtMs: key[1], receipt: value.receipt }
}
