import { existingObjectGrants, requireObject } from '../objects/in-hand.ts'
import { versionMember } from '../objects/versions.ts'
import type { S3Operation } from '../operation.ts'
import { tagSetOutput } from '../tags.ts'

export const getObjectTagging: S3Operation<'GetObjectTagging'> = {
  authorize: (call, s3) => existingObjectGrants(call, s3, 's3:GetObjectTagging'),

  async handle(call, s3) {
    const row = await requireObject(call, s3, 'not-allowed')
    return { TagSet: tagSetOutput(row.tags), ...versionMember(s3, call.input.Bucket, row) }
  },
}
