import { transact } from '../../../store/transaction.ts'
import { requireIntegrityHeader } from '../integrity.ts'
import { parseLifecycle } from '../lifecycle/configuration.ts'
import { bucketOperation } from '../operation.ts'
import { bucketLifecycles, lifecycleRounds } from '../tables.ts'

export const putBucketLifecycleConfiguration = bucketOperation<'PutBucketLifecycleConfiguration'>(
  's3:PutLifecycleConfiguration',
  async ({ name }, call, s3) => {
    requireIntegrityHeader(call.http)
    const configuration = parseLifecycle(call.input)
    await transact(s3.store, async (tx) => {
      await s3.buckets.configure(tx, name)
      bucketLifecycles.put(tx, [name], configuration)
      // The worker looks through the bucket anew.
      lifecycleRounds.delete(tx, [name])
    })
    return { TransitionDefaultMinimumObjectSize: configuration.transitionMinimum }
  },
)
