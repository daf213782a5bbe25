import { transact } from '../../../store/transaction.ts'
import { bucketOperation } from '../operation.ts'
import { bucketWebsites } from '../tables.ts'
import { parseWebsite } from '../website/configuration.ts'

export const putBucketWebsite = bucketOperation<'PutBucketWebsite'>(
  's3:PutBucketWebsite',
  async ({ name }, call, s3) => {
    const website = parseWebsite(call.input.WebsiteConfiguration)
    await transact(s3.store, async (tx) => {
      await s3.buckets.configure(tx, name)
      bucketWebsites.put(tx, [name], website)
    })
    return {}
  },
)
