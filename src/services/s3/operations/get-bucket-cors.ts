import { corsOutput } from '../cors/configuration.ts'
import { notConfigured } from '../errors.ts'
import { bucketOperation } from '../operation.ts'

export const getBucketCors = bucketOperation<'GetBucketCors'>('s3:GetBucketCORS', ({ name, cors }) => {
  if (cors.length === 0) {
    throw notConfigured('NoSuchCORSConfiguration', 'The CORS configuration does not exist', name)
  }
  return { CORSRules: corsOutput(cors) }
})
