import { createRequire } from 'node:module'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadAwsServiceSpec } from '@aws-cdk/aws-service-spec'

/**
 * Packs what the public specification of CloudFormation's resource types says into `resource-schemas.json`: all of the types that Millrace
 * has or that SAM templates become, and the names of the others, so that a typing error differs from a type that is not supported.
 */

interface SpecResource {
  readonly cloudFormationType: string
  readonly properties: Readonly<Record<string, SpecProperty>>
  readonly attributes: Readonly<Record<string, unknown>>
}

interface SpecProperty {
  readonly type: { readonly type: string; readonly types?: readonly { readonly type: string }[] }
  readonly required?: boolean
  readonly causesReplacement?: 'yes' | 'no' | 'maybe'
}

/** See SOURCES.md. */
export interface PackedResourceSchemas {
  readonly source: string
  readonly types: { readonly [type: string]: PackedResourceSchema }
  /** The names of all types by what they begin with: `AWS::S3` → `Bucket BucketPolicy`. */
  readonly known: { readonly [namespace: string]: string }
}

export interface PackedResourceSchema {
  readonly properties: { readonly [name: string]: string }
  readonly attributes: string
}

/** The types that are packed whole: what Millrace has, has inert, or refuses by name though SAM writes it. */
const PACKED: Readonly<Record<string, readonly string[]>> = {
  'AWS::S3': ['Bucket', 'BucketPolicy'],
  'AWS::Lambda': [
    'Function',
    'Permission',
    'Version',
    'Alias',
    'EventInvokeConfig',
    'EventSourceMapping',
    'LayerVersion',
    'LayerVersionPermission',
    'Url',
    'CodeSigningConfig',
  ],
  'AWS::IAM': [
    'Role',
    'RolePolicy',
    'Policy',
    'ManagedPolicy',
    'User',
    'UserPolicy',
    'UserToGroupAddition',
    'Group',
    'GroupPolicy',
    'AccessKey',
    'InstanceProfile',
    'ServiceLinkedRole',
  ],
  'AWS::SQS': ['Queue', 'QueuePolicy', 'QueueInlinePolicy'],
  'AWS::SNS': ['Topic', 'Subscription', 'TopicPolicy', 'TopicInlinePolicy'],
  'AWS::Events': ['Rule', 'EventBus', 'EventBusPolicy', 'Connection', 'ApiDestination', 'Archive'],
  'AWS::Scheduler': ['Schedule', 'ScheduleGroup'],
  'AWS::Logs': ['LogGroup', 'LogStream', 'SubscriptionFilter', 'MetricFilter', 'ResourcePolicy'],
  'AWS::SSM': ['Parameter'],
  'AWS::SecretsManager': ['Secret'],
  'AWS::KMS': ['Key', 'Alias'],
  'AWS::ECR': ['Repository'],
  'AWS::CloudWatch': ['Alarm'],
  'AWS::CloudFormation': ['Stack', 'CustomResource', 'WaitCondition', 'WaitConditionHandle', 'Macro'],
  'AWS::CDK': ['Metadata'],
  'AWS::DynamoDB': ['Table'],
  'AWS::StepFunctions': ['StateMachine'],
  'AWS::ApiGateway': ['RestApi', 'Deployment', 'Stage'],
  'AWS::ApiGatewayV2': ['Api', 'Stage'],
}

/** Not in the specification: what templates of CDK carry about themselves. */
const METADATA_TYPE: SpecResource = {
  cloudFormationType: 'AWS::CDK::Metadata',
  properties: { Analytics: { type: { type: 'string' } } },
  attributes: {},
}

/** Not in the specification either: types that only SAM's transform reads. */
const SAM_TYPES = ['CapacityProvider', 'Connector', 'GraphQLApi', 'WebSocketApi'].map(
  (name) => `AWS::Serverless::${name}`,
)

export async function packResourceSchemas(): Promise<PackedResourceSchemas> {
  const database = await loadAwsServiceSpec()
  const resources = new Map(
    [...(database.all('resource') as readonly SpecResource[]), METADATA_TYPE].map((resource) => [
      resource.cloudFormationType,
      resource,
    ]),
  )
  const types: Record<string, PackedResourceSchema> = {}
  for (const [namespace, names] of Object.entries(PACKED)) {
    for (const name of names) {
      const type = `${namespace}::${name}`
      const resource = resources.get(type)
      if (resource === undefined) throw new Error(`the specification has no ${type}`)
      types[type] = packResource(resource)
    }
  }
  return {
    source: `@aws-cdk/aws-service-spec@${specVersion()}`,
    types,
    known: byNamespace([...resources.keys(), ...SAM_TYPES]),
  }
}

/** One type or namespace per line, so that a diff reads like a change of the specification. */
export function printResourceSchemas({ source, types, known }: PackedResourceSchemas): string {
  return `{"source":${JSON.stringify(source)},
"types":{\n${lines(types)}\n},
"known":{\n${lines(known)}\n}}\n`
}

function lines(of: object): string {
  return Object.entries(of)
    .map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
    .join(',\n')
}

function packResource({ properties, attributes }: SpecResource): PackedResourceSchema {
  const packed = Object.entries(properties)
    .sort(byName)
    .map(([name, property]) => [name, packProperty(property)] as const)
  return { properties: Object.fromEntries(packed), attributes: Object.keys(attributes).sort().join(' ') }
}

function packProperty({ type, required, causesReplacement }: SpecProperty): string {
  const replaces = causesReplacement === undefined || causesReplacement === 'no' ? '' : `/${causesReplacement}`
  return `${typeOf(type)}${required === true ? '!' : ''}${replaces}`
}

function typeOf({ type, types }: SpecProperty['type']): string {
  if (type === 'string' || type === 'boolean' || type === 'array' || type === 'number') return type
  if (type === 'integer') return 'number'
  if (type !== 'union') return 'object'
  const [first, ...others] = new Set((types ?? []).map(typeOf))
  return first !== undefined && others.length === 0 ? first : 'any'
}

function byNamespace(types: readonly string[]): Record<string, string> {
  const known: Record<string, string> = {}
  for (const type of types.toSorted()) {
    const [, namespace, name] = /^(\w+::\w+)::(\w+)$/.exec(type) ?? []
    if (namespace === undefined) throw new Error(`not the name of a type: ${type}`)
    known[namespace] = known[namespace] === undefined ? String(name) : `${known[namespace]} ${name}`
  }
  return known
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1
}

function specVersion(): string {
  const require = createRequire(import.meta.url)
  return (require('@aws-cdk/aws-service-spec/package.json') as { version: string }).version
}

if (process.argv[1] === import.meta.filename) {
  const schemas = await packResourceSchemas()
  writeFileSync(join(import.meta.dirname, 'resource-schemas.json'), printResourceSchemas(schemas))
  console.log(`${Object.keys(schemas.types).length} types of resources`)
}
