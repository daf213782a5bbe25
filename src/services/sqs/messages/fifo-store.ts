import { encodeKey } from '../../../store/keys.ts'
import type { Store } from '../../../store/store.ts'
import { type Transaction, transact } from '../../../store/transaction.ts'
import { type Queue, queueKey } from '../queues.ts'
import type { Receipt } from '../receipt-handle.ts'
import { groupPlaces, groups, type MemberRow, members, sequences } from '../tables.ts'
import type { Arrivals } from './arrivals.ts'
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
import { afterReceive } from './standard-store.ts'

/** Messages of a group are in flight together at most as many as one receive takes: the rows that say when the group is free again. */
const IN_FLIGHT_MAX = 10

type Member = MemberRow & { readonly sequence: number }

/**
 * Messages of FIFO queues. A group is one lane: its messages lie in the order of their sequences, and the group has one place, at the time
 * when its first message may be received. While messages of it are in flight that is when they become visible again. Every change of a
 * group writes its row, so that changes of one group never miss each other.
 */
export class FifoStore implements MessageStore {
  readonly #store: Store
  readonly #heads: Heads
  readonly #arrivals: Arrivals
  readonly #sort: Sorter

  constructor(options: { store: Store; heads: Heads; arrivals: Arrivals; sort: Sorter }) {
    this.#store = options.store
    this.#heads = options.heads
    this.#arrivals = options.arrivals
    this.#sort = options.sort
  }

  async add(tx: Transaction, queue: Queue, message: StoredMessage): Promise<number> {
    const { storeId } = queue.row
    const { messageId, sentMs, visibleAtMs, order, receiveCount = 0, firstReceivedMs = null } = message
    const groupId = message.content.groupId ?? messageId
    const key = queueKey(queue.ref)
    // Sequences grow with the commits of the queue. They begin with a time, so that a queue of the same name goes on where this one ended.
    const sequence = Math.max(order, ((await sequences.get(tx, key)) ?? 0) + 1)
    sequences.put(tx, key, sequence)
    const content = { ...message.content, sequenceNumber: printSequence(sequence) }
    const sliceCount = putContent(tx, storeId, messageId, content)
    members.put(tx, [storeId, groupId, sequence], {
      messageId,
      visibleAtMs,
      sentMs,
      receiveCount,
      firstReceivedMs,
      receipt: '',
      ...(sliceCount > 0 && { sliceCount }),
    })
    const group = await groups.get(tx, [storeId, groupId])
    this.#placeGroup(tx, storeId, groupId, group?.availableAtMs, group?.availableAtMs ?? visibleAtMs)
    tx.afterCommit(() => this.#arrivals.ring(storeId))
    return sequence
  }

  async claim(queue: Queue, request: ClaimRequest): Promise<ClaimResult> {
    const available = await this.#available(queue.row.storeId, request.nowMs, request.limit)
    if (available.length === 0) return { claimed: [], isMore: false }
    return transact(this.#store, async (tx) => {
      const claimed: Claimed[] = []
      let seen = 0
      for (const groupId of available) {
        if (claimed.length >= request.limit) break
        seen += await this.#takeFrom(tx, queue, groupId, request, claimed)
      }
      return { claimed, isMore: seen > claimed.length }
    })
  }

  async nextVisibleMs({ row: { storeId } }: Queue, nowMs: number): Promise<number | undefined> {
    const gte = encodeKey([groupPlaces.name, storeId, nowMs + 1])
    const lt = Buffer.concat([encodeKey([groupPlaces.name, storeId]), Buffer.of(0xff)])
    const [first] = await this.#store.list({ gte, lt, limit: 1 })
    return first === undefined ? undefined : groupPlaces.decode(first).key[1]
  }

  async changeVisibility(
    tx: Transaction,
    { row: { storeId } }: Queue,
    receipt: Receipt,
    nowMs: number,
    visibleAtMs: number,
  ): Promise<VisibilityChange> {
    const { groupId = '', order } = receipt
    const group = await groups.get(tx, [storeId, groupId])
    const member = await members.get(tx, [storeId, groupId, order])
    if (group === undefined || member === undefined || member.receipt !== receipt.receipt) return 'stale'
    if (member.visibleAtMs <= nowMs) return 'not-in-flight'
    const changed = { ...member, visibleAtMs }
    members.put(tx, [storeId, groupId, order], changed)
    const front = (await this.#front(tx, storeId, groupId)).map((other) =>
      other.sequence === order ? { ...changed, sequence: order } : other,
    )
    this.#placeGroup(tx, storeId, groupId, group.availableAtMs, availableAt(front, nowMs))
    tx.afterCommit(() => this.#arrivals.ring(storeId))
    return 'changed'
  }

  async remove(tx: Transaction, { row: { storeId } }: Queue, receipt: Receipt, nowMs: number): Promise<Removal> {
    const { groupId = '', order, messageId } = receipt
    const group = await groups.get(tx, [storeId, groupId])
    const member = await members.get(tx, [storeId, groupId, order])
    if (group === undefined || member === undefined) return 'absent'
    // Somebody else may have it by now: deleting it would break the order of its group.
    if (member.receipt !== receipt.receipt || member.visibleAtMs <= nowMs) return 'expired'
    members.delete(tx, [storeId, groupId, order])
    deleteContent(tx, storeId, messageId, member.sliceCount)
    const front = (await this.#front(tx, storeId, groupId)).filter((other) => other.sequence !== order)
    this.#placeGroup(tx, storeId, groupId, group.availableAtMs, availableAt(front, nowMs))
    tx.afterCommit(() => this.#arrivals.ring(storeId))
    return 'removed'
  }

  /** One commit: takes away the first messages of a group that were sent before `beforeMs` and are not in flight. False: there are none. */
  async expire({ row: { storeId } }: Queue, groupId: string, nowMs: number, beforeMs: number): Promise<boolean> {
    return transact(this.#store, async (tx) => {
      const group = await groups.get(tx, [storeId, groupId])
      if (group === undefined) return false
      const front = await this.#front(tx, storeId, groupId)
      const isExpired = (member: Member) => member.sentMs <= beforeMs && member.visibleAtMs <= nowMs
      const expired = front.filter(isExpired)
      if (expired.length === 0) return false
      for (const { sequence, messageId, sliceCount } of expired) {
        members.delete(tx, [storeId, groupId, sequence])
        deleteContent(tx, storeId, messageId, sliceCount)
      }
      const rest = front.filter((member) => !isExpired(member))
      this.#placeGroup(tx, storeId, groupId, group.availableAtMs, this.#afterTaking(front, rest, nowMs))
      return true
    })
  }

  /** Groups that may be received from, those that waited longest first. */
  async #available(storeId: string, nowMs: number, limit: number): Promise<string[]> {
    const look = this.#heads.begin(storeId)
    let firstMs: number | undefined
    try {
      if (look.fromMs > nowMs) return []
      const entries = await this.#store.list({
        gte: encodeKey([groupPlaces.name, storeId, look.fromMs]),
        lt: encodeKey([groupPlaces.name, storeId, nowMs + 1]),
        limit,
      })
      const keys = entries.map((entry) => groupPlaces.decode(entry).key)
      firstMs = keys[0]?.[1] ?? nowMs + 1
      return keys.map(([, , groupId]) => groupId)
    } finally {
      this.#heads.end(look, firstMs)
    }
  }

  /** Takes from the front of one group what is visible. Returns how many messages it looked at and took or did away with. */
  async #takeFrom(
    tx: Transaction,
    queue: Queue,
    groupId: string,
    request: ClaimRequest,
    claimed: Claimed[],
  ): Promise<number> {
    const { storeId } = queue.row
    const { nowMs, limit, visibilityMs, receipt } = request
    const group = await groups.get(tx, [storeId, groupId])
    if (group === undefined || group.availableAtMs > nowMs) return 0
    const front = await this.#front(tx, storeId, groupId)
    const rest = new Map(front.map((member) => [member.sequence, member]))
    let seen = 0
    for (const member of front) {
      if (claimed.length >= limit || member.visibleAtMs > nowMs) break
      const { sequence, messageId, visibleAtMs: _, ...state } = member
      seen++
      if ((await this.#sort(tx, queue, messageId, state, nowMs)) === 'gone') {
        members.delete(tx, [storeId, groupId, sequence])
        deleteContent(tx, storeId, messageId, state.sliceCount)
        rest.delete(sequence)
        continue
      }
      const row = { ...afterReceive(state, nowMs, receipt), messageId, visibleAtMs: nowMs + visibilityMs }
      members.put(tx, [storeId, groupId, sequence], row)
      rest.set(sequence, { ...row, sequence })
      claimed.push({ receipt: { storeId, messageId, receipt, order: sequence, groupId }, state: row })
    }
    this.#placeGroup(tx, storeId, groupId, group.availableAtMs, this.#afterTaking(front, [...rest.values()], nowMs))
    return seen
  }

  /** When the group is available with `rest` left of its `front`. More may lie behind a front that has gone altogether: the next look shows. */
  #afterTaking(front: readonly Member[], rest: readonly Member[], nowMs: number): number | undefined {
    if (rest.length > 0 || front.length <= IN_FLIGHT_MAX) return availableAt(rest, nowMs)
    return nowMs
  }

  async #front(tx: Transaction, storeId: string, groupId: string): Promise<Member[]> {
    const rows = await members.list(tx, { prefix: [storeId, groupId], limit: IN_FLIGHT_MAX + 1 })
    return rows.map(({ key, value }) => ({ ...value, sequence: key[2] }))
  }

  #placeGroup(
    tx: Transaction,
    storeId: string,
    groupId: string,
    beforeMs: number | undefined,
    afterMs: number | undefined,
  ): void {
    if (beforeMs !== undefined && beforeMs !== afterMs) groupPlaces.delete(tx, [storeId, beforeMs, groupId])
    if (afterMs === undefined) {
      groups.delete(tx, [storeId, groupId])
      return
    }
    tx.afterCommit(() => this.#heads.wrote(storeId, afterMs))
    groups.put(tx, [storeId, groupId], { availableAtMs: afterMs })
    groupPlaces.put(tx, [storeId, afterMs, groupId], 0)
  }
}

/** Twenty digits, as AWS prints sequence numbers. */
export function printSequence(sequence: number): string {
  return String(10n ** 19n + BigInt(sequence))
}

/** When a group may be received from, told by its first messages; undefined when it has none. */
function availableAt(front: readonly MemberRow[], nowMs: number): number | undefined {
  const first = front[0]
  if (first === undefined) return undefined
  const inFlight = front.filter((member) => member.receipt !== '' && member.visibleAtMs > nowMs)
  if (inFlight.length > 0) return Math.max(...inFlight.map((member) => member.visibleAtMs))
  // Behind the groups that wait already: none shall starve.
  return Math.max(nowMs, first.visibleAtMs)
}
