import { requireFirstPage } from '../listing/parameters.ts'
import { bucketOperation } from '../operation.ts'

export const listBucketIntelligentTieringConfigurations = bucketOperation<'ListBucketIntelligentTieringConfigurations'>(
  's3:GetIntelligentTieringConfiguration',
  (_bucket, call) => {
    requireFirstPage(call.input)
    return { IsTruncated: false }
  },
)
