import type { SendMessageRequest, MessageSystemAttributeValue } from '@aws-sdk/client-sqs'
import type { Call } from '../../../protocol/operation.ts'
import { uuid } from '../../../std/ids.ts'
import { transact } from '../../../store/transaction.ts'
import { attempt, batchAnswer, checkBatch } from '../batch.ts'
import { batchRequestTooLong, invalidParameterValue, missingParameter } from '../errors.ts'
import { attributesMd5, readMessageAttributes } from '../message-attributes.ts'
import { queueGrant, refOf, senderIdOf, type SqsOperation } from '../operation.ts'
import { MESSAGE_BYTES_MAX } from '../queue-attributes.ts'
import { requireQueue } from '../queues.ts'
import { addDraft, checkDraft, type Draft, draftBytes, type SentMessage } from '../send.ts'
import type { MessageAttributes } from '../tables.ts'

export const sendMessage: SqsOperation<'SendMessage'> = {
  authorize: (call) => queueGrant('SendMessage', call),

  async handle(call, sqs) {
    const ref = refOf(call)
    const { draft, system } = readDraft(call, call.input)
    const sent = await transact(sqs.store, async (tx) => {
      const queue = await requireQueue(tx, ref)
      checkDraft(queue, draft)
      return addDraft(tx, sqs.messages, queue, draft, call.nowMs)
    })
    return printSent(draft, system, sent)
  },
}

export const sendMessageBatch: SqsOperation<'SendMessageBatch'> = {
  authorize: (call) => queueGrant('SendMessage', call),

  async handle(call, sqs) {
    const ref = refOf(call)
    const { Entries } = call.input
    checkBatch(Entries, 'SendMessageBatchRequestEntry')
    const entries = Entries as NonNullable<typeof Entries>
    const drafts = await Promise.all(
      entries.map((entry) =>
        attempt(entry.Id as string, () => ({ id: entry.Id as string, ...readDraft(call, entry) })),
      ),
    )
    const sentBytes = drafts.reduce((total, outcome) => total + ('ok' in outcome ? draftBytes(outcome.ok.draft) : 0), 0)
    if (sentBytes > MESSAGE_BYTES_MAX) throw batchRequestTooLong(MESSAGE_BYTES_MAX, sentBytes)
    // All that can be sent in one commit, in the order of the entries.
    return transact(sqs.store, async (tx) => {
      const queue = await requireQueue(tx, ref)
      const outcomes = []
      for (const outcome of drafts) {
        if ('failed' in outcome) outcomes.push(outcome)
        else {
          const { id, draft, system } = outcome.ok
          outcomes.push(
            await attempt(id, async () => {
              checkDraft(queue, draft)
              const sent = await addDraft(tx, sqs.messages, queue, draft, call.nowMs)
              return { Id: id, ...printSent(draft, system, sent) }
            }),
          )
        }
      }
      return batchAnswer(outcomes)
    })
  },
}

type Entry = Omit<SendMessageRequest, 'QueueUrl'>

/** Reads what does not depend on the queue. */
function readDraft(call: Call, input: Entry): { draft: Draft; system: MessageAttributes } {
  if (input.MessageBody === undefined) throw missingParameter('MessageBody')
  const system = readSystemAttributes(input.MessageSystemAttributes ?? {})
  const draft: Draft = {
    messageId: uuid(),
    body: input.MessageBody,
    attributes: readMessageAttributes(input.MessageAttributes),
    // The SDKs send the trace of the function they run in as a header.
    traceHeader: system['AWSTraceHeader']?.stringValue ?? call.traceHeader,
    senderId: senderIdOf(call.caller),
    delaySeconds: input.DelaySeconds,
    groupId: input.MessageGroupId,
    deduplicationId: input.MessageDeduplicationId,
  }
  return { draft, system }
}

function readSystemAttributes(
  input: Readonly<Record<string, MessageSystemAttributeValue | undefined>>,
): MessageAttributes {
  const system: Record<string, MessageAttributes[string]> = {}
  for (const [name, value] of Object.entries(input)) {
    if (name !== 'AWSTraceHeader') {
      throw invalidParameterValue(`Message system attribute name '${name}' is invalid.`)
    }
    const { DataType, StringValue } = value ?? {}
    if (DataType !== 'String' || StringValue === undefined || StringValue === '') {
      throw invalidParameterValue(`The message system attribute '${name}' must be a non-empty value of type String.`)
    }
    system[name] = { dataType: DataType, stringValue: StringValue }
  }
  return system
}

function printSent(draft: Draft, system: MessageAttributes, sent: SentMessage) {
  const attributesDigest = attributesMd5(draft.attributes)
  const systemDigest = attributesMd5(system)
  return {
    MD5OfMessageBody: sent.bodyMd5,
    MessageId: sent.messageId,
    ...(attributesDigest !== undefined && { MD5OfMessageAttributes: attributesDigest }),
    ...(systemDigest !== undefined && { MD5OfMessageSystemAttributes: systemDigest }),
    ...(sent.sequenceNumber !== null && { SequenceNumber: sent.sequenceNumber }),
  }
}
