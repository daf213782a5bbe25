import { addRequestTags } from '../objects/grants.ts'
import { existingObjectGrants } from '../objects/in-hand.ts'
import { commitTags } from '../objects/tagging.ts'
import { versionMember } from '../objects/versions.ts'
import type { S3Operation } from '../operation.ts'
import { parseTagSet } from '../tags.ts'

export const putObjectTagging: S3Operation<'PutObjectTagging'> = {
  async authorize(call, s3) {
    const given = (call.input.Tagging?.TagSet ?? []).flatMap(({ Key, Value }): [string, string][] =>
      Key === undefined || Value === undefined ? [] : [[Key, Value]],
    )
    const grants = await existingObjectGrants(call, s3, 's3:PutObjectTagging')
    return grants.map((grant) => {
      const context: Record<string, string | readonly string[]> = { ...grant.context }
      addRequestTags(context, given)
      return { ...grant, context }
    })
  },

  async handle(call, s3) {
    const tags = parseTagSet(call.input.Tagging, 'object')
    const row = await commitTags(s3, call, tags, 'ObjectTagging:Put')
    return versionMember(s3, call.input.Bucket, row)
  },
}
