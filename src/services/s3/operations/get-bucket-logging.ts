import { bucketOperation } from '../operation.ts'

export const getBucketLogging = bucketOperation<'GetBucketLogging'>('s3:GetBucketLogging', () => ({}))
