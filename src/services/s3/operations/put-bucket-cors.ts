import { transact } from '../../../store/transaction.ts'
import { parseCorsConfiguration } from '../cors/configuration.ts'
import { bucketOperation } from '../operation.ts'
import { bucketCors } from '../tables.ts'

export const putBucketCors = bucketOperation<'PutBucketCors'>('s3:PutBucketCORS', async ({ name }, call, s3) => {
  const rules = parseCorsConfiguration(call.input.CORSConfiguration)
  await transact(s3.store, async (tx) => {
    await s3.buckets.configure(tx, name)
    bucketCors.put(tx, [name], rules)
  })
  return {}
})
