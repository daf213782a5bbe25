import { notConfigured } from '../errors.ts'
import { bucketOperation } from '../operation.ts'

export const getBucketCors = bucketOperation<'GetBucketCors'>('s3:GetBucketCORS', ({ name }) => {
  throw notConfigured('NoSuchCORSConfiguration', 'The CORS configuration does not exist', name)
})
