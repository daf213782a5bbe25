import { transact } from '../../../store/transaction.ts'
import { bucketOperation } from '../operation.ts'
import { bucketCors } from '../tables.ts'

export const deleteBucketCors = bucketOperation<'DeleteBucketCors'>(
  's3:PutBucketCORS',
  async ({ name, cors }, _call, s3) => {
    if (cors.length === 0) return {}
    await transact(s3.store, async (tx) => {
      await s3.buckets.configure(tx, name)
      bucketCors.delete(tx, [name])
    })
    return {}
  },
)
