import { noSuchConfiguration } from '../errors.ts'
import { bucketOperation } from '../operation.ts'

export const getBucketMetricsConfiguration = bucketOperation<'GetBucketMetricsConfiguration'>(
  's3:GetMetricsConfiguration',
  ({ name }) => {
    throw noSuchConfiguration(name)
  },
)
