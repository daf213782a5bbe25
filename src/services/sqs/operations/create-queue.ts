import { uuid } from '../../../std/ids.ts'
import { type Transaction, transact } from '../../../store/transaction.ts'
import { isFifoName, NAME_LENGTH_MAX, type QueueRef, queueArn, queueUrl } from '../arn.ts'
import {
  invalidAttributeName,
  invalidAttributeValue,
  invalidParameterValue,
  missingParameter,
  queueAlreadyExists,
  queueDeletedRecently,
} from '../errors.ts'
import { type SqsOperation, tagContext } from '../operation.ts'
import { checkAttributes, checkCombination, completeAttributes, mergeAttributes } from '../queue-attributes.ts'
import { queueKey } from '../queues.ts'
import { checkRedriveTarget } from '../redrive-target.ts'
import { deletedQueues, type QueueRow, queues, type SetAttributes } from '../tables.ts'
import { checkTags } from '../tags.ts'
import { DELETED_REST_MS } from '../upkeep.ts'

export const createQueue: SqsOperation<'CreateQueue'> = {
  authorize(call) {
    const { QueueName, tags } = call.input
    const resource = queueArn({ accountId: call.accountId, region: call.region, name: QueueName ?? '*' })
    const context = tagContext(tags)
    const create = { action: 'sqs:CreateQueue', resource, ...(context && { context }) }
    return context === undefined ? [create] : [create, { ...create, action: 'sqs:TagQueue' }]
  },

  async handle(call, sqs) {
    const { QueueName: name, Attributes = {}, tags = {} } = call.input
    if (name === undefined || name === '') throw missingParameter('QueueName')
    const attributes = readAttributes(name, Attributes)
    checkTags(tags)
    const ref = { accountId: call.accountId, region: call.region, name }
    const row: QueueRow = {
      storeId: uuid(),
      createdMs: call.nowMs,
      modifiedMs: call.nowMs,
      attributes: mergeAttributes({}, attributes),
      tags,
      purgedMs: null,
    }
    await transact(sqs.store, async (tx) => {
      const existing = await queues.get(tx, queueKey(ref))
      if (existing !== undefined) return checkSame(existing, attributes, isFifoName(name))
      await checkRested(tx, ref, call.nowMs)
      await checkRedriveTarget(tx, ref, row.attributes)
      queues.put(tx, queueKey(ref), row)
      deletedQueues.delete(tx, queueKey(ref))
    })
    return { QueueUrl: queueUrl(sqs.origin(call.http), ref) }
  },
}

/** Checks the name together with `FifoQueue`, and all attributes. */
function readAttributes(name: string, input: Readonly<Record<string, string | undefined>>): SetAttributes {
  const { FifoQueue, ...rest } = input
  const isFifo = FifoQueue === 'true'
  if (FifoQueue !== undefined && !isFifo) {
    // AWS knows no standard queue that says so: the attribute is absent or true.
    if (FifoQueue === 'false') throw invalidAttributeName('FifoQueue')
    throw invalidAttributeValue('FifoQueue')
  }
  if (isFifo && (!/^[A-Za-z0-9_-]+\.fifo$/.test(name) || name.length > NAME_LENGTH_MAX)) {
    throw invalidParameterValue(
      'The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.',
    )
  }
  if (!isFifo && !/^[A-Za-z0-9_-]{1,80}$/.test(name)) {
    throw invalidParameterValue('Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length')
  }
  const attributes = checkAttributes(rest as SetAttributes, isFifo)
  if (isFifo) checkCombination(completeAttributes(attributes, true))
  return attributes
}

/** A repeat of CreateQueue is fine as long as what it says is so. */
function checkSame(existing: QueueRow, wanted: SetAttributes, isFifo: boolean): void {
  const current = completeAttributes(existing.attributes, isFifo)
  for (const [name, value] of Object.entries(wanted)) {
    if ((current[name] ?? '') !== value) throw queueAlreadyExists(name)
  }
}

async function checkRested(tx: Transaction, ref: QueueRef, nowMs: number): Promise<void> {
  const deletedMs = await deletedQueues.get(tx, queueKey(ref))
  if (deletedMs !== undefined && deletedMs + DELETED_REST_MS > nowMs) throw queueDeletedRecently()
}
