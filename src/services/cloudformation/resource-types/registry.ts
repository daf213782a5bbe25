import { iamAccessKey } from './iam/access-key.ts'
import { iamGroup } from './iam/group.ts'
import { iamInstanceProfile } from './iam/instance-profile.ts'
import { iamManagedPolicy } from './iam/managed-policy.ts'
import { iamPolicy } from './iam/policy.ts'
import { iamGroupPolicy, iamRolePolicy, iamUserPolicy } from './iam/principal-policy.ts'
import { iamRole } from './iam/role.ts'
import { iamUser } from './iam/user.ts'
import { iamUserToGroupAddition } from './iam/user-to-group-addition.ts'
import { lambdaAlias } from './lambda/alias.ts'
import { lambdaCodeSigningConfig } from './lambda/code-signing-config.ts'
import { lambdaEventInvokeConfig } from './lambda/event-invoke-config.ts'
import { lambdaEventSourceMapping } from './lambda/event-source-mapping.ts'
import { lambdaFunction } from './lambda/function.ts'
import { lambdaLayerVersion } from './lambda/layer-version.ts'
import { lambdaLayerVersionPermission } from './lambda/layer-version-permission.ts'
import { lambdaPermission } from './lambda/permission.ts'
import { lambdaUrl } from './lambda/url.ts'
import { lambdaVersion } from './lambda/version.ts'
import { s3Bucket } from './s3/bucket.ts'
import { s3BucketPolicy } from './s3/bucket-policy.ts'
import { eventsEventBus } from './events/event-bus.ts'
import { eventsEventBusPolicy } from './events/event-bus-policy.ts'
import { eventsRule } from './events/rule.ts'
import { logsLogGroup } from './logs/log-group.ts'
import { schedulerSchedule } from './scheduler/schedule.ts'
import { snsSubscription } from './sns/subscription.ts'
import { snsTopic } from './sns/topic.ts'
import { snsTopicPolicy } from './sns/topic-policy.ts'
import { sqsQueue } from './sqs/queue.ts'
import { sqsQueuePolicy } from './sqs/queue-policy.ts'
import { ssmParameter } from './ssm/parameter.ts'
import { cdkMetadata } from './inert/cdk-metadata.ts'
import { ecrRepository } from './inert/ecr-repository.ts'
import { kmsAlias, kmsKey } from './inert/kms.ts'
import type { ResourceType } from './resource-type.ts'

/** Every resource type that stacks make by calling a service; a new one is a file and a line here. */
const RESOURCE_TYPES: readonly ResourceType[] = [
  eventsEventBus,
  eventsEventBusPolicy,
  eventsRule,
  logsLogGroup,
  schedulerSchedule,
  snsSubscription,
  snsTopic,
  snsTopicPolicy,
  sqsQueue,
  sqsQueuePolicy,
  ssmParameter,
  cdkMetadata,
  ecrRepository,
  kmsAlias,
  kmsKey,
  iamAccessKey,
  iamGroup,
  iamInstanceProfile,
  iamManagedPolicy,
  iamPolicy,
  iamGroupPolicy,
  iamRolePolicy,
  iamUserPolicy,
  iamRole,
  iamUser,
  iamUserToGroupAddition,
  lambdaAlias,
  lambdaCodeSigningConfig,
  lambdaEventInvokeConfig,
  lambdaEventSourceMapping,
  lambdaFunction,
  lambdaLayerVersion,
  lambdaLayerVersionPermission,
  lambdaPermission,
  lambdaUrl,
  lambdaVersion,
  s3Bucket,
  s3BucketPolicy,
]

/**
 * Types that CloudFormation itself makes: they are about stacks, templates, waiting, and functions that answer for a resource. With the
 * properties that a template may give them; null: any.
 */
const ENGINE_TYPES: ReadonlyMap<string, readonly string[] | null> = new Map([
  ['AWS::CloudFormation::Stack', ['TemplateURL', 'Parameters', 'Tags', 'TimeoutInMinutes']],
  ['AWS::CloudFormation::CustomResource', null],
  ['AWS::CloudFormation::Macro', ['Name', 'FunctionName', 'Description']],
  ['AWS::CloudFormation::WaitCondition', ['Handle', 'Timeout', 'Count']],
  ['AWS::CloudFormation::WaitConditionHandle', []],
])

const BY_NAME = new Map(RESOURCE_TYPES.map((type) => [type.name, type]))

/** Undefined: a type that the engine makes itself, or one that is not supported. */
export function findResourceType(name: string): ResourceType | undefined {
  return BY_NAME.get(name)
}

/** Whether the engine makes resources of this type itself; `Custom::Anything` is a custom resource too. */
export function isEngineType(name: string): boolean {
  return ENGINE_TYPES.has(name) || name.startsWith('Custom::')
}

/** The properties that a template may give to a supported type; null: any, or the type is not supported. */
export function supportedProperties(name: string): readonly string[] | null {
  return BY_NAME.get(name)?.properties ?? ENGINE_TYPES.get(name) ?? null
}

/** Names of all supported types but `Custom::*`, sorted. */
export function supportedTypes(): readonly string[] {
  return [...BY_NAME.keys(), ...ENGINE_TYPES.keys()].sort()
}
