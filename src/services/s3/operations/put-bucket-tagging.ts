import { transact } from '../../../store/transaction.ts'
import { bucketOperation } from '../operation.ts'
import { bucketTags } from '../tables.ts'
import { parseTagSet } from '../tags.ts'

export const putBucketTagging = bucketOperation<'PutBucketTagging'>(
  's3:PutBucketTagging',
  async ({ name }, call, s3) => {
    const tags = parseTagSet(call.input.Tagging, 'bucket', call.caller.kind === 'service')
    await transact(s3.store, async (tx) => {
      await s3.buckets.configure(tx, name)
      bucketTags.put(tx, [name], tags)
    })
    call.reply.status = 204
    return {}
  },
)
