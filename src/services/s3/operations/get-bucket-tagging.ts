import { notConfigured } from '../errors.ts'
import { bucketOperation } from '../operation.ts'
import { bucketTags } from '../tables.ts'
import { tagSetOutput } from '../tags.ts'

export const getBucketTagging = bucketOperation<'GetBucketTagging'>(
  's3:GetBucketTagging',
  async ({ name }, _call, s3) => {
    const tags = await bucketTags.get(s3.store, [name])
    if (tags === undefined || tags.length === 0) throw notConfigured('NoSuchTagSet', 'The TagSet does not exist', name)
    return { TagSet: tagSetOutput(tags) }
  },
)
