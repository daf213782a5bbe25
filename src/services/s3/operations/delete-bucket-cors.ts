import { bucketOperation } from '../operation.ts'

export const deleteBucketCors = bucketOperation<'DeleteBucketCors'>('s3:PutBucketCORS', () => ({}))
