import { transact } from '../../../store/transaction.ts'
import { invalidValue, missingParameter, overLimit } from '../errors.ts'
import { queueGrant, refOf, type SqsOperation } from '../operation.ts'
import { checkAttributes, mergeAttributes } from '../queue-attributes.ts'
import { queueKey, requireQueue } from '../queues.ts'
import { queues } from '../tables.ts'

const ACTION_COUNT_MAX = 7
const OWNERS_ACTIONS = new Set([
  'AddPermission',
  'CancelMessageMoveTask',
  'CreateQueue',
  'DeleteQueue',
  'ListMessageMoveTasks',
  'ListQueues',
  'ListQueueTags',
  'RemovePermission',
  'SetQueueAttributes',
  'StartMessageMoveTask',
  'TagQueue',
  'UntagQueue',
])
const SHARED_ACTIONS = new Set([
  '*',
  'ChangeMessageVisibility',
  'DeleteMessage',
  'GetQueueAttributes',
  'GetQueueUrl',
  'ListDeadLetterSourceQueues',
  'PurgeQueue',
  'ReceiveMessage',
  'SendMessage',
])

interface PolicyJson {
  readonly Version: string
  readonly Id?: string
  readonly Statement: readonly StatementJson[]
}
interface StatementJson {
  readonly Sid?: string
  readonly [field: string]: unknown
}

export const addPermission: SqsOperation<'AddPermission'> = {
  authorize: (call) => queueGrant('AddPermission', call),

  async handle(call, sqs) {
    const { Label: label = '', AWSAccountIds = [], Actions = [] } = call.input
    const ref = refOf(call)
    checkLabel(label)
    if (AWSAccountIds.length === 0) throw missingParameter('AWSAccountIds')
    if (Actions.length === 0) throw missingParameter('Actions')
    const badAccount = AWSAccountIds.find((id) => !/^\d{12}$/.test(id))
    if (badAccount !== undefined) {
      throw invalidValue(badAccount, 'PrincipalId', 'Unable to verify.')
    }
    for (const action of Actions) checkAction(action)
    if (Actions.length > ACTION_COUNT_MAX) {
      throw overLimit(`${Actions.length} Actions were found, maximum allowed is ${ACTION_COUNT_MAX}.`)
    }
    await transact(sqs.store, async (tx) => {
      const { row, arn, settings } = await requireQueue(tx, ref)
      const policy = readPolicy(row.attributes['Policy'], arn)
      if (policy.Statement.some(({ Sid }) => Sid === label)) throw invalidValue(label, 'Label', 'Already exists.')
      const principals = AWSAccountIds.map((id) => `arn:aws:iam::${id}:root`)
      const actions = Actions.map((action) => `SQS:${action}`)
      const statement = {
        Sid: label,
        Effect: 'Allow',
        Principal: { AWS: single(principals) },
        Action: single(actions),
        Resource: arn,
      }
      const text = JSON.stringify({ ...policy, Statement: [...policy.Statement, statement] })
      const attributes = mergeAttributes(row.attributes, checkAttributes({ Policy: text }, settings.isFifo))
      queues.put(tx, queueKey(ref), { ...row, attributes, modifiedMs: call.nowMs })
    })
    return {}
  },
}

export const removePermission: SqsOperation<'RemovePermission'> = {
  authorize: (call) => queueGrant('RemovePermission', call),

  async handle(call, sqs) {
    const { Label: label = '' } = call.input
    const ref = refOf(call)
    checkLabel(label)
    await transact(sqs.store, async (tx) => {
      const { row, arn } = await requireQueue(tx, ref)
      const policy = readPolicy(row.attributes['Policy'], arn)
      const statements = policy.Statement.filter(({ Sid }) => Sid !== label)
      if (statements.length === policy.Statement.length) {
        throw invalidValue(label, 'Label', "can't find label on existing policy.")
      }
      const text = statements.length === 0 ? '' : JSON.stringify({ ...policy, Statement: statements })
      const attributes = mergeAttributes(row.attributes, { Policy: text })
      queues.put(tx, queueKey(ref), { ...row, attributes, modifiedMs: call.nowMs })
    })
    return {}
  },
}

const single = <T>(values: readonly T[]) => (values.length === 1 ? (values[0] as T) : values)

function readPolicy(text: string | undefined, arn: string): PolicyJson {
  if (text === undefined) return { Version: '2012-10-17', Id: `${arn}/SQSDefaultPolicy`, Statement: [] }
  const policy = JSON.parse(text) as Omit<PolicyJson, 'Statement'> & { Statement: StatementJson | StatementJson[] }
  return { ...policy, Statement: Array.isArray(policy.Statement) ? policy.Statement : [policy.Statement] }
}

function checkLabel(label: string): void {
  if (label === '') throw missingParameter('Label')
  if (/^[A-Za-z0-9_-]{1,80}$/.test(label)) return
  const reason = 'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.'
  throw invalidValue(label, 'Label', reason)
}

function checkAction(action: string): void {
  if (SHARED_ACTIONS.has(action)) return
  const reason = OWNERS_ACTIONS.has(action)
    ? 'Only the queue owner is allowed to invoke this action.'
    : 'The specified action does not exist or is not allowed here: give names like SendMessage.'
  throw invalidValue(`SQS:${action}`, 'ActionName', reason)
}
