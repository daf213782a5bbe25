import type { Subscription } from '@aws-sdk/client-sns'
import { transact } from '../../../store/transaction.ts'
import { requireSubscriptionArn, requireTopicArn, subscriptionArn, topicArn } from '../arn.ts'
import { checkSubscriptionAttributes } from '../attributes.ts'
import { confirm, endSubscription } from '../confirm.ts'
import { invalidParameter } from '../errors.ts'
import { pageOf, type SnsOperation, subscriptionGrant, topicGrant } from '../operation.ts'
import { type SubscriptionKey, type SubscriptionRow, subscriptions } from '../tables.ts'
import { requireSubscription, requireTopic, topicKey } from '../topics.ts'

export const confirmSubscription: SnsOperation<'ConfirmSubscription'> = {
  authorize: (call) => topicGrant('ConfirmSubscription', call),

  async handle(call, sns) {
    const { TopicArn, Token = '', AuthenticateOnUnsubscribe } = call.input
    const ref = await confirm(sns.store, requireTopicArn(TopicArn), Token, AuthenticateOnUnsubscribe === 'true')
    return { SubscriptionArn: subscriptionArn(ref) }
  },
}

export const unsubscribe: SnsOperation<'Unsubscribe'> = {
  authorize: (call) => subscriptionGrant('Unsubscribe', call),

  async handle(call, sns) {
    const ref = requireSubscriptionArn(call.input.SubscriptionArn)
    await transact(sns.store, async (tx) => {
      const row = await subscriptions.get(tx, [...topicKey(ref), ref.id])
      if (row !== undefined && row.pendingToken !== null) {
        throw invalidParameter(
          'This subscription is not confirmed: it ends by itself when its endpoint does not confirm it.',
        )
      }
      await endSubscription(tx, ref)
    })
    return {}
  },
}

export const listSubscriptions: SnsOperation<'ListSubscriptions'> = {
  authorize: () => [{ action: 'sns:ListSubscriptions', resource: '*' }],

  async handle(call, sns) {
    const all = subscriptions.scan(sns.store, [call.accountId, call.region])
    const { rows, ...next } = await pageOf(all, call.input.NextToken)
    return { Subscriptions: rows.map(({ key, value }) => print(key, value)), ...next }
  },
}

export const listSubscriptionsByTopic: SnsOperation<'ListSubscriptionsByTopic'> = {
  authorize: (call) => topicGrant('ListSubscriptionsByTopic', call),

  async handle(call, sns) {
    const { ref } = await requireTopic(sns.store, requireTopicArn(call.input.TopicArn))
    const { rows, ...next } = await pageOf(subscriptions.scan(sns.store, topicKey(ref)), call.input.NextToken)
    return { Subscriptions: rows.map(({ key, value }) => print(key, value)), ...next }
  },
}

export const getSubscriptionAttributes: SnsOperation<'GetSubscriptionAttributes'> = {
  authorize: (call) => subscriptionGrant('GetSubscriptionAttributes', call),

  async handle(call, sns) {
    const ref = requireSubscriptionArn(call.input.SubscriptionArn)
    const row = await requireSubscription(sns.store, ref)
    return {
      Attributes: {
        SubscriptionArn: subscriptionArn(ref),
        TopicArn: topicArn(ref),
        Owner: row.ownerAccountId,
        Protocol: row.protocol,
        Endpoint: row.endpoint,
        PendingConfirmation: String(row.pendingToken !== null),
        ConfirmationWasAuthenticated: String(
          row.protocol === 'sqs' || row.protocol === 'lambda' || row.needsSignedUnsubscribe,
        ),
        RawMessageDelivery: 'false',
        SubscriptionPrincipal: `arn:aws:iam::${row.ownerAccountId}:root`,
        ...(row.attributes['FilterPolicy'] && { FilterPolicyScope: 'MessageAttributes' }),
        ...row.attributes,
      },
    }
  },
}

export const setSubscriptionAttributes: SnsOperation<'SetSubscriptionAttributes'> = {
  authorize: (call) => subscriptionGrant('SetSubscriptionAttributes', call),

  async handle(call, sns) {
    const { AttributeName: name = '', AttributeValue: value = '' } = call.input
    const ref = requireSubscriptionArn(call.input.SubscriptionArn)
    await transact(sns.store, async (tx) => {
      const row = await requireSubscription(tx, ref)
      const { [name]: _, ...others } = row.attributes
      // An empty policy, and `{}` as the console and CloudFormation write it, takes it away.
      const isRemoved = REMOVABLE.has(name) && (value === '' || value.trim() === '{}')
      const attributes = isRemoved ? others : { ...others, [name]: value }
      checkSubscriptionAttributes(attributes, row.protocol)
      subscriptions.put(tx, [...topicKey(ref), ref.id], { ...row, attributes })
    })
    return {}
  },
}

const REMOVABLE = new Set(['FilterPolicy', 'RedrivePolicy', 'DeliveryPolicy'])

function print([accountId, region, name, id]: SubscriptionKey, row: SubscriptionRow): Subscription {
  const ref = { accountId, region, name, id }
  return {
    SubscriptionArn: row.pendingToken === null ? subscriptionArn(ref) : 'PendingConfirmation',
    Owner: row.ownerAccountId,
    Protocol: row.protocol,
    Endpoint: row.endpoint,
    TopicArn: topicArn(ref),
  }
}
