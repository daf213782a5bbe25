import { transact } from '../../../store/transaction.ts'
import { bucketOperation } from '../operation.ts'
import { bucketTags } from '../tables.ts'
import { parseTagSet, withSystemTags } from '../tags.ts'

export const putBucketTagging = bucketOperation<'PutBucketTagging'>(
  's3:PutBucketTagging',
  async ({ name }, call, s3) => {
    const { Tagging: input } = call.input
    const marked = call.http === undefined ? parseTagSet(input, 'bucket', true) : undefined
    await transact(s3.store, async (tx) => {
      await s3.buckets.configure(tx, name)
      bucketTags.put(tx, [name], marked ?? withSystemTags(input, (await bucketTags.get(tx, [name])) ?? []))
    })
    call.reply.status = 204
    return {}
  },
)
