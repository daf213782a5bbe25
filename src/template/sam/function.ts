/** `AWS::Serverless::Function`: the function, and everything that its properties stand for. */
import { checkPackageType, functionCode } from './code.ts'
import { invalidResource } from './errors.ts'
import { eventInvokeConfig } from './event-invoke-config.ts'
import { eventResources } from './events/event.ts'
import { assignRole, functionRole, isTraced } from './function-role.ts'
import { functionUrl } from './function-url.ts'
import { type Publication, publish } from './function-version.ts'
import { isIntrinsic } from './intrinsics.ts'
import { isGiven, isObject, type Json, type JsonObject, objectOr, present } from './json.ts'
import { type Generated, generated, inherited, invokedAlias, invokedFunction } from './resource.ts'
import { propagateTags, samTags } from './tags.ts'
import { type SamResource, type Transformation, withParametersAndMappings } from './transformation.ts'
import { wrongType } from './value-types.ts'

/** Properties that mean the same to Lambda. */
const SAME_IN_LAMBDA = [
  'Handler',
  'Runtime',
  'Description',
  'MemorySize',
  'Timeout',
  'VpcConfig',
  'Role',
  'Environment',
  'KmsKeyArn',
  'ReservedConcurrentExecutions',
  'Layers',
  'FileSystemConfigs',
  'ImageConfig',
  'PackageType',
  'Architectures',
  'SnapStart',
  'EphemeralStorage',
  'CodeSigningConfigArn',
  'RuntimeManagementConfig',
  'LoggingConfig',
  'TenancyConfig',
  'RecursiveLoop',
  'DurableConfig',
  'PublishToLatestPublished',
]

/** Throws SamMistake for the first mistake, as AWS's transform does. The resources come in the order in which AWS lists them. */
export function transformFunction(run: Transformation, resource: SamResource): Generated[] {
  const { logicalId, properties, attributes } = resource
  checkTogether(logicalId, properties)
  checkDeadLetterQueue(logicalId, properties.DeadLetterQueue)
  checkTenancy(logicalId, properties)
  const fn = lambdaFunction(run, resource)
  if (isGiven(properties.ProvisionedConcurrencyConfig) && !isGiven(properties.AutoPublishAlias))
    throw invalidResource(
      logicalId,
      'To set ProvisionedConcurrencyConfig AutoPublishALias must be defined on the function',
    )
  const publication = publish(run, resource, fn)
  const url = functionUrl(resource, publication?.alias)
  deployGradually(run, resource, publication)
  const invokeConfig = eventInvokeConfig(run, resource, publication)
  const role = functionRole(run, resource, invokeConfig.policies)
  const neededRole = assignRole(run, fn, role)
  const invoked = publication === undefined ? invokedFunction(fn) : invokedAlias(publication.alias)
  const resources = [
    fn,
    ...(publication === undefined ? [] : [publication.version, publication.alias]),
    ...url,
    ...invokeConfig.resources,
    ...(neededRole === undefined ? [] : [neededRole]),
    ...eventResources(run, { logicalId, events: properties.Events, invoked, role, inherited: inherited(attributes) }),
  ]
  propagateTags(resources, properties.Tags, properties.PropagateTags)
  return resources
}

function lambdaFunction(run: Transformation, { logicalId, properties, attributes, dependsOn }: SamResource): Generated {
  const same = Object.fromEntries(SAME_IN_LAMBDA.map((name) => [name, properties[name]]))
  const { FunctionName: name, FunctionScalingConfig: scaling } = properties
  const made = present({
    ...same,
    FunctionName: isGiven(name) ? name : undefined,
    Code: functionCode(logicalId, properties),
    Tags: samTags(logicalId, properties.Tags),
    TracingConfig: isTraced(run, properties) ? { Mode: properties.Tracing ?? null } : undefined,
    DeadLetterConfig: isGiven(properties.DeadLetterQueue)
      ? { TargetArn: objectOr(properties.DeadLetterQueue).TargetArn ?? null }
      : undefined,
    CapacityProviderConfig: capacityProvider(logicalId, properties.CapacityProviderConfig),
    FunctionScalingConfig: isGiven(scaling) ? scaling : undefined,
  })
  checkPackageType(logicalId, made)
  return generated(logicalId, 'AWS::Lambda::Function', attributes, made, dependsOn)
}

function capacityProvider(logicalId: string, config: Json | undefined): JsonObject | undefined {
  if (!isGiven(config) || !isObject(config)) return undefined
  const {
    Arn: arn,
    PerExecutionEnvironmentMaxConcurrency: concurrency,
    ExecutionEnvironmentMemoryGiBPerVCpu: memory,
  } = config
  const unknown = Object.keys(config).filter(
    (name) => !['Arn', 'PerExecutionEnvironmentMaxConcurrency', 'ExecutionEnvironmentMemoryGiBPerVCpu'].includes(name),
  )
  if (unknown.length > 0 || (typeof arn !== 'string' && !isIntrinsic(arn)))
    throw invalidResource(logicalId, `Invalid CapacityProviderConfig: ${unknown[0] ?? 'Arn'} is not valid`)
  return {
    LambdaManagedInstancesCapacityProviderConfig: present({
      CapacityProviderArn: arn,
      PerExecutionEnvironmentMaxConcurrency: concurrency,
      ExecutionEnvironmentMemoryGiBPerVCpu: memory,
    }),
  }
}

function deployGradually(run: Transformation, resource: SamResource, publication: Publication | undefined): void {
  const { logicalId, properties, attributes } = resource
  const preference = properties.DeploymentPreference
  if (!isGiven(preference) || !isObject(preference)) return
  for (const name of ['Enabled', 'Type'])
    if (preference[name] !== undefined) preference[name] = withParametersAndMappings(run, preference[name])
  preference.PassthroughCondition =
    preference.PassthroughCondition === undefined ? false : passthroughCondition(run, logicalId, preference)
  const tags = isGiven(properties.PropagateTags) ? objectOr(properties.Tags) : {}
  const updatePolicy = run.deployments.add(logicalId, preference, attributes.Condition, tags)
  if (updatePolicy === undefined) return
  if (publication === undefined)
    throw invalidResource(logicalId, "'DeploymentPreference' requires AutoPublishAlias property to be specified.")
  publication.alias.attributes.UpdatePolicy = updatePolicy
}

function passthroughCondition(run: Transformation, logicalId: string, preference: JsonObject): boolean {
  const value = withParametersAndMappings(run, preference.PassthroughCondition)
  if (value === true || value === 'true' || value === 'True' || value === 1) return true
  if (value === false || value === 'false' || value === 'False' || value === 0) return false
  throw invalidResource(
    logicalId,
    isIntrinsic(value)
      ? 'Unsupported intrinsic: the only intrinsic functions supported for property PassthroughCondition are FindInMap and parameter Refs.'
      : 'Invalid value for property PassthroughCondition.',
  )
}

function checkTogether(logicalId: string, properties: JsonObject): void {
  const has = (name: string) => properties[name] !== undefined && properties[name] !== null
  const mistakes: string[] = []
  for (const other of ['ProvisionedConcurrencyConfig', 'VpcConfig'])
    if (has('CapacityProviderConfig') && has(other))
      mistakes.push(`Cannot specify 'CapacityProviderConfig' and '${other}' together.`)
  for (const [name, needed] of [
    ['FunctionScalingConfig', 'CapacityProviderConfig'],
    ['VersionDeletionPolicy', 'AutoPublishAlias'],
  ] as const)
    if (has(name) && !has(needed)) mistakes.push(`'${name}' requires '${needed}'.`)
  if (mistakes.length > 0) throw invalidResource(logicalId, mistakes.join('\n'))
}

function checkDeadLetterQueue(logicalId: string, queue: Json | undefined): void {
  if (!isGiven(queue)) return
  const { Type: type, TargetArn: arn } = objectOr(queue)
  if (!isGiven(type) || !isGiven(arn))
    throw invalidResource(logicalId, "'DeadLetterQueue' requires Type and TargetArn properties to be specified.")
  if (typeof type !== 'string') throw wrongType(logicalId, 'DeadLetterQueue.Type', 'string')
  if (type !== 'SQS' && type !== 'SNS')
    throw invalidResource(logicalId, "'DeadLetterQueue' requires Type of ['SQS', 'SNS']")
}

function checkTenancy(logicalId: string, properties: JsonObject): void {
  if (!isGiven(properties.TenancyConfig)) return
  for (const [name, title] of [
    ['ProvisionedConcurrencyConfig', 'Provisioned concurrency'],
    ['FunctionUrlConfig', 'Function URL'],
    ['SnapStart', 'SnapStart'],
  ] as const)
    if (isGiven(properties[name]))
      throw invalidResource(logicalId, `${title} is not supported for functions enabled with tenancy configuration.`)
  const event = Object.values(objectOr(properties.Events))
    .map((one) => objectOr(one).Type ?? 'None')
    .find((type) => type !== 'Api' && type !== 'HttpApi')
  if (event !== undefined)
    throw invalidResource(
      logicalId,
      `Event source '${String(event)}' is not supported for functions enabled with tenancy configuration. Only Api and HttpApi event sources are supported.`,
    )
}
