import { requireFirstPage } from '../listing/parameters.ts'
import { bucketOperation } from '../operation.ts'

export const listBucketMetricsConfigurations = bucketOperation<'ListBucketMetricsConfigurations'>(
  's3:GetMetricsConfiguration',
  (_bucket, call) => {
    requireFirstPage(call.input)
    return { IsTruncated: false }
  },
)
