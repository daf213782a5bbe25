import { existingObjectGrants } from '../objects/in-hand.ts'
import { commitTags } from '../objects/tagging.ts'
import { versionMember } from '../objects/versions.ts'
import type { S3Operation } from '../operation.ts'

export const deleteObjectTagging: S3Operation<'DeleteObjectTagging'> = {
  authorize: (call, s3) => existingObjectGrants(call, s3, 's3:DeleteObjectTagging'),

  async handle(call, s3) {
    const row = await commitTags(s3, call, undefined, 'ObjectTagging:Delete')
    return versionMember(s3, call.input.Bucket, row)
  },
}
