import { notConfigured } from '../errors.ts'
import { bucketOperation } from '../operation.ts'

export const getBucketReplication = bucketOperation<'GetBucketReplication'>(
  's3:GetReplicationConfiguration',
  ({ name }) => {
    throw notConfigured('ReplicationConfigurationNotFoundError', 'The replication configuration was not found', name)
  },
)
