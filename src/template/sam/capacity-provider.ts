/** `AWS::Serverless::CapacityProvider`: instances of one's own for functions, and the role that runs them. */
import { invalidResource } from './errors.ts'
import { getAtt } from './intrinsics.ts'
import { isGiven, isObject, type Json, type JsonObject, objectOr, present } from './json.ts'
import { assumeRolePolicy } from './policies.ts'
import { type Generated, generated, inherited } from './resource.ts'
import { tagList } from './tags.ts'
import { managedPolicy, type SamResource, type Transformation } from './transformation.ts'
import { isBoolean, isMap, isStringOrMap, type PropertyTypes, required, type } from './value-types.ts'

const strict = { allowsIntrinsic: false }
const mapOnly = type(isMap, { ...strict, name: 'map' })

export const CAPACITY_PROVIDER_TYPES: PropertyTypes = {
  CapacityProviderName: type(isStringOrMap, strict),
  VpcConfig: required(mapOnly),
  OperatorRole: type(isStringOrMap, strict),
  Tags: mapOnly,
  PropagateTags: type(isBoolean, strict),
  InstanceRequirements: mapOnly,
  ScalingConfig: mapOnly,
  KmsKeyArn: type(isStringOrMap, strict),
}

/** Members of the maps inside, and what their values are when they are no intrinsic function. */
const MEMBERS: Readonly<Record<string, Readonly<Record<string, 'list' | 'integer' | 'number'>>>> = {
  VpcConfig: { SecurityGroupIds: 'list', SubnetIds: 'list' },
  InstanceRequirements: { Architectures: 'list', AllowedTypes: 'list', ExcludedTypes: 'list' },
  ScalingConfig: { MaxVCpuCount: 'integer', AverageCPUUtilization: 'number' },
}

export function transformCapacityProvider(run: Transformation, resource: SamResource): Generated[] {
  const { logicalId, properties, attributes, dependsOn } = resource
  checkMembers(logicalId, properties)
  const { OperatorRole: givenRole, CapacityProviderName: name, KmsKeyArn: key, Tags: tags } = properties
  const role = generated(`${logicalId}OperatorRole`, 'AWS::IAM::Role', inherited(attributes), {
    AssumeRolePolicyDocument: assumeRolePolicy('lambda.amazonaws.com'),
    ManagedPolicyArns: [managedPolicy(run, 'AWSLambdaManagedEC2ResourceOperator')],
    Tags: ownTags(isGiven(properties.PropagateTags) ? tags : undefined, true),
  })
  const { VpcConfig: vpc, InstanceRequirements: instances, ScalingConfig: scaling } = properties
  const operatorRole = isGiven(givenRole) ? givenRole : getAtt(role.logicalId, 'Arn')
  const provider = generated(
    logicalId,
    'AWS::Lambda::CapacityProvider',
    attributes,
    present({
      CapacityProviderName: isGiven(name) ? name : undefined,
      VpcConfig: present({ SubnetIds: objectOr(vpc).SubnetIds, SecurityGroupIds: objectOr(vpc).SecurityGroupIds }),
      PermissionsConfig: { CapacityProviderOperatorRoleArn: operatorRole },
      Tags: ownTags(tags, false),
      InstanceRequirements: isGiven(instances) ? instanceRequirements(objectOr(instances)) : undefined,
      CapacityProviderScalingConfig: isGiven(scaling) ? scalingConfig(objectOr(scaling)) : undefined,
      KmsKeyArn: isGiven(key) ? key : undefined,
    }),
    dependsOn,
  )
  return isGiven(givenRole) ? [provider] : [role, provider]
}

function ownTags(tags: Json | undefined, isOwnFirst: boolean): JsonObject[] {
  const own = tagList({ 'lambda:createdBy': 'SAM' })
  return isOwnFirst ? [...own, ...tagList(tags)] : [...tagList(tags), ...own]
}

function instanceRequirements({ Architectures, AllowedTypes, ExcludedTypes }: JsonObject): JsonObject {
  return present({ Architectures, AllowedInstanceTypes: AllowedTypes, ExcludedInstanceTypes: ExcludedTypes })
}

function scalingConfig({ MaxVCpuCount, AverageCPUUtilization: target }: JsonObject): JsonObject {
  const isManual = target !== undefined && target !== null
  return present({
    MaxVCpuCount,
    ScalingMode: isManual ? 'Manual' : 'Auto',
    ScalingPolicies: isManual
      ? [{ PredefinedMetricType: 'LambdaCapacityProviderAverageCPUUtilization', TargetValue: target }]
      : undefined,
  })
}

/** Says everything that is wrong at once, as AWS's transform does for this type alone. */
function checkMembers(logicalId: string, properties: JsonObject): void {
  const mistakes: string[] = []
  for (const [property, members] of Object.entries(MEMBERS)) {
    const value = properties[property]
    if (!isObject(value)) continue
    for (const [name, kind] of Object.entries(members)) {
      const member = value[name]
      if (name === 'SubnetIds' && (member === undefined || member === null))
        mistakes.push(`Property '${property}.${name}' is required.`)
      else if (member !== undefined && member !== null && !isOfKind(member, kind))
        mistakes.push(`Property '${property}.${name}' value must be dictionary or ${kind}.`)
    }
    for (const name of Object.keys(value))
      if (!Object.hasOwn(members, name)) mistakes.push(`Property '${property}.${name}' is an invalid property.`)
  }
  if (mistakes.length > 0) throw invalidResource(logicalId, mistakes.join(' '))
  const { AllowedTypes: allowed, ExcludedTypes: excluded } = objectOr(properties.InstanceRequirements)
  if (allowed !== undefined && excluded !== undefined)
    throw invalidResource(
      logicalId,
      "Cannot specify 'InstanceRequirements.AllowedTypes' and 'InstanceRequirements.ExcludedTypes' together.",
    )
}

/** Numbers may be written as strings. */
function isOfKind(value: Json, kind: 'list' | 'integer' | 'number'): boolean {
  if (isObject(value)) return true
  if (kind === 'list') return Array.isArray(value)
  if (typeof value === 'string') return value !== '' && Number.isFinite(Number(value))
  return kind === 'integer' ? Number.isInteger(value) : typeof value === 'number'
}
