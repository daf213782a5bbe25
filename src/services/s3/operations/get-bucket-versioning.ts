import { bucketOperation } from '../operation.ts'

/** Says nothing of a bucket that never had versioning. */
export const getBucketVersioning = bucketOperation<'GetBucketVersioning'>('s3:GetBucketVersioning', ({ row }) =>
  row.versioning === undefined ? {} : { Status: row.versioning },
)
