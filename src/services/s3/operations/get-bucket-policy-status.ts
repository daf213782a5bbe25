import { isPublic } from '../../../policy/public.ts'
import { noSuchBucketPolicy } from '../errors.ts'
import { bucketOperation } from '../operation.ts'

export const getBucketPolicyStatus = bucketOperation<'GetBucketPolicyStatus'>(
  's3:GetBucketPolicyStatus',
  ({ name, policy }) => {
    if (policy === undefined) throw noSuchBucketPolicy(name)
    return { PolicyStatus: { IsPublic: isPublic(policy.document) } }
  },
)
