import { existingObjectGrants } from '../objects/in-hand.ts'
import { commitTags } from '../objects/tagging.ts'
import type { S3Operation } from '../operation.ts'

export const deleteObjectTagging: S3Operation<'DeleteObjectTagging'> = {
  authorize: (call, s3) => existingObjectGrants(call, s3, 's3:DeleteObjectTagging'),

  async handle(call, s3) {
    await commitTags(s3, call, undefined, 'ObjectTagging:Delete')
    return {}
  },
}
