import { transact } from '../../../store/transaction.ts'
import type { QueueRef } from '../arn.ts'
import { attempt, batchAnswer, checkBatch } from '../batch.ts'
import { missingParameter, receiptHandleExpired } from '../errors.ts'
import { queueGrant, refOf, type SqsOperation } from '../operation.ts'
import { requireQueue } from '../queues.ts'
import { readReceiptHandle } from '../receipt-handle.ts'
import type { Sqs } from '../service.ts'

export const deleteMessage: SqsOperation<'DeleteMessage'> = {
  authorize: (call) => queueGrant('DeleteMessage', call),

  async handle(call, sqs) {
    await remove(sqs, refOf(call), call.input.ReceiptHandle, call.nowMs)
    return {}
  },
}

export const deleteMessageBatch: SqsOperation<'DeleteMessageBatch'> = {
  authorize: (call) => queueGrant('DeleteMessage', call),

  async handle(call, sqs) {
    const ref = refOf(call)
    const { Entries } = call.input
    checkBatch(Entries, 'DeleteMessageBatchRequestEntry')
    await requireQueue(sqs.store, ref)
    const outcomes = []
    // A commit for each: messages of one group change the same rows, and one that fails must not hold up the others.
    const run = ({ Id = '', ReceiptHandle }: NonNullable<typeof Entries>[number]) =>
      attempt(Id, async () => {
        await remove(sqs, ref, ReceiptHandle, call.nowMs)
        return { Id }
      })
    for (const entry of Entries as NonNullable<typeof Entries>) outcomes.push(run(entry))
    return batchAnswer(await Promise.all(outcomes))
  },
}

/** A message that has gone is gone: deleting it again is fine. In a standard queue so is a handle that a later receive made stale. */
async function remove(sqs: Sqs, ref: QueueRef, handle: string | undefined, nowMs: number): Promise<void> {
  if (handle === undefined || handle === '') throw missingParameter('ReceiptHandle')
  const receipt = readReceiptHandle(handle)
  const removal = await transact(sqs.store, async (tx) => {
    const queue = await requireQueue(tx, ref)
    // Of a queue that was purged or made again since.
    if (receipt.storeId !== queue.row.storeId) return 'absent'
    return sqs.messages.of(queue).remove(tx, queue, receipt, nowMs)
  })
  if (removal === 'expired') throw receiptHandleExpired(handle)
}
