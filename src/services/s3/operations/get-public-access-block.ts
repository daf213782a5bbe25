import { notConfigured } from '../errors.ts'
import { bucketOperation } from '../operation.ts'

export const getPublicAccessBlock = bucketOperation<'GetPublicAccessBlock'>(
  's3:GetBucketPublicAccessBlock',
  ({ name, row }) => {
    const flags = row.publicAccessBlock
    if (flags === null) {
      throw notConfigured(
        'NoSuchPublicAccessBlockConfiguration',
        'The public access block configuration was not found',
        name,
      )
    }
    return {
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: flags.blockPublicAcls,
        IgnorePublicAcls: flags.ignorePublicAcls,
        BlockPublicPolicy: flags.blockPublicPolicy,
        RestrictPublicBuckets: flags.restrictPublicBuckets,
      },
    }
  },
)
