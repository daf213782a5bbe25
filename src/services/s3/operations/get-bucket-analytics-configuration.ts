import { noSuchConfiguration } from '../errors.ts'
import { bucketOperation } from '../operation.ts'

export const getBucketAnalyticsConfiguration = bucketOperation<'GetBucketAnalyticsConfiguration'>(
  's3:GetAnalyticsConfiguration',
  ({ name }) => {
    throw noSuchConfiguration(name)
  },
)
