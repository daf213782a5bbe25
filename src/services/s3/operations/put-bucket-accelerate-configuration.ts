import { notImplemented } from '../../../protocol/errors.ts'
import { transact } from '../../../store/transaction.ts'
import { malformedXml } from '../errors.ts'
import { bucketOperation } from '../operation.ts'

/** There is no edge to accelerate through, so only switching it off is possible. What is kept is that somebody did. */
export const putBucketAccelerateConfiguration = bucketOperation<'PutBucketAccelerateConfiguration'>(
  's3:PutAccelerateConfiguration',
  async ({ name }, call, s3) => {
    const status: string | undefined = call.input.AccelerateConfiguration?.Status
    if (status === 'Enabled') throw notImplemented()
    if (status !== 'Suspended') throw malformedXml()
    await transact(s3.store, (tx) => s3.buckets.configure(tx, name, { acceleration: status }))
    return {}
  },
)
