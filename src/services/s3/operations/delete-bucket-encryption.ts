import { transact } from '../../../store/transaction.ts'
import { bucketOperation } from '../operation.ts'

export const deleteBucketEncryption = bucketOperation<'DeleteBucketEncryption'>(
  's3:PutEncryptionConfiguration',
  async ({ name }, _call, s3) => {
    await transact(s3.store, (tx) => s3.buckets.configure(tx, name, { encryption: null }))
    return {}
  },
)
