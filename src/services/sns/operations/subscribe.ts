import { randomHex, uuid } from '../../../std/ids.ts'
import { type Transaction, transact } from '../../../store/transaction.ts'
import { isFifoName, requireTopicArn, subscriptionArn } from '../arn.ts'
import { checkSubscriptionAttributes } from '../attributes.ts'
import { invalidParameter, subscriptionLimitExceeded } from '../errors.ts'
import { checkHttpEndpoint } from '../loopback.ts'
import { confirmationJson } from '../notification.ts'
import { type SnsOperation, topicGrant } from '../operation.ts'
import type { Sns } from '../service.ts'
import { type Protocol, type SubscriptionRow, subscriptions, topics } from '../tables.ts'
import { requireTopic, SUBSCRIPTIONS_MAX, type Topic, topicKey } from '../topics.ts'

export const subscribe: SnsOperation<'Subscribe'> = {
  authorize(call) {
    const { Protocol = '', Endpoint = '' } = call.input
    return topicGrant('Subscribe', call, { 'sns:Protocol': Protocol, 'sns:Endpoint': Endpoint })
  },

  async handle(call, sns) {
    const { Protocol: name = '', Endpoint: endpoint = '', ReturnSubscriptionArn } = call.input
    const attributes = call.input.Attributes ?? {}
    const ref = requireTopicArn(call.input.TopicArn)
    const protocol = readProtocol(name, endpoint)
    checkSubscriptionAttributes(attributes, protocol)
    const id = uuid()
    const isHttp = protocol === 'http' || protocol === 'https'
    const row: SubscriptionRow = {
      protocol,
      endpoint,
      ownerAccountId: call.accountId,
      attributes,
      createdMs: call.nowMs,
      // The id leads to the row; the rest only the endpoint is told.
      pendingToken: isHttp ? `${id}${randomHex(64)}` : null,
      unsubscribeToken: randomHex(16),
      needsSignedUnsubscribe: false,
    }
    const messageId = uuid()
    const known = await transact(sns.store, async (tx) => {
      const topic = await requireTopic(tx, ref)
      checkKind(topic, protocol, endpoint)
      const rows = await subscriptions.list(tx, { prefix: topicKey(ref), limit: SUBSCRIPTIONS_MAX })
      const same = rows.find(({ value }) => value.protocol === protocol && value.endpoint === endpoint)
      if (same !== undefined) {
        checkSame(same.value, row)
        return { id: same.key[3], isPending: same.value.pendingToken !== null }
      }
      if (rows.length >= SUBSCRIPTIONS_MAX) throw subscriptionLimitExceeded(SUBSCRIPTIONS_MAX)
      subscriptions.put(tx, [...topicKey(ref), id], row)
      // Two Subscribe calls, and a DeleteTopic, must not miss each other.
      topics.put(tx, topicKey(ref), topic.row)
      if (row.pendingToken !== null)
        askForConfirmation(tx, sns, topic, id, row, row.pendingToken, messageId, call.nowMs)
      return { id, isPending: row.pendingToken !== null }
    })
    const isShown = !known.isPending || ReturnSubscriptionArn === true
    return { SubscriptionArn: isShown ? subscriptionArn({ ...ref, id: known.id }) : 'pending confirmation' }
  },
}

function readProtocol(name: string, endpoint: string): Protocol {
  switch (name) {
    case 'sqs':
      if (!/^arn:[^:]+:sqs:[^:]+:\d{12}:[^:]+$/.test(endpoint)) throw invalidParameter('SQS endpoint ARN')
      return name
    case 'lambda':
      if (!/^arn:[^:]+:lambda:[^:]+:\d{12}:function:[^:]+(:[^:]+)?$/.test(endpoint)) {
        throw invalidParameter('Lambda endpoint ARN')
      }
      return name
    case 'http':
    case 'https':
      checkHttpEndpoint(name, endpoint)
      return name
    case 'email':
    case 'email-json':
    case 'sms':
    case 'application':
    case 'firehose':
      throw invalidParameter(
        `Protocol Reason: Millrace does not deliver by ${name}, only by sqs, lambda, http and https`,
      )
    default:
      throw invalidParameter(`Amazon SNS does not support this protocol string: ${name}`)
  }
}

function checkKind(topic: Topic, protocol: Protocol, endpoint: string): void {
  if (topic.isFifo && protocol !== 'sqs') {
    throw invalidParameter('Endpoint Reason: FIFO topics deliver to SQS queues only')
  }
  if (!topic.isFifo && protocol === 'sqs' && isFifoName(endpoint)) {
    throw invalidParameter(
      'Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics',
    )
  }
}

/** A repeat of Subscribe is fine as long as what it says is so. */
function checkSame(existing: SubscriptionRow, wanted: SubscriptionRow): void {
  const isSame = Object.entries(wanted.attributes).every(([name, value]) => existing.attributes[name] === value)
  if (!isSame) throw invalidParameter('Attributes Reason: Subscription already exists with different attributes')
}

/** Adds the message to the endpoint that wants its token back. */
function askForConfirmation(
  tx: Transaction,
  sns: Sns,
  topic: Topic,
  id: string,
  row: SubscriptionRow,
  token: string,
  messageId: string,
  nowMs: number,
): void {
  const arn = subscriptionArn({ ...topic.ref, id })
  const payload = confirmationJson({
    messageId,
    topicArn: topic.arn,
    token,
    subscribeUrl: sns.links.confirmation(topic.arn, token),
    signingCertUrl: sns.links.certificate(),
    atMs: nowMs,
  })
  const headers = {
    'x-amz-sns-message-type': 'SubscriptionConfirmation',
    'x-amz-sns-message-id': messageId,
    'x-amz-sns-topic-arn': topic.arn,
  }
  sns.deliverer.enqueue(
    tx,
    { subscriptionArn: arn, protocol: row.protocol, headers, deadLetterArn: null },
    {
      id: messageId,
      targetArn: row.endpoint,
      source: { principal: 'sns.amazonaws.com', arn: topic.arn, accountId: topic.ref.accountId },
      payload,
      occurredMs: nowMs,
      subject: topic.arn,
    },
  )
}
