import { notConfigured } from '../errors.ts'
import { bucketOperation } from '../operation.ts'

export const getBucketLifecycleConfiguration = bucketOperation<'GetBucketLifecycleConfiguration'>(
  's3:GetLifecycleConfiguration',
  ({ name }) => {
    throw notConfigured('NoSuchLifecycleConfiguration', 'The lifecycle configuration does not exist', name)
  },
)
