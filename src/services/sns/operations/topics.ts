import { transact } from '../../../store/transaction.ts'
import { isFifoName, topicArn } from '../arn.ts'
import { checkTopicAttributes } from '../attributes.ts'
import { endTopic } from '../confirm.ts'
import { invalidParameter, unsupportedAttribute } from '../errors.ts'
import { pageOf, type SnsOperation, topicGrant } from '../operation.ts'
import { requireTopicArn } from '../arn.ts'
import { subscriptions, topics } from '../tables.ts'
import { readTags, tagContext } from '../tags.ts'
import { findTopic, policyTextOf, requireTopic, SUBSCRIPTIONS_MAX, type Topic, topicKey } from '../topics.ts'

export const createTopic: SnsOperation<'CreateTopic'> = {
  authorize(call) {
    const { Name = '*', Tags } = call.input
    const resource = topicArn({ accountId: call.accountId, region: call.region, name: Name })
    const context = tagContext(Tags)
    const create = { action: 'sns:CreateTopic', resource, ...(context && { context }) }
    return context === undefined ? [create] : [create, { ...create, action: 'sns:TagResource' }]
  },

  async handle(call, sns) {
    const { Name: name = '', Attributes = {}, Tags, DataProtectionPolicy } = call.input
    if (DataProtectionPolicy) throw unsupportedAttribute('DataProtectionPolicy')
    const { FifoTopic, ...attributes } = Attributes
    const isFifo = FifoTopic === 'true'
    if (FifoTopic !== undefined && FifoTopic !== 'true' && FifoTopic !== 'false') {
      throw invalidParameter('Attributes Reason: FifoTopic must be true or false')
    }
    if (!/^[A-Za-z0-9_-]{1,256}(\.fifo)?$/.test(name) || name.length > 256 || isFifo !== isFifoName(name)) {
      throw invalidParameter(
        isFifo
          ? 'Fifo Topic names must end with .fifo and must be made up of only uppercase and lowercase ASCII letters, numbers, underscores, and hyphens, and must be between 1 and 256 characters long.'
          : 'Topic Name',
      )
    }
    checkTopicAttributes(attributes, isFifo)
    const tags = readTags(Tags)
    const ref = { accountId: call.accountId, region: call.region, name }
    await transact(sns.store, async (tx) => {
      const existing = await findTopic(tx, ref)
      if (existing === undefined) {
        topics.put(tx, topicKey(ref), { createdMs: call.nowMs, attributes, tags, deletedCount: 0 })
        return
      }
      const current = topicAttributes(existing)
      if (Object.entries(attributes).some(([key, value]) => (current[key] ?? '') !== value)) {
        throw invalidParameter('Attributes Reason: Topic already exists with different attributes')
      }
      if (Object.entries(tags).some(([key, value]) => existing.row.tags[key] !== value)) {
        throw invalidParameter('Tags Reason: Topic already exists with different tags')
      }
    })
    return { TopicArn: topicArn(ref) }
  },
}

export const deleteTopic: SnsOperation<'DeleteTopic'> = {
  authorize: (call) => topicGrant('DeleteTopic', call),

  async handle(call, sns) {
    const ref = requireTopicArn(call.input.TopicArn)
    await transact(sns.store, (tx) => endTopic(tx, ref))
    return {}
  },
}

export const listTopics: SnsOperation<'ListTopics'> = {
  authorize: () => [{ action: 'sns:ListTopics', resource: '*' }],

  async handle(call, sns) {
    const { rows, ...next } = await pageOf(topics.scan(sns.store, [call.accountId, call.region]), call.input.NextToken)
    const arns = rows.map(({ key: [accountId, region, name] }) => topicArn({ accountId, region, name }))
    return { Topics: arns.map((TopicArn) => ({ TopicArn })), ...next }
  },
}

export const getTopicAttributes: SnsOperation<'GetTopicAttributes'> = {
  authorize: (call) => topicGrant('GetTopicAttributes', call),

  async handle(call, sns) {
    const topic = await requireTopic(sns.store, requireTopicArn(call.input.TopicArn))
    const rows = await subscriptions.list(sns.store, { prefix: topicKey(topic.ref), limit: SUBSCRIPTIONS_MAX })
    const pendingCount = rows.filter(({ value }) => value.pendingToken !== null).length
    return {
      Attributes: {
        TopicArn: topic.arn,
        Owner: topic.ref.accountId,
        SubscriptionsConfirmed: String(rows.length - pendingCount),
        SubscriptionsPending: String(pendingCount),
        SubscriptionsDeleted: String(topic.row.deletedCount),
        EffectiveDeliveryPolicy: EFFECTIVE_DELIVERY_POLICY,
        ...topicAttributes(topic),
      },
    }
  },
}

export const setTopicAttributes: SnsOperation<'SetTopicAttributes'> = {
  authorize: (call) => topicGrant('SetTopicAttributes', call),

  async handle(call, sns) {
    const { AttributeName: name = '', AttributeValue: value = '' } = call.input
    const ref = requireTopicArn(call.input.TopicArn)
    await transact(sns.store, async (tx) => {
      const { row, isFifo } = await requireTopic(tx, ref)
      checkTopicAttributes({ [name]: value }, isFifo)
      topics.put(tx, topicKey(ref), { ...row, attributes: { ...row.attributes, [name]: value } })
    })
    return {}
  },
}

/** How HTTP endpoints are retried. */
const EFFECTIVE_DELIVERY_POLICY = JSON.stringify({
  http: {
    defaultHealthyRetryPolicy: {
      minDelayTarget: 20,
      maxDelayTarget: 20,
      numRetries: 3,
      numMaxDelayRetries: 0,
      numNoDelayRetries: 0,
      numMinDelayRetries: 0,
      backoffFunction: 'linear',
    },
    disableSubscriptionOverrides: false,
    defaultRequestPolicy: { headerContentType: 'text/plain; charset=UTF-8' },
  },
})

function topicAttributes(topic: Topic): Record<string, string> {
  return {
    DisplayName: '',
    Policy: policyTextOf(topic),
    ...(topic.isFifo && { FifoTopic: 'true', ContentBasedDeduplication: 'false', FifoThroughputScope: 'Topic' }),
    ...topic.row.attributes,
  }
}
