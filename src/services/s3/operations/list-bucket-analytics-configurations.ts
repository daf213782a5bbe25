import { requireFirstPage } from '../listing/parameters.ts'
import { bucketOperation } from '../operation.ts'

export const listBucketAnalyticsConfigurations = bucketOperation<'ListBucketAnalyticsConfigurations'>(
  's3:GetAnalyticsConfiguration',
  (_bucket, call) => {
    requireFirstPage(call.input)
    return { IsTruncated: false }
  },
)
