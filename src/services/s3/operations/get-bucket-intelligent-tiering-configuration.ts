import { noSuchConfiguration } from '../errors.ts'
import { bucketOperation } from '../operation.ts'

export const getBucketIntelligentTieringConfiguration = bucketOperation<'GetBucketIntelligentTieringConfiguration'>(
  's3:GetIntelligentTieringConfiguration',
  ({ name }) => {
    throw noSuchConfiguration(name)
  },
)
