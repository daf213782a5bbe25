import { aclOutput } from '../acl/requested.ts'
import { bucketAcl } from '../acl/rules.ts'
import { bucketOperation } from '../operation.ts'

export const getBucketAcl = bucketOperation<'GetBucketAcl'>('s3:GetBucketAcl', ({ row }) => aclOutput(bucketAcl(row)))
