import { type Clock, sleep } from '../../std/clock.ts'
import { encodeKey, prefixRange } from '../../store/keys.ts'
import type { Store } from '../../store/store.ts'
import { ConflictError, transact } from '../../store/transaction.ts'
import { isFifoName } from './arn.ts'
import { deleteContent } from './messages/content.ts'
import type { Messages } from './messages/messages.ts'
import { type Queue, queueOf } from './queues.ts'
import { DEDUPLICATION_MS } from './send.ts'
import {
  abandonedStores,
  attempts,
  bodySlices,
  contents,
  deduplications,
  deletedQueues,
  groupPlaces,
  groups,
  members,
  places,
  queues,
  received,
} from './tables.ts'

/** A name rests this long after its queue was deleted. */
export const DELETED_REST_MS = 60_000
const INTERVAL_MS = 60_000
/** Rows per deleting commit. */
const BATCH_ROWS = 500

const TABLES_OF_STORE = [
  contents,
  bodySlices,
  places,
  received,
  members,
  groups,
  groupPlaces,
  deduplications,
  attempts,
] as const

/** Takes away what nobody will ask for again. A worker: what it leaves undone, receivers do not see either. */
export class Upkeep {
  readonly #store: Store
  readonly #clock: Clock
  readonly #messages: Messages

  constructor(options: { store: Store; clock: Clock; messages: Messages }) {
    this.#store = options.store
    this.#clock = options.clock
    this.#messages = options.messages
  }

  async step(signal: AbortSignal): Promise<boolean> {
    const nowMs = this.#clock.now()
    await this.#clearAbandoned(signal)
    for await (const { key, value: row } of queues.scan(this.#store)) {
      if (signal.aborted) return false
      const [accountId, region, name] = key
      const queue = queueOf({ accountId, region, name }, row)
      if (isFifoName(name)) await this.#expireFifo(queue, nowMs, signal)
      else await this.#expireStandard(queue, nowMs, signal)
    }
    await this.#forgetDeleted(nowMs)
    this.#messages.heads.reset()
    return false
  }

  wait(signal: AbortSignal): Promise<void> {
    return sleep(this.#clock, INTERVAL_MS, signal)
  }

  /** Rows of deleted and purged queues. */
  async #clearAbandoned(signal: AbortSignal): Promise<void> {
    for await (const { key } of abandonedStores.scan(this.#store)) {
      const [storeId] = key
      for (const table of TABLES_OF_STORE) {
        const range = prefixRange([table.name, storeId])
        for (;;) {
          if (signal.aborted) return
          const rows = await this.#store.list({ ...range, limit: BATCH_ROWS })
          if (rows.length === 0) break
          await transact(this.#store, async (tx) => {
            for (const { key } of rows) tx.delete(key)
          })
        }
      }
      await transact(this.#store, async (tx) => abandonedStores.delete(tx, key))
      this.#messages.standard.forget(storeId)
    }
  }

  /** No message is visible before it was sent, so those whose place is older than the retention period are expired. */
  async #expireStandard(queue: Queue, nowMs: number, signal: AbortSignal): Promise<void> {
    const { storeId } = queue.row
    const beforeMs = Math.max(0, nowMs - queue.settings.retentionMs)
    const fromMs = this.#messages.heads.from(storeId)
    if (fromMs > beforeMs) return
    const gte = encodeKey([places.name, storeId, fromMs])
    const lt = encodeKey([places.name, storeId, beforeMs + 1])
    for (;;) {
      if (signal.aborted) return
      const rows = await this.#store.list({ gte, lt, limit: BATCH_ROWS })
      if (rows.length === 0) return
      await this.#retried(async (tx) => {
        for (const row of rows) {
          const { key, value } = places.decode(row)
          const messageId = key[3]
          tx.check(row.key, row.version)
          places.delete(tx, key)
          received.delete(tx, [storeId, messageId])
          deleteContent(tx, storeId, messageId, value.sliceCount)
        }
      })
    }
  }

  async #expireFifo(queue: Queue, nowMs: number, signal: AbortSignal): Promise<void> {
    const { storeId } = queue.row
    const beforeMs = nowMs - queue.settings.retentionMs
    // One look per group: its first message is its oldest.
    for await (const { key } of groups.scan(this.#store, [storeId])) {
      if (signal.aborted) return
      while (await this.#messages.fifo.expire(queue, key[1], nowMs, beforeMs));
    }
    for await (const { key, value } of deduplications.scan(this.#store, [storeId])) {
      if (value.sentMs + DEDUPLICATION_MS > nowMs) continue
      await this.#retried(async (tx) => {
        const current = await deduplications.get(tx, key)
        if (current?.sentMs === value.sentMs) deduplications.delete(tx, key)
      })
    }
    for await (const { key, value } of attempts.scan(this.#store, [storeId])) {
      if (value.atMs + DEDUPLICATION_MS <= nowMs) {
        await transact(this.#store, async (tx) => attempts.delete(tx, key))
      }
    }
  }

  async #forgetDeleted(nowMs: number): Promise<void> {
    for await (const { key, value: deletedMs } of deletedQueues.scan(this.#store)) {
      if (deletedMs + DELETED_REST_MS > nowMs) continue
      await this.#retried(async (tx) => {
        if ((await deletedQueues.get(tx, key)) === deletedMs) deletedQueues.delete(tx, key)
      })
    }
  }

  /** A conflict is somebody who received or deleted one of them: the next look shows it. */
  async #retried(fn: Parameters<typeof transact<void>>[1]): Promise<void> {
    try {
      await transact(this.#store, fn, 1)
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error
    }
  }
}
