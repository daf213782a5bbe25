import { bucketOperation } from '../operation.ts'

export const getBucketAccelerateConfiguration = bucketOperation<'GetBucketAccelerateConfiguration'>(
  's3:GetAccelerateConfiguration',
  ({ row }) => (row.acceleration === undefined ? {} : { Status: row.acceleration }),
)
