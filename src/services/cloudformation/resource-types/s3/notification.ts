import type { InputOf, OutputOf } from '../../../../protocol/operation.ts'
import type { ServiceModels } from '../../../door.ts'
import type { TemplateObject } from '../../../../template/template.ts'
import type { BucketProperty } from './bucket-shape.ts'

type Property = BucketProperty<'NotificationConfiguration'>
type Configuration = InputOf<ServiceModels['s3'], 'PutBucketNotificationConfiguration'>['NotificationConfiguration']
type Actual = OutputOf<ServiceModels['s3'], 'GetBucketNotificationConfiguration'>
type Rule = NonNullable<NonNullable<Configuration>['LambdaFunctionConfigurations']>[number]
type Filter = NonNullable<NonNullable<Property['LambdaConfigurations']>[number]['Filter']>

/** CloudFormation has one event for each of its entries, S3 a list; otherwise they differ in names. */
export function notificationInput(property: Property): Configuration {
  const { LambdaConfigurations: functions, QueueConfigurations: queues, TopicConfigurations: topics } = property
  // On unless it says otherwise, as the specification has it.
  const isBridged =
    property.EventBridgeConfiguration !== undefined && property.EventBridgeConfiguration.EventBridgeEnabled !== false
  return {
    ...(functions && {
      LambdaFunctionConfigurations: functions.map((entry) => ({
        LambdaFunctionArn: entry.Function ?? '',
        ...ruleInput(entry),
      })),
    }),
    ...(queues && {
      QueueConfigurations: queues.map((entry) => ({ QueueArn: entry.Queue ?? '', ...ruleInput(entry) })),
    }),
    ...(topics && {
      TopicConfigurations: topics.map((entry) => ({ TopicArn: entry.Topic ?? '', ...ruleInput(entry) })),
    }),
    ...(isBridged && { EventBridgeConfiguration: {} }),
  }
}

export function notificationProperty(actual: Actual): TemplateObject {
  const functions = (actual.LambdaFunctionConfigurations ?? []).flatMap((rule) =>
    entriesOf(rule, { Function: rule.LambdaFunctionArn ?? '' }),
  )
  const queues = (actual.QueueConfigurations ?? []).flatMap((rule) => entriesOf(rule, { Queue: rule.QueueArn ?? '' }))
  const topics = (actual.TopicConfigurations ?? []).flatMap((rule) => entriesOf(rule, { Topic: rule.TopicArn ?? '' }))
  return {
    LambdaConfigurations: functions,
    QueueConfigurations: queues,
    TopicConfigurations: topics,
    EventBridgeConfiguration: { EventBridgeEnabled: actual.EventBridgeConfiguration !== undefined },
  }
}

function ruleInput(entry: { Event?: string; Filter?: Filter }): Pick<Rule, 'Events' | 'Filter'> {
  const rules = entry.Filter?.S3Key?.Rules
  return {
    Events: [entry.Event ?? ''] as Rule['Events'],
    ...(rules && {
      Filter: { Key: { FilterRules: rules as { Name?: 'prefix' | 'suffix'; Value?: string }[] } },
    }),
  }
}

function entriesOf(rule: Pick<Rule, 'Events' | 'Filter'>, target: TemplateObject): TemplateObject[] {
  const rules = (rule.Filter?.Key?.FilterRules ?? []).map(({ Name = '', Value = '' }) => ({ Name, Value }))
  return (rule.Events ?? []).map((Event) => ({
    Event,
    ...target,
    ...(rule.Filter !== undefined && { Filter: { S3Key: { Rules: rules } } }),
  }))
}
