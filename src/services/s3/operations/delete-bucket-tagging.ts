import { transact } from '../../../store/transaction.ts'
import { bucketOperation } from '../operation.ts'
import { bucketTags } from '../tables.ts'
import { isSystemTag } from '../tags.ts'

export const deleteBucketTagging = bucketOperation<'DeleteBucketTagging'>(
  's3:PutBucketTagging',
  async ({ name }, { http }, s3) => {
    await transact(s3.store, async (tx) => {
      await s3.buckets.configure(tx, name)
      const tags = (await bucketTags.get(tx, [name])) ?? []
      const left = http === undefined ? [] : tags.filter(([key]) => isSystemTag(key))
      if (left.length === 0) bucketTags.delete(tx, [name])
      else bucketTags.put(tx, [name], left)
    })
    return {}
  },
)
