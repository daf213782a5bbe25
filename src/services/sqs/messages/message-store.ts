import type { Transaction } from '../../../store/transaction.ts'
import type { Queue } from '../queues.ts'
import type { Receipt } from '../receipt-handle.ts'
import type { MessageState } from '../tables.ts'
import type { Content } from './content.ts'

/** A message as it goes into a queue. */
export interface StoredMessage {
  readonly messageId: string
  readonly content: Content
  readonly sentMs: number
  readonly visibleAtMs: number
  /** Grows with every message: the order among those that become visible together. FIFO queues number for themselves. */
  readonly order: number
  /** Dead letters bring along how often they were received. */
  readonly receiveCount?: number
  readonly firstReceivedMs?: number | null
}

/** A message that one receive has taken. */
export interface Claimed {
  readonly receipt: Receipt
  readonly state: MessageState
}

export interface ClaimRequest {
  readonly nowMs: number
  readonly limit: number
  readonly visibilityMs: number
  /** Of this receive. */
  readonly receipt: string
}

/** What became of a claim: `isMore` when others may be had at once (some were expired or went to the dead letters). */
export interface ClaimResult {
  readonly claimed: readonly Claimed[]
  readonly isMore: boolean
}

/** Decides over a message that is due, in the transaction that claims it. */
export type Sorter = (
  tx: Transaction,
  queue: Queue,
  messageId: string,
  state: MessageState,
  nowMs: number,
) => Promise<'deliver' | 'gone'>

export type VisibilityChange = 'changed' | 'stale' | 'not-in-flight'
export type Removal = 'removed' | 'absent' | 'expired'

/** How the messages of one kind of queue lie in the store. Two of them: standard and FIFO. */
export interface MessageStore {
  /** Adds a message to the caller's commit. Returns its sequence number in FIFO queues. */
  add(tx: Transaction, queue: Queue, message: StoredMessage): Promise<number | null>
  /** One commit: takes messages that are visible and hides them. */
  claim(queue: Queue, request: ClaimRequest): Promise<ClaimResult>
  /** When the next message that is hidden now becomes visible; undefined: none is hidden. */
  nextVisibleMs(queue: Queue, nowMs: number): Promise<number | undefined>
  changeVisibility(
    tx: Transaction,
    queue: Queue,
    receipt: Receipt,
    nowMs: number,
    visibleAtMs: number,
  ): Promise<VisibilityChange>
  remove(tx: Transaction, queue: Queue, receipt: Receipt, nowMs: number): Promise<Removal>
}
