import { noSuchConfiguration } from '../errors.ts'
import { bucketOperation } from '../operation.ts'

export const deleteBucketAnalyticsConfiguration = bucketOperation<'DeleteBucketAnalyticsConfiguration'>(
  's3:PutAnalyticsConfiguration',
  ({ name }) => {
    throw noSuchConfiguration(name)
  },
)
