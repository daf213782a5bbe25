import { filterOutput } from '../notification/configuration.ts'
import { type DestinationKind, destinationKind, type NotificationRule } from '../notification/rule.ts'
import { bucketOperation, type S3Output } from '../operation.ts'

type Output = S3Output<'GetBucketNotificationConfiguration'>
type Events = NonNullable<Output['LambdaFunctionConfigurations']>[number]['Events']

export const getBucketNotificationConfiguration = bucketOperation<'GetBucketNotificationConfiguration'>(
  's3:GetBucketNotification',
  ({ rules }) => {
    const of = (kind: DestinationKind) => rules.filter((rule) => destinationKind(rule) === kind)
    const [topics, queues, functions] = [of('Topic'), of('Queue'), of('CloudFunction')]
    const output: Output = {}
    if (topics.length > 0)
      output.TopicConfigurations = topics.map((rule) => ({ ...common(rule), TopicArn: rule.targetArn }))
    if (queues.length > 0)
      output.QueueConfigurations = queues.map((rule) => ({ ...common(rule), QueueArn: rule.targetArn }))
    if (functions.length > 0) {
      const configurations = functions.map((rule) => ({ ...common(rule), LambdaFunctionArn: rule.targetArn }))
      output.LambdaFunctionConfigurations = configurations
    }
    if (of('EventBridge').length > 0) output.EventBridgeConfiguration = {}
    return output
  },
)

function common(rule: NotificationRule) {
  return {
    Id: rule.id,
    Events: [...rule.events] as Events,
    ...(rule.filter !== null && { Filter: filterOutput(rule) }),
  }
}
