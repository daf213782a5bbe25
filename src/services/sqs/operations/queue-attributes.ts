import type { QueueAttributeName } from '@aws-sdk/client-sqs'
import { transact } from '../../../store/transaction.ts'
import { invalidAttributeName, missingParameter } from '../errors.ts'
import { queueGrant, refOf, type SqsOperation } from '../operation.ts'
import { checkAttributes, checkCombination, completeAttributes, mergeAttributes } from '../queue-attributes.ts'
import { type Queue, queueKey, requireQueue } from '../queues.ts'
import { checkRedriveTarget } from '../redrive-target.ts'
import type { Sqs } from '../service.ts'
import { queues, type SetAttributes } from '../tables.ts'

const COUNTS = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
] as const
const NAMES: ReadonlySet<string> = new Set([
  'All',
  ...COUNTS,
  'QueueArn',
  'CreatedTimestamp',
  'LastModifiedTimestamp',
  'VisibilityTimeout',
  'DelaySeconds',
  'ReceiveMessageWaitTimeSeconds',
  'MaximumMessageSize',
  'MessageRetentionPeriod',
  'SqsManagedSseEnabled',
  'Policy',
  'RedrivePolicy',
  'RedriveAllowPolicy',
  'KmsMasterKeyId',
  'KmsDataKeyReusePeriodSeconds',
  'FifoQueue',
  'ContentBasedDeduplication',
  'DeduplicationScope',
  'FifoThroughputLimit',
])

export const getQueueAttributes: SqsOperation<'GetQueueAttributes'> = {
  authorize: (call) => queueGrant('GetQueueAttributes', call),

  async handle(call, sqs) {
    const wanted: readonly string[] = call.input.AttributeNames ?? []
    const unknown = wanted.find((name) => !NAMES.has(name))
    if (unknown !== undefined) throw invalidAttributeName(unknown)
    const queue = await requireQueue(sqs.store, refOf(call))
    if (wanted.length === 0) return {}
    const isWanted = (name: string) => wanted.includes('All') || wanted.includes(name)
    const all = {
      ...fixedAttributes(queue),
      ...(COUNTS.some(isWanted) && (await counts(sqs, queue))),
      ...completeAttributes(queue.row.attributes, queue.settings.isFifo),
    }
    const chosen = Object.fromEntries(Object.entries(all).filter(([name]) => isWanted(name)))
    return { Attributes: chosen as Partial<Record<QueueAttributeName, string>> }
  },
}

export const setQueueAttributes: SqsOperation<'SetQueueAttributes'> = {
  authorize: (call) => queueGrant('SetQueueAttributes', call),

  async handle(call, sqs) {
    const ref = refOf(call)
    const input = call.input.Attributes as SetAttributes | undefined
    if (input === undefined || Object.keys(input).length === 0) throw missingParameter('Attribute.Name')
    await transact(sqs.store, async (tx) => {
      const { row, settings } = await requireQueue(tx, ref)
      const changes = checkAttributes(input, settings.isFifo)
      const attributes = mergeAttributes(row.attributes, changes)
      if (settings.isFifo) checkCombination(completeAttributes(attributes, true))
      if (changes['RedrivePolicy'] !== undefined) await checkRedriveTarget(tx, ref, attributes)
      queues.put(tx, queueKey(ref), { ...row, attributes, modifiedMs: call.nowMs })
    })
    return {}
  },
}

function fixedAttributes({ arn, row }: Queue): SetAttributes {
  return {
    QueueArn: arn,
    CreatedTimestamp: String(Math.floor(row.createdMs / 1000)),
    LastModifiedTimestamp: String(Math.floor(row.modifiedMs / 1000)),
  }
}

async function counts(sqs: Sqs, queue: Queue): Promise<SetAttributes> {
  const { visibleCount, inFlightCount, delayedCount } = await sqs.counter.count(queue)
  return {
    ApproximateNumberOfMessages: String(visibleCount),
    ApproximateNumberOfMessagesNotVisible: String(inFlightCount),
    ApproximateNumberOfMessagesDelayed: String(delayedCount),
  }
}
