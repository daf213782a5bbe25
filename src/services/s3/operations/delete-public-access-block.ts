import { transact } from '../../../store/transaction.ts'
import { bucketOperation } from '../operation.ts'

export const deletePublicAccessBlock = bucketOperation<'DeletePublicAccessBlock'>(
  's3:PutBucketPublicAccessBlock',
  async ({ name }, _call, s3) => {
    await transact(s3.store, (tx) => s3.buckets.configure(tx, name, { publicAccessBlock: null }))
    return {}
  },
)
