import { transact } from '../../../store/transaction.ts'
import { bucketOperation } from '../operation.ts'

export const putPublicAccessBlock = bucketOperation<'PutPublicAccessBlock'>(
  's3:PutBucketPublicAccessBlock',
  async ({ name }, call, s3) => {
    const { PublicAccessBlockConfiguration: wanted = {} } = call.input
    const publicAccessBlock = {
      blockPublicAcls: wanted.BlockPublicAcls ?? false,
      ignorePublicAcls: wanted.IgnorePublicAcls ?? false,
      blockPublicPolicy: wanted.BlockPublicPolicy ?? false,
      restrictPublicBuckets: wanted.RestrictPublicBuckets ?? false,
    }
    await transact(s3.store, (tx) => s3.buckets.configure(tx, name, { publicAccessBlock }))
    return {}
  },
)
