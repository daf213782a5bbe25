import { bucketOperation } from '../operation.ts'

export const deleteBucketReplication = bucketOperation<'DeleteBucketReplication'>(
  's3:PutReplicationConfiguration',
  () => ({}),
)
