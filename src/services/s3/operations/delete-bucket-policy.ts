import { transact } from '../../../store/transaction.ts'
import { bucketOperation } from '../operation.ts'
import { bucketPolicies } from '../tables.ts'

export const deleteBucketPolicy = bucketOperation<'DeleteBucketPolicy'>(
  's3:DeleteBucketPolicy',
  async ({ name }, _call, s3) => {
    await transact(s3.store, async (tx) => {
      await s3.buckets.configure(tx, name)
      bucketPolicies.delete(tx, [name])
    })
    return {}
  },
)
