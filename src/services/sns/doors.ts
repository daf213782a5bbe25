import type { MessageExtras } from '../../delivery/delivery.ts'
import type { Caller } from '../../protocol/caller.ts'
import type { Decision, Grant, HttpInfo } from '../../protocol/operation.ts'
import type { Transaction } from '../../store/transaction.ts'

/** Evaluates what a caller wants of a topic. Provided by the authoriser. */
export type Authorize = (caller: Caller, grant: Grant) => Promise<Decision>

/** Where clients reach this server (`http://localhost:4566`), for links in notifications. */
export type Origin = (http: HttpInfo | undefined) => string

/** A message that another service publishes as part of its own commit. */
export interface OwedPublication extends MessageExtras {
  /** Unique; a repeat of the same work has the same. */
  readonly id: string
  readonly message: string
  readonly traceHeader?: string
  /** ms since 1970; a transaction reads no clock. */
  readonly publishedMs: number
  /** What `events why` is asked about; the topic's ARN unless told. */
  readonly about?: string
}

/** `refused`: the topic is gone, or does not take the message; the note says which. */
export type PublishOutcome =
  | { readonly kind: 'published'; readonly messageId: string; readonly subscriptionCount: number }
  | { readonly kind: 'refused'; readonly note: string }

/**
 * Adds a publication to a commit of another service: dead letters and destinations of functions. Whether the publisher may is the caller's
 * to ask before (`sns:Publish` on the topic's ARN). Never throws for what the message or the topic is; says `refused`.
 */
export type PublishDoor = (tx: Transaction, topicArn: string, publication: OwedPublication) => Promise<PublishOutcome>
