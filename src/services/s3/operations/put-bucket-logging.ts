import { transact } from '../../../store/transaction.ts'
import { checkLoggingTarget, parseLogging } from '../logging/configuration.ts'
import { bucketOperation } from '../operation.ts'

export const putBucketLogging = bucketOperation<'PutBucketLogging'>(
  's3:PutBucketLogging',
  async ({ name, row }, call, s3) => {
    const status = call.input.BucketLoggingStatus
    const logging = parseLogging(status)
    const hasGrants = (status?.LoggingEnabled?.TargetGrants ?? []).length > 0
    await transact(s3.store, async (tx) => {
      if (logging !== undefined) {
        const target = await s3.buckets.find(logging.targetBucket, tx)
        checkLoggingTarget(row, target?.row, hasGrants)
      }
      await s3.buckets.configure(tx, name, { logging })
    })
    return {}
  },
)
