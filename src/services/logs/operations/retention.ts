import { transact } from '../../../store/transaction.ts'
import { groupGrant } from '../access.ts'
import { invalidParameter } from '../errors.ts'
import { groupKey, requireGroup } from '../groups.ts'
import type { LogsOperation } from '../model.ts'
import type { Logs } from '../service.ts'
import { type GroupKey, groups } from '../tables.ts'

export const PutRetentionPolicy: LogsOperation<'PutRetentionPolicy'> = {
  authorize: (call) => groupGrant(call, 'logs:PutRetentionPolicy', call.input.logGroupName),
  async handle(call, logs) {
    const { logGroupName, retentionInDays } = call.input
    if (!RETENTION_DAYS.has(retentionInDays)) {
      throw invalidParameter(`RetentionInDays must be one of ${[...RETENTION_DAYS].join(', ')}`)
    }
    await setRetention(logs, groupKey(call, logGroupName), retentionInDays)
    return {}
  },
}

export const DeleteRetentionPolicy: LogsOperation<'DeleteRetentionPolicy'> = {
  authorize: (call) => groupGrant(call, 'logs:DeleteRetentionPolicy', call.input.logGroupName),
  async handle(call, logs) {
    await setRetention(logs, groupKey(call, call.input.logGroupName), null)
    return {}
  },
}

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html */
const RETENTION_DAYS: ReadonlySet<number> = new Set([
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
])

async function setRetention(logs: Logs, key: GroupKey, retentionDays: number | null): Promise<void> {
  await transact(logs.store, async (tx) => {
    groups.put(tx, key, { ...(await requireGroup(tx, key)), retentionDays })
    // A shorter retention counts at once.
    tx.afterCommit(() => logs.wakeSweeper())
  })
}
