import { transact } from '../../../store/transaction.ts'
import { bucketOperation } from '../operation.ts'

export const deleteBucketOwnershipControls = bucketOperation<'DeleteBucketOwnershipControls'>(
  's3:PutBucketOwnershipControls',
  async ({ name }, _call, s3) => {
    await transact(s3.store, (tx) => s3.buckets.configure(tx, name, { ownership: null }))
    return {}
  },
)
