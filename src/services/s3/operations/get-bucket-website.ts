import { notConfigured } from '../errors.ts'
import { bucketOperation } from '../operation.ts'

export const getBucketWebsite = bucketOperation<'GetBucketWebsite'>('s3:GetBucketWebsite', ({ name }) => {
  throw notConfigured('NoSuchWebsiteConfiguration', 'The specified bucket does not have a website configuration', name)
})
