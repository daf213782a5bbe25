import { filterOutput } from '../notification/configuration.ts'
import { bucketOperation, type S3Output } from '../operation.ts'

type Rule = NonNullable<S3Output<'GetBucketNotificationConfiguration'>['LambdaFunctionConfigurations']>[number]

export const getBucketNotificationConfiguration = bucketOperation<'GetBucketNotificationConfiguration'>(
  's3:GetBucketNotification',
  ({ rules }) => {
    if (rules.length === 0) return {}
    return {
      LambdaFunctionConfigurations: rules.map((rule) => ({
        Id: rule.id,
        LambdaFunctionArn: rule.targetArn,
        Events: [...rule.events] as Rule['Events'],
        ...(rule.filter !== null && { Filter: filterOutput(rule) }),
      })),
    }
  },
)
