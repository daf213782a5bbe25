import { transact } from '../../../store/transaction.ts'
import { bucketOperation } from '../operation.ts'
import { bucketWebsites } from '../tables.ts'

export const deleteBucketWebsite = bucketOperation<'DeleteBucketWebsite'>(
  's3:DeleteBucketWebsite',
  async ({ name }, _call, s3) => {
    await transact(s3.store, async (tx) => {
      if ((await bucketWebsites.get(tx, [name])) === undefined) return
      await s3.buckets.configure(tx, name)
      bucketWebsites.delete(tx, [name])
    })
    return {}
  },
)
