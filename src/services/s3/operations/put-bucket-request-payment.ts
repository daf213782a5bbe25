import { notImplemented } from '../../../protocol/errors.ts'
import { malformedXml } from '../errors.ts'
import { bucketOperation } from '../operation.ts'

/** Nobody pays here; that the owner would is what every bucket says. */
export const putBucketRequestPayment = bucketOperation<'PutBucketRequestPayment'>(
  's3:PutBucketRequestPayment',
  (_bucket, call) => {
    const payer: string | undefined = call.input.RequestPaymentConfiguration?.Payer
    if (payer === 'Requester') throw notImplemented()
    if (payer !== 'BucketOwner') throw malformedXml()
    return {}
  },
)
