import { notConfigured } from '../errors.ts'
import { bucketOperation } from '../operation.ts'

export const getBucketOwnershipControls = bucketOperation<'GetBucketOwnershipControls'>(
  's3:GetBucketOwnershipControls',
  ({ name, row }) => {
    if (row.ownership === null) {
      throw notConfigured('OwnershipControlsNotFoundError', 'The bucket ownership controls were not found', name)
    }
    return { OwnershipControls: { Rules: [{ ObjectOwnership: row.ownership ?? 'BucketOwnerEnforced' }] } }
  },
)
