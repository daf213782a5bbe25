import { bucketOperation } from '../operation.ts'

export const deleteBucketLifecycle = bucketOperation<'DeleteBucketLifecycle'>(
  's3:PutLifecycleConfiguration',
  () => ({}),
)
