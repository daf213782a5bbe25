import { notConfigured } from '../errors.ts'
import { bucketOperation } from '../operation.ts'

export const getObjectLockConfiguration = bucketOperation<'GetObjectLockConfiguration'>(
  's3:GetBucketObjectLockConfiguration',
  ({ name }) => {
    throw notConfigured(
      'ObjectLockConfigurationNotFoundError',
      'Object Lock configuration does not exist for this bucket',
      name,
    )
  },
)
