import { describeLogging } from '../logging/configuration.ts'
import { bucketOperation } from '../operation.ts'

export const getBucketLogging = bucketOperation<'GetBucketLogging'>('s3:GetBucketLogging', ({ row }) =>
  row.logging === undefined ? {} : { LoggingEnabled: describeLogging(row.logging) },
)
