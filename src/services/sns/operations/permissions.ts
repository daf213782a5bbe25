import { transact } from '../../../store/transaction.ts'
import { requireTopicArn } from '../arn.ts'
import { checkTopicAttributes } from '../attributes.ts'
import { invalidParameter } from '../errors.ts'
import { type SnsOperation, topicGrant } from '../operation.ts'
import { topics } from '../tables.ts'
import { policyTextOf, requireTopic, topicKey } from '../topics.ts'

const ACTIONS = new Set([
  'AddPermission',
  'DeleteTopic',
  'GetDataProtectionPolicy',
  'GetTopicAttributes',
  'ListSubscriptionsByTopic',
  'ListTagsForResource',
  'Publish',
  'PutDataProtectionPolicy',
  'RemovePermission',
  'SetTopicAttributes',
  'Subscribe',
])

interface StatementJson {
  readonly Sid?: string
  readonly [field: string]: unknown
}

export const addPermission: SnsOperation<'AddPermission'> = {
  authorize: (call) => topicGrant('AddPermission', call),

  async handle(call, sns) {
    const { Label: label = '', AWSAccountId: accounts = [], ActionName: actions = [] } = call.input
    const ref = requireTopicArn(call.input.TopicArn)
    if (!/^[A-Za-z0-9_-]{1,80}$/.test(label)) throw invalidParameter('Label')
    if (accounts.length === 0 || accounts.some((id) => !/^\d{12}$/.test(id))) throw invalidParameter('AWSAccountId')
    if (actions.length === 0 || actions.some((action) => !ACTIONS.has(action))) {
      throw invalidParameter('Policy statement action out of service scope!')
    }
    await transact(sns.store, async (tx) => {
      const topic = await requireTopic(tx, ref)
      const { statements, ...policy } = readPolicy(policyTextOf(topic))
      if (statements.some(({ Sid }) => Sid === label)) throw invalidParameter('Statement already exists')
      const statement = {
        Sid: label,
        Effect: 'Allow',
        Principal: { AWS: single(accounts.map((id) => `arn:aws:iam::${id}:root`)) },
        Action: single(actions.map((action) => `SNS:${action}`)),
        Resource: topic.arn,
      }
      const Policy = JSON.stringify({ ...policy, Statement: [...statements, statement] })
      checkTopicAttributes({ Policy }, topic.isFifo)
      topics.put(tx, topicKey(ref), { ...topic.row, attributes: { ...topic.row.attributes, Policy } })
    })
    return {}
  },
}

export const removePermission: SnsOperation<'RemovePermission'> = {
  authorize: (call) => topicGrant('RemovePermission', call),

  async handle(call, sns) {
    const ref = requireTopicArn(call.input.TopicArn)
    await transact(sns.store, async (tx) => {
      const topic = await requireTopic(tx, ref)
      const { statements, ...policy } = readPolicy(policyTextOf(topic))
      const rest = statements.filter(({ Sid }) => Sid !== call.input.Label)
      // A policy needs a statement: without any, the topic has the default one again.
      const { Policy: _, ...others } = topic.row.attributes
      const attributes =
        rest.length === 0 ? others : { ...others, Policy: JSON.stringify({ ...policy, Statement: rest }) }
      topics.put(tx, topicKey(ref), { ...topic.row, attributes })
    })
    return {}
  },
}

const single = <T>(values: readonly T[]) => (values.length === 1 ? (values[0] as T) : values)

function readPolicy(text: string): { statements: readonly StatementJson[]; [field: string]: unknown } {
  const { Statement, ...policy } = JSON.parse(text) as { Statement: StatementJson | StatementJson[] }
  return { ...policy, statements: Array.isArray(Statement) ? Statement : [Statement] }
}
