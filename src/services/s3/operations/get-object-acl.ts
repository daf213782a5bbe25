import { aclOutput } from '../acl/requested.ts'
import { objectAcl } from '../acl/rules.ts'
import { existingObjectGrants, requireObject } from '../objects/in-hand.ts'
import { requireBucket, type S3Operation } from '../operation.ts'

export const getObjectAcl: S3Operation<'GetObjectAcl'> = {
  authorize: (call, s3) => existingObjectGrants(call, s3, 's3:GetObjectAcl'),

  async handle(call, s3) {
    const { acl } = await requireObject(call, s3)
    const { row } = await requireBucket(call, s3)
    return aclOutput(objectAcl(row, acl))
  },
}
