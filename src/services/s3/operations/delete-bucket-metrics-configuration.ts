import { noSuchConfiguration } from '../errors.ts'
import { bucketOperation } from '../operation.ts'

export const deleteBucketMetricsConfiguration = bucketOperation<'DeleteBucketMetricsConfiguration'>(
  's3:PutMetricsConfiguration',
  ({ name }) => {
    throw noSuchConfiguration(name)
  },
)
