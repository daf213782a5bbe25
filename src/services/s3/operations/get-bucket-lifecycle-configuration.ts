import { notConfigured } from '../errors.ts'
import { lifecycleOutput } from '../lifecycle/configuration.ts'
import { bucketOperation } from '../operation.ts'

export const getBucketLifecycleConfiguration = bucketOperation<'GetBucketLifecycleConfiguration'>(
  's3:GetLifecycleConfiguration',
  ({ name, lifecycle }) => {
    if (lifecycle === undefined) {
      throw notConfigured('NoSuchLifecycleConfiguration', 'The lifecycle configuration does not exist', name)
    }
    return {
      Rules: lifecycleOutput(lifecycle.rules),
      TransitionDefaultMinimumObjectSize: lifecycle.transitionMinimum,
    }
  },
)
