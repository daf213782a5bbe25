import { existingObjectGrants, requireObject } from '../objects/in-hand.ts'
import type { S3Operation } from '../operation.ts'
import { tagSetOutput } from '../tags.ts'

export const getObjectTagging: S3Operation<'GetObjectTagging'> = {
  authorize: (call, s3) => existingObjectGrants(call, s3, 's3:GetObjectTagging'),

  async handle(call, s3) {
    const { tags } = await requireObject(call, s3)
    return { TagSet: tagSetOutput(tags) }
  },
}
