import { notConfigured } from '../errors.ts'
import { bucketOperation } from '../operation.ts'
import { bucketWebsites } from '../tables.ts'
import { websiteOutput } from '../website/configuration.ts'

export const getBucketWebsite = bucketOperation<'GetBucketWebsite'>(
  's3:GetBucketWebsite',
  async ({ name }, _call, s3) => {
    const website = await bucketWebsites.get(s3.store, [name])
    if (website !== undefined) return websiteOutput(website)
    throw notConfigured(
      'NoSuchWebsiteConfiguration',
      'The specified bucket does not have a website configuration',
      name,
    )
  },
)
