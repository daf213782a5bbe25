import { bucketOperation } from '../operation.ts'

export const getBucketOwnershipControls = bucketOperation<'GetBucketOwnershipControls'>(
  's3:GetBucketOwnershipControls',
  () => ({ OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] } }),
)
