import { transact } from '../../../store/transaction.ts'
import type { QueueRef } from '../arn.ts'
import { invalidAttributeName, invalidValue } from '../errors.ts'
import { queueGrant, refOf, type SqsOperation } from '../operation.ts'
import { VISIBILITY_SECONDS_MAX, WAIT_SECONDS_MAX } from '../queue-attributes.ts'
import { requireQueue } from '../queues.ts'
import { readReceiptHandle, writeReceiptHandle } from '../receipt-handle.ts'
import { printMessages, type Received, receive } from '../receive.ts'
import { DEDUPLICATION_MS } from '../send.ts'
import type { Sqs } from '../service.ts'
import { attempts, members } from '../tables.ts'

const RECEIVE_COUNT_MAX = 10
const SYSTEM_NAMES: ReadonlySet<string> = new Set([
  'All',
  'SenderId',
  'SentTimestamp',
  'ApproximateReceiveCount',
  'ApproximateFirstReceiveTimestamp',
  'SequenceNumber',
  'MessageDeduplicationId',
  'MessageGroupId',
  'AWSTraceHeader',
  'DeadLetterQueueSourceArn',
])
/** `AttributeNames` takes the names of queue attributes too, and finds nothing under them. */
const IGNORED_NAMES =
  /^(Policy|VisibilityTimeout|MaximumMessageSize|MessageRetentionPeriod|Approximate|Created|LastMod|Queue|Delay|Receive|Redrive|Fifo|Content|Kms|Dedup|Sqs)/

export const receiveMessage: SqsOperation<'ReceiveMessage'> = {
  authorize: (call) => queueGrant('ReceiveMessage', call),

  async handle(call, sqs) {
    const { input } = call
    checkRange('MaxNumberOfMessages', input.MaxNumberOfMessages, 1, RECEIVE_COUNT_MAX)
    checkRange('VisibilityTimeout', input.VisibilityTimeout, 0, VISIBILITY_SECONDS_MAX)
    checkRange('WaitTimeSeconds', input.WaitTimeSeconds, 0, WAIT_SECONDS_MAX)
    const systemNames: string[] = [...(input.AttributeNames ?? []), ...(input.MessageSystemAttributeNames ?? [])]
    const unknown = systemNames.find((name) => !SYSTEM_NAMES.has(name) && !IGNORED_NAMES.test(name))
    if (unknown !== undefined) throw invalidAttributeName(unknown)
    const options = {
      limit: input.MaxNumberOfMessages ?? 1,
      visibilityMs: inMs(input.VisibilityTimeout),
      waitMs: inMs(input.WaitTimeSeconds),
      systemNames,
      attributeNames: input.MessageAttributeNames ?? [],
    }
    const attemptId = input.ReceiveRequestAttemptId
    const ref = refOf(call)
    const again = attemptId === undefined ? undefined : await repeat(sqs, ref, attemptId, options.visibilityMs)
    const signal = AbortSignal.any([call.signal, sqs.stopping])
    const received = again ?? (await receive(sqs, ref, options, signal))
    if (attemptId !== undefined && again === undefined) await remember(sqs, received, attemptId)
    const messages = await printMessages(sqs, received, options)
    return messages.length === 0 ? {} : { Messages: messages }
  },
}

const inMs = (seconds: number | undefined) => (seconds === undefined ? undefined : seconds * 1000)

function checkRange(parameter: string, value: number | undefined, min: number, max: number): void {
  if (value === undefined || (value >= min && value <= max)) return
  const reason =
    parameter === 'WaitTimeSeconds' ? `Must be >= ${min} and <= ${max}` : `Must be between ${min} and ${max}`
  throw invalidValue(value, parameter, `${reason}, if provided.`)
}

/**
 * What the same attempt got within the last five minutes, hidden anew; undefined when there was none, or when any of its messages has been
 * deleted or become visible since. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
 */
async function repeat(
  sqs: Sqs,
  ref: QueueRef,
  attemptId: string,
  visibilityMs: number | undefined,
): Promise<Received | undefined> {
  if (!/^[!-~]{1,128}$/.test(attemptId)) {
    const reason =
      'ReceiveRequestAttemptId can only include alphanumeric and punctuation characters. 1 to 128 in length.'
    throw invalidValue(attemptId, 'ReceiveRequestAttemptId', reason)
  }
  const nowMs = sqs.clock.now()
  return transact(sqs.store, async (tx) => {
    const queue = await requireQueue(tx, ref)
    if (!queue.settings.isFifo) {
      const reason = 'The request include parameter that is not valid for this queue type.'
      throw invalidValue(attemptId, 'ReceiveRequestAttemptId', reason)
    }
    const { storeId } = queue.row
    const row = await attempts.get(tx, [storeId, attemptId])
    if (row === undefined || row.atMs + DEDUPLICATION_MS <= nowMs || row.handles.length === 0) return undefined
    const claimed = []
    for (const handle of row.handles) {
      const receipt = readReceiptHandle(handle)
      const member = await members.get(tx, [storeId, receipt.groupId ?? '', receipt.order])
      if (member?.receipt !== receipt.receipt || member.visibleAtMs <= nowMs) return undefined
      claimed.push({ receipt, state: member })
    }
    const visibleAtMs = nowMs + (visibilityMs ?? queue.settings.visibilityMs)
    for (const { receipt } of claimed) await sqs.messages.fifo.changeVisibility(tx, queue, receipt, nowMs, visibleAtMs)
    return { queue, claimed }
  })
}

async function remember(sqs: Sqs, { queue, claimed }: Received, attemptId: string): Promise<void> {
  const handles = claimed.map(({ receipt }) => writeReceiptHandle(receipt))
  await transact(sqs.store, async (tx) =>
    attempts.put(tx, [queue.row.storeId, attemptId], { atMs: sqs.clock.now(), handles }),
  )
}
