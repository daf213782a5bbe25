import type { MessageExtras } from '../../delivery/delivery.ts'
import type { Caller } from '../../protocol/caller.ts'
import type { Decision, Grant, HttpInfo } from '../../protocol/operation.ts'
import type { Transaction } from '../../store/transaction.ts'

/** Evaluates what a caller wants of a queue. Provided by the authoriser. */
export type Authorize = (caller: Caller, grant: Grant) => Promise<Decision>

/** Where clients reach this server (`http://localhost:4566`), for queue URLs. */
export type Origin = (http: HttpInfo | undefined) => string

/** A message that another service sends as part of its own commit. */
export interface OwedMessage extends MessageExtras {
  /** Unique; a repeat of the same work has the same, so that it is the same message. */
  readonly id: string
  readonly body: string
  /** `AWSTraceHeader` */
  readonly traceHeader?: string
  /** What `SenderId` says. */
  readonly senderId: string
  /** ms since 1970; a transaction reads no clock. */
  readonly sentMs: number
}

/** `refused`: the queue is gone, the message too long or not for a queue of this kind; the note says which. */
export type Sent =
  | { readonly kind: 'sent'; readonly messageId: string; readonly sequenceNumber: string | null }
  | { readonly kind: 'refused'; readonly note: string }

/**
 * Adds a message to a commit of another service: dead letters and destinations of functions. Whether the sender may is the caller's to ask
 * before (`sqs:SendMessage` on the queue's ARN). Never throws for what the message or the queue is; says `refused`.
 */
export type SendMessageDoor = (tx: Transaction, queueArn: string, message: OwedMessage) => Promise<Sent>
