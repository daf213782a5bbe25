import { bucketOperation } from '../operation.ts'

export const getBucketVersioning = bucketOperation<'GetBucketVersioning'>('s3:GetBucketVersioning', () => ({}))
