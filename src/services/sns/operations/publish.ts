import type { BatchResultErrorEntry, PublishBatchResultEntry } from '@aws-sdk/client-sns'
import { AwsError, notImplemented } from '../../../protocol/errors.ts'
import { uuid } from '../../../std/ids.ts'
import { transact } from '../../../store/transaction.ts'
import { requireTopicArn, topicArn } from '../arn.ts'
import { invalidParameter } from '../errors.ts'
import { inputBytes, MESSAGE_BYTES_MAX, type MessageInput, readMessage } from '../message.ts'
import { type SnsOperation, topicGrant } from '../operation.ts'
import { checkForTopic, publish as publishTo } from '../publish.ts'
import { requireTopic } from '../topics.ts'

const ENTRY_COUNT_MAX = 10

export const publish: SnsOperation<'Publish'> = {
  authorize: (call) => [{ action: 'sns:Publish', resource: topicArn(namedTopic(call.input)) }],

  async handle(call, sns) {
    const ref = namedTopic(call.input)
    const draft = readMessage(call.input, uuid(), call.traceHeader)
    const { messageId, sequenceNumber } = await transact(sns.store, async (tx) => {
      const topic = await requireTopic(tx, ref)
      checkForTopic(topic, draft)
      return publishTo(tx, sns.deliverer, topic, draft, call.nowMs)
    })
    return { MessageId: messageId, ...(sequenceNumber !== null && { SequenceNumber: sequenceNumber }) }
  },
}

export const publishBatch: SnsOperation<'PublishBatch'> = {
  authorize: (call) => topicGrant('Publish', call),

  async handle(call, sns) {
    const ref = requireTopicArn(call.input.TopicArn)
    const entries = call.input.PublishBatchRequestEntries ?? []
    checkBatch(entries)
    const Successful: PublishBatchResultEntry[] = []
    const Failed: BatchResultErrorEntry[] = []
    await requireTopic(sns.store, ref)
    for (const entry of entries) {
      const Id = entry.Id as string
      try {
        const draft = readMessage(entry, uuid(), call.traceHeader)
        // A commit for each: its deliveries may be as many as the topic has subscriptions.
        const { messageId, sequenceNumber } = await transact(sns.store, async (tx) => {
          const topic = await requireTopic(tx, ref)
          checkForTopic(topic, draft)
          return publishTo(tx, sns.deliverer, topic, draft, call.nowMs)
        })
        Successful.push({
          Id,
          MessageId: messageId,
          ...(sequenceNumber !== null && { SequenceNumber: sequenceNumber }),
        })
      } catch (error) {
        if (!(error instanceof AwsError)) throw error
        Failed.push({ Id, Code: error.code, Message: error.message, SenderFault: error.status < 500 })
      }
    }
    return { Successful, Failed }
  },
}

function namedTopic(input: {
  TopicArn?: string | undefined
  TargetArn?: string | undefined
  PhoneNumber?: string | undefined
}) {
  if (input.PhoneNumber !== undefined) throw notImplemented('Millrace sends no text messages.')
  if (input.TopicArn === undefined && input.TargetArn === undefined) {
    throw invalidParameter('TopicArn or TargetArn Reason: no value for required parameter')
  }
  if (input.TopicArn !== undefined) return requireTopicArn(input.TopicArn)
  return requireTopicArn(input.TargetArn, 'TargetArn')
}

const fail = (code: string, message: string) => new AwsError(code, 400, message)

function checkBatch(entries: readonly (MessageInput & { readonly Id?: string | undefined })[]): void {
  if (entries.length === 0) throw fail('EmptyBatchRequest', "The batch request doesn't contain any entries.")
  if (entries.length > ENTRY_COUNT_MAX) {
    throw fail(
      'TooManyEntriesInBatchRequest',
      `The batch request contains more entries than permissible (${ENTRY_COUNT_MAX}).`,
    )
  }
  const ids = entries.map(({ Id = '' }) => Id)
  if (ids.some((id) => !/^[A-Za-z0-9_-]{1,80}$/.test(id))) {
    throw fail('InvalidBatchEntryId', "The Id of a batch entry in a batch request doesn't abide by the specification.")
  }
  if (new Set(ids).size < ids.length) {
    throw fail('BatchEntryIdsNotDistinct', 'Two or more batch entries in the request have the same Id.')
  }
  const totalBytes = entries.reduce((total, entry) => total + inputBytes(entry), 0)
  if (totalBytes > MESSAGE_BYTES_MAX) {
    throw fail('BatchRequestTooLong', 'The length of all the batch messages put together is more than the limit.')
  }
}
