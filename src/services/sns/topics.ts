import type { Reader } from '../../store/table.ts'
import { isFifoName, type SubscriptionRef, type TopicRef, topicArn } from './arn.ts'
import { subscriptionNotFound, topicNotFound } from './errors.ts'
import { type SubscriptionRow, subscriptions, type TopicKey, type TopicRow, topics } from './tables.ts'

/** AWS allows 12.5 million; here a message goes to all subscriptions of its topic in one commit. */
export const SUBSCRIPTIONS_MAX = 1000

/** A topic that exists, as read. */
export interface Topic {
  readonly ref: TopicRef
  readonly arn: string
  readonly row: TopicRow
  readonly isFifo: boolean
}

export function topicKey({ accountId, region, name }: TopicRef): TopicKey {
  return [accountId, region, name]
}

/** Read through a transaction, the commit fails when the topic has changed or gone meanwhile. */
export async function findTopic(reader: Reader, ref: TopicRef): Promise<Topic | undefined> {
  const row = await topics.get(reader, topicKey(ref))
  return row === undefined ? undefined : { ref, arn: topicArn(ref), row, isFifo: isFifoName(ref.name) }
}

/** Throws NotFound. */
export async function requireTopic(reader: Reader, ref: TopicRef): Promise<Topic> {
  const topic = await findTopic(reader, ref)
  if (topic === undefined) throw topicNotFound()
  return topic
}

/** Throws NotFound. */
export async function requireSubscription(reader: Reader, ref: SubscriptionRef): Promise<SubscriptionRow> {
  const row = await subscriptions.get(reader, [...topicKey(ref), ref.id])
  if (row === undefined) throw subscriptionNotFound()
  return row
}

/** What a topic without a policy of its own lets its account do. */
export function policyTextOf({ ref, arn, row }: Topic): string {
  const own = row.attributes['Policy']
  if (own !== undefined) return own
  const actions = ['GetTopicAttributes', 'SetTopicAttributes', 'AddPermission', 'RemovePermission', 'DeleteTopic']
  return JSON.stringify({
    Version: '2008-10-17',
    Id: '__default_policy_ID',
    Statement: [
      {
        Sid: '__default_statement_ID',
        Effect: 'Allow',
        Principal: { AWS: '*' },
        Action: [...actions, 'Subscribe', 'ListSubscriptionsByTopic', 'Publish'].map((action) => `SNS:${action}`),
        Resource: arn,
        Condition: { StringEquals: { 'AWS:SourceOwner': ref.accountId } },
      },
    ],
  })
}
