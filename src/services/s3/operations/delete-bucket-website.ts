import { bucketOperation } from '../operation.ts'

export const deleteBucketWebsite = bucketOperation<'DeleteBucketWebsite'>('s3:DeleteBucketWebsite', () => ({}))
