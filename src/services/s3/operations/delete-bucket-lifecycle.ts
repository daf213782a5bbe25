import { transact } from '../../../store/transaction.ts'
import { bucketOperation } from '../operation.ts'
import { bucketLifecycles, lifecycleRounds } from '../tables.ts'

export const deleteBucketLifecycle = bucketOperation<'DeleteBucketLifecycle'>(
  's3:PutLifecycleConfiguration',
  async ({ name, lifecycle }, _call, s3) => {
    if (lifecycle === undefined) return {}
    await transact(s3.store, async (tx) => {
      await s3.buckets.configure(tx, name)
      bucketLifecycles.delete(tx, [name])
      lifecycleRounds.delete(tx, [name])
    })
    return {}
  },
)
