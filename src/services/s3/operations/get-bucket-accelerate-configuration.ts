import { bucketOperation } from '../operation.ts'

export const getBucketAccelerateConfiguration = bucketOperation<'GetBucketAccelerateConfiguration'>(
  's3:GetAccelerateConfiguration',
  () => ({}),
)
