import { transact } from '../../../store/transaction.ts'
import type { QueueRef } from '../arn.ts'
import { attempt, batchAnswer, checkBatch } from '../batch.ts'
import { invalidValue, messageNotInflight, missingParameter, notAvailableForVisibilityChange } from '../errors.ts'
import { queueGrant, refOf, type SqsOperation } from '../operation.ts'
import { VISIBILITY_SECONDS_MAX } from '../queue-attributes.ts'
import { requireQueue } from '../queues.ts'
import { readReceiptHandle } from '../receipt-handle.ts'
import { receivedMsOf } from '../receive.ts'
import type { Sqs } from '../service.ts'

export const changeMessageVisibility: SqsOperation<'ChangeMessageVisibility'> = {
  authorize: (call) => queueGrant('ChangeMessageVisibility', call),

  async handle(call, sqs) {
    await change(sqs, refOf(call), call.input, call.nowMs)
    return {}
  },
}

export const changeMessageVisibilityBatch: SqsOperation<'ChangeMessageVisibilityBatch'> = {
  authorize: (call) => queueGrant('ChangeMessageVisibility', call),

  async handle(call, sqs) {
    const ref = refOf(call)
    const { Entries } = call.input
    checkBatch(Entries, 'ChangeMessageVisibilityBatchRequestEntry')
    await requireQueue(sqs.store, ref)
    const outcomes = (Entries as NonNullable<typeof Entries>).map((entry) =>
      attempt(entry.Id as string, async () => {
        await change(sqs, ref, entry, call.nowMs)
        return { Id: entry.Id as string }
      }),
    )
    return batchAnswer(await Promise.all(outcomes))
  },
}

async function change(
  sqs: Sqs,
  ref: QueueRef,
  input: { ReceiptHandle?: string | undefined; VisibilityTimeout?: number | undefined },
  nowMs: number,
): Promise<void> {
  const { ReceiptHandle: handle, VisibilityTimeout: seconds } = input
  if (handle === undefined || handle === '') throw missingParameter('ReceiptHandle')
  if (seconds === undefined) throw missingParameter('VisibilityTimeout')
  if (seconds < 0 || seconds > VISIBILITY_SECONDS_MAX) {
    const reason = `VisibilityTimeout must be an integer between 0 and ${VISIBILITY_SECONDS_MAX}.`
    throw invalidValue(seconds, 'VisibilityTimeout', reason)
  }
  const receipt = readReceiptHandle(handle)
  const visibleAtMs = nowMs + seconds * 1000
  // Twelve hours count from the receive, however often the timeout is moved.
  if (visibleAtMs > receivedMsOf(receipt.receipt) + VISIBILITY_SECONDS_MAX * 1000) {
    const reason = `Total VisibilityTimeout for the message is beyond the limit [${VISIBILITY_SECONDS_MAX} seconds]`
    throw invalidValue(seconds, 'VisibilityTimeout', reason)
  }
  const result = await transact(sqs.store, async (tx) => {
    const queue = await requireQueue(tx, ref)
    if (receipt.storeId !== queue.row.storeId) return 'stale'
    return sqs.messages.of(queue).changeVisibility(tx, queue, receipt, nowMs, visibleAtMs)
  })
  if (result === 'stale') throw notAvailableForVisibilityChange(handle)
  if (result === 'not-in-flight') throw messageNotInflight()
}
