import { noSuchConfiguration } from '../errors.ts'
import { bucketOperation } from '../operation.ts'

export const getBucketInventoryConfiguration = bucketOperation<'GetBucketInventoryConfiguration'>(
  's3:GetInventoryConfiguration',
  ({ name }) => {
    throw noSuchConfiguration(name)
  },
)
