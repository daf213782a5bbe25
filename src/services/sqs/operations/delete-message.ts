import { type Transaction, transact } from '../../../store/transaction.ts'
import type { QueueRef } from '../arn.ts'
import { attempt, batchAnswer, checkBatch } from '../batch.ts'
import { missingParameter, receiptHandleExpired } from '../errors.ts'
import { queueGrant, refOf, type SqsOperation } from '../operation.ts'
import { type Queue, requireQueue } from '../queues.ts'
import { type Receipt, readReceiptHandle } from '../receipt-handle.ts'
import type { Sqs } from '../service.ts'

export const deleteMessage: SqsOperation<'DeleteMessage'> = {
  authorize: (call) => queueGrant('DeleteMessage', call),

  async handle(call, sqs) {
    await remove(sqs, refOf(call), readHandle(call.input.ReceiptHandle), call.nowMs)
    return {}
  },
}

export const deleteMessageBatch: SqsOperation<'DeleteMessageBatch'> = {
  authorize: (call) => queueGrant('DeleteMessage', call),

  async handle(call, sqs) {
    const ref = refOf(call)
    const { Entries } = call.input
    checkBatch(Entries, 'DeleteMessageBatchRequestEntry')
    const { settings } = await requireQueue(sqs.store, ref)
    const entries = await Promise.all(
      (Entries as NonNullable<typeof Entries>).map(({ Id = '', ReceiptHandle }) =>
        attempt(Id, () => ({ Id, handle: readHandle(ReceiptHandle) })),
      ),
    )
    if (!settings.isFifo) {
      // Nothing can go wrong any more, and no two messages share a row: one commit.
      await transact(sqs.store, async (tx) => {
        const queue = await requireQueue(tx, ref)
        const receipts = entries.flatMap((entry) => ('ok' in entry ? [entry.ok.handle.receipt] : []))
        await Promise.all(receipts.map((receipt) => removeIn(tx, sqs, queue, receipt, call.nowMs)))
      })
      return batchAnswer(entries.map((entry) => ('ok' in entry ? { ok: { Id: entry.ok.Id } } : entry)))
    }
    // Messages of one group change the same rows, and one that fails must not hold up the others: a commit for each.
    const outcomes = entries.map((entry) =>
      'failed' in entry
        ? entry
        : attempt(entry.ok.Id, async () => {
            await remove(sqs, ref, entry.ok.handle, call.nowMs)
            return { Id: entry.ok.Id }
          }),
    )
    return batchAnswer(await Promise.all(outcomes))
  },
}

interface Handle {
  readonly text: string
  readonly receipt: Receipt
}

/** Throws MissingParameter and ReceiptHandleIsInvalid. */
function readHandle(text: string | undefined): Handle {
  if (text === undefined || text === '') throw missingParameter('ReceiptHandle')
  return { text, receipt: readReceiptHandle(text) }
}

/** A message that has gone is gone: deleting it again is fine. In a standard queue so is a handle that a later receive made stale. */
async function remove(sqs: Sqs, ref: QueueRef, { text, receipt }: Handle, nowMs: number): Promise<void> {
  const removal = await transact(sqs.store, async (tx) =>
    removeIn(tx, sqs, await requireQueue(tx, ref), receipt, nowMs),
  )
  if (removal === 'expired') throw receiptHandleExpired(text)
}

async function removeIn(
  tx: Transaction,
  sqs: Sqs,
  queue: Queue,
  receipt: Receipt,
  nowMs: number,
): Promise<'removed' | 'absent' | 'expired'> {
  // Of a queue that was purged or made again since.
  if (receipt.storeId !== queue.row.storeId) return 'absent'
  return sqs.messages.of(queue).remove(tx, queue, receipt, nowMs)
}
