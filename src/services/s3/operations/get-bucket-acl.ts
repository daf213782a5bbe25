import { bucketOperation } from '../operation.ts'
import { ownerOnly } from '../objects/acl.ts'

export const getBucketAcl = bucketOperation<'GetBucketAcl'>('s3:GetBucketAcl', ({ row }) => ownerOnly(row.accountId))
