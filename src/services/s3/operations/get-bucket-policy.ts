import { bucketOperation } from '../operation.ts'
import { noSuchBucketPolicy } from '../errors.ts'

export const getBucketPolicy = bucketOperation<'GetBucketPolicy'>('s3:GetBucketPolicy', ({ name, policy }) => {
  if (policy === undefined) throw noSuchBucketPolicy(name)
  return { Policy: policy.text }
})
