import type { Delivery } from '../../delivery/delivery.ts'
import { json, raw, Table } from '../../store/table.ts'

export type SetAttributes = Readonly<Record<string, string>>

export interface TopicRow {
  readonly createdMs: number
  /** What was set; the rest has defaults. */
  readonly attributes: SetAttributes
  readonly tags: Readonly<Record<string, string>>
  /** Subscriptions that were taken away since it was made: what `SubscriptionsDeleted` says. */
  readonly deletedCount: number
}

export type TopicKey = readonly [accountId: string, region: string, name: string]
export const topics = new Table<TopicKey, TopicRow>('sns-topic', json<TopicRow>())

export type Protocol = 'sqs' | 'lambda' | 'http' | 'https'

export interface SubscriptionRow {
  readonly protocol: Protocol
  readonly endpoint: string
  readonly ownerAccountId: string
  readonly attributes: SetAttributes
  readonly createdMs: number
  /** What the endpoint must send back to be confirmed; `null` when it is. */
  readonly pendingToken: string | null
  /** Lets whoever got a message end the subscription by its link. */
  readonly unsubscribeToken: string
  /** Confirmed so that only a signed call may end it. */
  readonly needsSignedUnsubscribe: boolean
}

export type SubscriptionKey = readonly [accountId: string, region: string, topic: string, id: string]
export const subscriptions = new Table<SubscriptionKey, SubscriptionRow>('sns-subscription', json<SubscriptionRow>())

export interface DeduplicationRow {
  readonly atMs: number
  readonly messageId: string
  readonly sequenceNumber: string
}
/** What was published to a FIFO topic in the last five minutes. */
export const deduplications = new Table<
  readonly [accountId: string, region: string, topic: string, scope: string, deduplicationId: string],
  DeduplicationRow
>('sns-deduplication', json<DeduplicationRow>())
export const sequences = new Table<TopicKey, number>('sns-sequence', json<number>())

/** One message on its way to one subscription. */
export interface OwedMessage {
  readonly subscriptionArn: string
  readonly protocol: Protocol
  /** The payload is text, or how many slices of it lie in {@link payloadSlices}. */
  readonly delivery: Omit<Delivery, 'payload'> & { readonly payload: string | { readonly slices: number } }
  /** Headers of a POST, in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Where it goes when it cannot be delivered. */
  readonly deadLetterArn: string | null
}

export const payloadSlices = new Table<readonly [deliveryId: string, slice: number], Uint8Array>('sns-payload', raw)
