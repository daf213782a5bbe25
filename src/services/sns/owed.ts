import { hash } from 'node:crypto'
import { AwsError } from '../../protocol/errors.ts'
import type { Transaction } from '../../store/transaction.ts'
import { parseTopicArn } from './arn.ts'
import type { Deliverer } from './deliver.ts'
import type { OwedPublication, PublishOutcome } from './doors.ts'
import { type Draft, MESSAGE_BYTES_MAX } from './message.ts'
import { checkForTopic, publish } from './publish.ts'
import { findTopic } from './topics.ts'

/** Adds a publication of another service to its commit, or says why the topic does not take it. */
export async function publishOwed(
  tx: Transaction,
  deliverer: Deliverer,
  topicArn: string,
  publication: OwedPublication,
): Promise<PublishOutcome> {
  const ref = parseTopicArn(topicArn)
  const topic = ref === undefined ? undefined : await findTopic(tx, ref)
  if (topic === undefined) return { kind: 'refused', note: `the topic ${topicArn} does not exist` }
  if (Buffer.byteLength(publication.message) > MESSAGE_BYTES_MAX) return { kind: 'refused', note: 'Message too long' }
  const draft: Draft = {
    messageId: messageIdOf(publication.id),
    message: publication.message,
    messages: {},
    subject: publication.subject,
    attributes: publication.attributes ?? {},
    groupId: publication.groupId,
    deduplicationId: publication.deduplicationId,
    traceHeader: publication.traceHeader,
  }
  try {
    checkForTopic(topic, draft)
  } catch (error) {
    if (error instanceof AwsError) return { kind: 'refused', note: error.message }
    throw error
  }
  const { publishedMs, about } = publication
  const { messageId, subscriptionCount } = await publish(tx, deliverer, topic, draft, publishedMs, about)
  return { kind: 'published', messageId, subscriptionCount }
}

function messageIdOf(id: string): string {
  const hex = hash('sha256', id, 'hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
