import { uuid } from '../../../std/ids.ts'
import { transact } from '../../../store/transaction.ts'
import { purgeQueueInProgress } from '../errors.ts'
import { queueGrant, refOf, type SqsOperation } from '../operation.ts'
import { queueKey, requireQueue } from '../queues.ts'
import { abandonedStores, queues } from '../tables.ts'

const PURGE_REST_MS = 60_000

/** Purging is one small commit, however long the queue: its messages are left behind, for the sweeper. */
export const purgeQueue: SqsOperation<'PurgeQueue'> = {
  authorize: (call) => queueGrant('PurgeQueue', call),

  async handle(call, sqs) {
    const ref = refOf(call)
    const storeId = uuid()
    await transact(sqs.store, async (tx) => {
      const { row, settings } = await requireQueue(tx, ref)
      if (row.purgedMs !== null && row.purgedMs + PURGE_REST_MS > call.nowMs) throw purgeQueueInProgress(ref.name)
      abandonedStores.put(tx, [row.storeId], { isFifo: settings.isFifo })
      queues.put(tx, queueKey(ref), { ...row, storeId, purgedMs: call.nowMs })
      tx.afterCommit(() => sqs.messages.arrivals.ring(row.storeId))
    })
    return {}
  },
}
