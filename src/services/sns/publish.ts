import { hash } from 'node:crypto'
import type { Delivery } from '../../delivery/delivery.ts'
import type { Transaction } from '../../store/transaction.ts'
import { subscriptionArn } from './arn.ts'
import { filterOf } from './attributes.ts'
import type { Deliverer } from './deliver.ts'
import { invalidParameter } from './errors.ts'
import type { Draft } from './message.ts'
import type { Published } from './notification.ts'
import { deduplications, sequences, subscriptions } from './tables.ts'
import { SUBSCRIPTIONS_MAX, type Topic, topicKey } from './topics.ts'

/** How long a FIFO topic remembers what was published. AWS: five minutes. */
export const DEDUPLICATION_MS = 5 * 60 * 1000

export interface PublishResult {
  readonly messageId: string
  readonly sequenceNumber: string | null
  /** Subscriptions that get it. */
  readonly subscriptionCount: number
}

/** Throws InvalidParameter for a message that this topic does not take. */
export function checkForTopic({ isFifo, row }: Topic, draft: Draft): void {
  if (!isFifo) {
    if (draft.deduplicationId === undefined) return
    throw invalidParameter(
      'MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type',
    )
  }
  if (draft.groupId === undefined) throw invalidParameter('The MessageGroupId parameter is required for FIFO topics')
  if (draft.deduplicationId === undefined && row.attributes['ContentBasedDeduplication'] !== 'true') {
    throw invalidParameter(
      'The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
    )
  }
}

/**
 * Adds a checked message to the commit: every subscription that wants it gets it there and then, or a durable job. What a function or queue
 * takes is in the same commit as the publication. `subject` is what `events why` is asked about.
 */
export async function publish(
  tx: Transaction,
  deliverer: Deliverer,
  topic: Topic,
  draft: Draft,
  publishedMs: number,
  subject: string = topic.arn,
): Promise<PublishResult> {
  const key = topicKey(topic.ref)
  let sequenceNumber: string | null = null
  let deduplicationId: string | undefined
  if (topic.isFifo) {
    deduplicationId = draft.deduplicationId ?? hash('sha256', draft.message, 'hex')
    const scope = topic.row.attributes['FifoThroughputScope'] === 'MessageGroup' ? (draft.groupId ?? '') : ''
    const known = await deduplications.get(tx, [...key, scope, deduplicationId])
    if (known !== undefined && known.atMs + DEDUPLICATION_MS > publishedMs) return { ...known, subscriptionCount: 0 }
    const sequence = Math.max(((await sequences.get(tx, key)) ?? 0) + 1, publishedMs * 1000)
    sequences.put(tx, key, sequence)
    sequenceNumber = String(10n ** 19n + BigInt(sequence))
    const row = { atMs: publishedMs, messageId: draft.messageId, sequenceNumber }
    deduplications.put(tx, [...key, scope, deduplicationId], row)
  }
  const rows = await subscriptions.list(tx, { prefix: key, limit: SUBSCRIPTIONS_MAX })
  let subscriptionCount = 0
  for (const { key: rowKey, value: subscription } of rows) {
    if (subscription.pendingToken !== null) continue
    const message = draft.messages[subscription.protocol] ?? draft.message
    if (filterOf(subscription.attributes)?.({ body: message, attributes: draft.attributes }) === false) continue
    const published: Published = {
      messageId: draft.messageId,
      topicArn: topic.arn,
      subject: draft.subject,
      message,
      attributes: draft.attributes,
      sequenceNumber,
      publishedMs,
    }
    subscriptionCount++
    const source: Delivery['source'] = {
      principal: 'sns.amazonaws.com',
      arn: topic.arn,
      accountId: topic.ref.accountId,
    }
    await deliverer.owe(tx, {
      id: `${draft.messageId}-${rowKey[3]}`,
      subscriptionArn: subscriptionArn({ ...topic.ref, id: rowKey[3] }),
      subscription,
      published,
      source,
      subject,
      traceHeader: draft.traceHeader,
      groupId: draft.groupId,
      deduplicationId,
    })
  }
  return { messageId: draft.messageId, sequenceNumber, subscriptionCount }
}
