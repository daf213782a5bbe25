import { notImplemented } from '../../../protocol/errors.ts'
import { bucketOperation } from '../operation.ts'

/** Access logs are not written. Switching them off is what there is. */
export const putBucketLogging = bucketOperation<'PutBucketLogging'>('s3:PutBucketLogging', (_bucket, call) => {
  if (call.input.BucketLoggingStatus?.LoggingEnabled !== undefined) throw notImplemented()
  return {}
})
