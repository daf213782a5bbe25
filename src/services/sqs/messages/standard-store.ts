import { encodeKey } from '../../../store/keys.ts'
import type { Entry, Store } from '../../../store/store.ts'
import { ConflictError, type Transaction, transact } from '../../../store/transaction.ts'
import type { Queue } from '../queues.ts'
import type { Receipt } from '../receipt-handle.ts'
import { type MessageState, type PlaceKey, places, received } from '../tables.ts'
import type { Arrivals } from './arrivals.ts'
import { Claims } from './claims.ts'
import { deleteContent, putContent } from './content.ts'
import type { Heads } from './heads.ts'
import type {
  Claimed,
  ClaimRequest,
  ClaimResult,
  MessageStore,
  Removal,
  Sorter,
  StoredMessage,
  VisibilityChange,
} from './message-store.ts'

/**
 * Messages of standard queues. Each has one place, at the time when it becomes visible: receiving moves it to the end of its visibility
 * timeout, so a message that nobody deletes is receivable again without anybody's doing, and the oldest is at the front.
 */
export class StandardStore implements MessageStore {
  readonly #store: Store
  readonly #heads: Heads
  readonly #arrivals: Arrivals
  readonly #sort: Sorter
  readonly #claims = new Map<string, Claims>()

  constructor(options: { store: Store; heads: Heads; arrivals: Arrivals; sort: Sorter }) {
    this.#store = options.store
    this.#heads = options.heads
    this.#arrivals = options.arrivals
    this.#sort = options.sort
  }

  async add(tx: Transaction, { row: { storeId } }: Queue, message: StoredMessage): Promise<null> {
    const { messageId, sentMs, visibleAtMs, order, content, receiveCount = 0, firstReceivedMs = null } = message
    const sliceCount = putContent(tx, storeId, messageId, content)
    const state = { sentMs, receiveCount, firstReceivedMs, receipt: '', ...(sliceCount > 0 && { sliceCount }) }
    tx.afterCommit(() => this.#heads.wrote(storeId, visibleAtMs))
    places.put(tx, [storeId, visibleAtMs, order, messageId], state)
    tx.afterCommit(() => this.#arrivals.ring(storeId))
    return null
  }

  async claim(queue: Queue, request: ClaimRequest): Promise<ClaimResult> {
    const { storeId } = queue.row
    const claims = this.#claimsIn(storeId)
    const found = await claims.look<Entry>((takenCount, isTaken) =>
      this.#visible(storeId, request.nowMs, request.limit, takenCount, isTaken),
    )
    if (found.length === 0) return { claimed: [], isMore: false }
    try {
      const claimed = await transact(this.#store, (tx) => this.#take(tx, queue, found, request), 1)
      return { claimed, isMore: claimed.length < found.length }
    } catch (error) {
      // Somebody else took or changed one of them: look again.
      if (error instanceof ConflictError) return { claimed: [], isMore: true }
      throw error
    } finally {
      claims.finish(found)
    }
  }

  /** The queue has gone. */
  forget(storeId: string): void {
    this.#claims.delete(storeId)
  }

  async nextVisibleMs({ row: { storeId } }: Queue, nowMs: number): Promise<number | undefined> {
    const gte = encodeKey([places.name, storeId, nowMs + 1])
    const [first] = await this.#store.list({ gte, lt: endOf(storeId), limit: 1 })
    return first === undefined ? undefined : places.decode(first).key[1]
  }

  async changeVisibility(
    tx: Transaction,
    { row: { storeId } }: Queue,
    receipt: Receipt,
    nowMs: number,
    visibleAtMs: number,
  ): Promise<VisibilityChange> {
    const found = await this.#received(tx, storeId, receipt)
    if (found === undefined) return 'stale'
    if (found.key[1] <= nowMs) return 'not-in-flight'
    places.delete(tx, found.key)
    tx.afterCommit(() => this.#heads.wrote(storeId, visibleAtMs))
    places.put(tx, [storeId, visibleAtMs, receipt.order, receipt.messageId], found.state)
    received.put(tx, [storeId, receipt.messageId], { visibleAtMs })
    tx.afterCommit(() => this.#arrivals.ring(storeId))
    return 'changed'
  }

  async remove(tx: Transaction, { row: { storeId } }: Queue, receipt: Receipt): Promise<Removal> {
    const found = await this.#received(tx, storeId, receipt)
    if (found === undefined) return 'absent'
    places.delete(tx, found.key)
    deleteMessage(tx, storeId, receipt.messageId, found.state)
    return 'removed'
  }

  /** The place of a message, if no later receive has taken it. */
  async #received(
    tx: Transaction,
    storeId: string,
    { messageId, order, receipt }: Receipt,
  ): Promise<{ key: PlaceKey; state: MessageState } | undefined> {
    const last = await received.get(tx, [storeId, messageId])
    if (last === undefined) return undefined
    const key = [storeId, last.visibleAtMs, order, messageId] as const
    const state = await places.get(tx, key)
    return state?.receipt === receipt ? { key, state } : undefined
  }

  async #visible(
    storeId: string,
    nowMs: number,
    limit: number,
    takenCount: number,
    isTaken: (entry: Entry) => boolean,
  ): Promise<Entry[]> {
    const look = this.#heads.begin(storeId)
    let firstMs: number | undefined
    try {
      if (look.fromMs > nowMs) return []
      const entries = await this.#store.list({
        gte: encodeKey([places.name, storeId, look.fromMs]),
        lt: encodeKey([places.name, storeId, nowMs + 1]),
        limit: limit + takenCount,
      })
      const first = entries[0]
      firstMs = first === undefined ? nowMs + 1 : places.decode(first).key[1]
      return entries.filter((entry) => !isTaken(entry)).slice(0, limit)
    } finally {
      this.#heads.end(look, firstMs)
    }
  }

  async #take(tx: Transaction, queue: Queue, found: readonly Entry[], request: ClaimRequest): Promise<Claimed[]> {
    const { storeId } = queue.row
    const { nowMs, visibilityMs, receipt } = request
    const claimed: Claimed[] = []
    for (const entry of found) {
      const { key, value } = places.decode(entry)
      const [, , order, messageId] = key
      tx.check(entry.key, entry.version)
      places.delete(tx, key)
      if ((await this.#sort(tx, queue, messageId, value, nowMs)) === 'gone') {
        deleteMessage(tx, storeId, messageId, value)
        continue
      }
      const state = afterReceive(value, nowMs, receipt)
      const visibleAtMs = nowMs + visibilityMs
      tx.afterCommit(() => this.#heads.wrote(storeId, visibleAtMs))
      places.put(tx, [storeId, visibleAtMs, order, messageId], state)
      received.put(tx, [storeId, messageId], { visibleAtMs })
      claimed.push({ receipt: { storeId, messageId, receipt, order }, state })
    }
    return claimed
  }

  #claimsIn(storeId: string): Claims {
    let claims = this.#claims.get(storeId)
    if (claims === undefined) this.#claims.set(storeId, (claims = new Claims()))
    return claims
  }
}

/** The state after one more receive. */
export function afterReceive(state: MessageState, nowMs: number, receipt: string): MessageState {
  return {
    ...state,
    receipt,
    receiveCount: state.receiveCount + 1,
    firstReceivedMs: state.firstReceivedMs ?? nowMs,
  }
}

function deleteMessage(tx: Transaction, storeId: string, messageId: string, state: MessageState): void {
  received.delete(tx, [storeId, messageId])
  deleteContent(tx, storeId, messageId, state.sliceCount)
}

function endOf(storeId: string): Buffer {
  return Buffer.concat([encodeKey([places.name, storeId]), Buffer.of(0xff)])
}
