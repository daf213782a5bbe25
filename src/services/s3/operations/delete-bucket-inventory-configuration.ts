import { noSuchConfiguration } from '../errors.ts'
import { bucketOperation } from '../operation.ts'

export const deleteBucketInventoryConfiguration = bucketOperation<'DeleteBucketInventoryConfiguration'>(
  's3:PutInventoryConfiguration',
  ({ name }) => {
    throw noSuchConfiguration(name)
  },
)
