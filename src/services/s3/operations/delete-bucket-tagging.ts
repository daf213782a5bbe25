import { transact } from '../../../store/transaction.ts'
import { bucketOperation } from '../operation.ts'
import { bucketTags } from '../tables.ts'

export const deleteBucketTagging = bucketOperation<'DeleteBucketTagging'>(
  's3:PutBucketTagging',
  async ({ name }, _call, s3) => {
    await transact(s3.store, async (tx) => {
      await s3.buckets.configure(tx, name)
      bucketTags.delete(tx, [name])
    })
    return {}
  },
)
