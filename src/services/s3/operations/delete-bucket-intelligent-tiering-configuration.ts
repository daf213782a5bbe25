import { noSuchConfiguration } from '../errors.ts'
import { bucketOperation } from '../operation.ts'

export const deleteBucketIntelligentTieringConfiguration =
  bucketOperation<'DeleteBucketIntelligentTieringConfiguration'>(
    's3:PutIntelligentTieringConfiguration',
    ({ name }) => {
      throw noSuchConfiguration(name)
    },
  )
