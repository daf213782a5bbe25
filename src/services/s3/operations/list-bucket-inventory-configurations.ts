import { requireFirstPage } from '../listing/parameters.ts'
import { bucketOperation } from '../operation.ts'

export const listBucketInventoryConfigurations = bucketOperation<'ListBucketInventoryConfigurations'>(
  's3:GetInventoryConfiguration',
  (_bucket, call) => {
    requireFirstPage(call.input)
    return { IsTruncated: false }
  },
)
