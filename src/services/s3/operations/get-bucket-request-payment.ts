import { bucketOperation } from '../operation.ts'

export const getBucketRequestPayment = bucketOperation<'GetBucketRequestPayment'>('s3:GetBucketRequestPayment', () => ({
  Payer: 'BucketOwner',
}))
