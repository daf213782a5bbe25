/** `AWS::Serverless::Connector`: the permissions that one resource needs to use another, from a table of who may need what. */
import { type ConnectorEnd, connectorEnd } from './connector-ends.ts'
import { connectorProfile, fillInProfile, type Profile } from './connector-profiles.ts'
import { invalidResource } from './errors.ts'
import { referredResource } from './intrinsics.ts'
import { isObject, type Json, type JsonObject, objectOr, present } from './json.ts'
import { type Generated, generated } from './resource.ts'
import type { SamResource, Transformation } from './transformation.ts'
import { isListOf, isMap, isString, type PropertyTypes, required, type } from './value-types.ts'

export const CONNECTOR_TYPES: PropertyTypes = {
  Source: required(type(isMap)),
  Destination: required(type((value) => isMap(value) || isListOf(isMap)(value))),
  Permissions: required(type(isListOf(isString))),
}

/**
 * The policies and permissions of a connector. Run last: it looks at what functions have become. Changes `DependsOn` of resources that have
 * to wait for the permissions.
 */
export function transformConnector(run: Transformation, connector: SamResource): Generated[] {
  const { logicalId, properties } = connector
  const { Destination: destination, Source: source } = properties
  const isSingle = !Array.isArray(destination)
  const destinations = isSingle ? [destination ?? null] : destination
  const resources = destinations.flatMap((one, index) =>
    connect(run, connector, objectOr(source), objectOr(one), isSingle ? '' : `Destination${index}`),
  )
  if (resources.length === 0) throw invalidResource(logicalId, "'Destination' is an empty list")
  replaceDependency(
    run,
    logicalId,
    resources.map((resource) => resource.logicalId),
  )
  return resources
}

function connect(
  run: Transformation,
  connector: SamResource,
  sourceReference: JsonObject,
  destinationReference: JsonObject,
  suffix: string,
): Generated[] {
  const { logicalId } = connector
  const destination = connectorEnd(run, logicalId, destinationReference, sourceReference)
  const source = connectorEnd(run, logicalId, sourceReference, destinationReference)
  const profile = connectorProfile(source.type, destination.type)
  if (profile === undefined)
    throw invalidResource(
      logicalId,
      `Unable to create connector from ${source.type} to ${destination.type}; it's not supported or the template is invalid.`,
    )
  const permissions = new Set(connector.properties.Permissions as string[])
  checkPermissions(connector, profile, source, destination, permissions)
  const access = fillInProfile(logicalId, profile, source, destination)
  const wanted = Object.entries(access).filter(([name]) => permissions.has(name))
  const metadata = {
    'aws:sam:connectors': {
      [logicalId]: {
        Source: { Type: typeInTemplate(run, source) },
        Destination: { Type: typeInTemplate(run, destination) },
      },
    },
  }
  const attributes = { ...connector.attributes, Metadata: { ...objectOr(connector.attributes.Metadata), ...metadata } }
  const make = (name: string, type: string, properties: JsonObject) =>
    generated(`${logicalId}${name}${suffix}`, type, attributes, properties, connector.dependsOn)
  const side = profile.Properties.SourcePolicy ? 'Source' : 'Destination'
  const end = profile.Properties.SourcePolicy ? source : destination
  const missing = (what: string) => invalidResource(logicalId, `Unable to get ${what} from '${side}' resource.`)
  const document = {
    Version: '2012-10-17',
    Statement: wanted.flatMap(([, category]) => (category.Statement ?? []) as Json[]),
  }
  switch (profile.Type) {
    case 'AWS_IAM_ROLE_MANAGED_POLICY': {
      if (end.roleName === undefined) throw missing('IAM role name')
      const policy = make('Policy', 'AWS::IAM::ManagedPolicy', { PolicyDocument: document, Roles: [end.roleName] })
      letDependOn(run, profile, source, destination, policy.logicalId)
      return [policy]
    }
    case 'AWS_SQS_QUEUE_POLICY':
      if (end.queueUrl === undefined) throw missing('SQS queue URL')
      return [make('QueuePolicy', 'AWS::SQS::QueuePolicy', { PolicyDocument: document, Queues: [end.queueUrl] })]
    case 'AWS_SNS_TOPIC_POLICY':
      if (end.arn === undefined) throw missing('SNS topic ARN')
      return [make('TopicPolicy', 'AWS::SNS::TopicPolicy', { Topics: [end.arn], PolicyDocument: document })]
    case 'AWS_LAMBDA_PERMISSION': {
      const { arn } = end
      if (arn === undefined) throw missing('Lambda function ARN')
      return wanted.map(([name, { Action, Principal, SourceArn, SourceAccount }]) =>
        make(
          `${name}LambdaPermission`,
          'AWS::Lambda::Permission',
          present({ Action, FunctionName: arn, Principal, SourceArn, SourceAccount }),
        ),
      )
    }
  }
}

function checkPermissions(
  { logicalId }: SamResource,
  { Properties: { AccessCategories: categories, ValidAccessCategories: combinations } }: Profile,
  source: ConnectorEnd,
  destination: ConnectorEnd,
  permissions: ReadonlySet<string>,
): void {
  const valid = Object.keys(categories)
  const unsupported = `Unsupported 'Permissions' provided for connector from ${source.type} to ${destination.type}; valid`
  if (permissions.size === 0)
    throw invalidResource(logicalId, `'Permissions' cannot be empty; valid values are: ${valid.join(', ')}.`)
  if ([...permissions].some((permission) => !valid.includes(permission)))
    throw invalidResource(logicalId, `${unsupported} values are: ${valid.join(', ')}.`)
  if (combinations === undefined) return
  const sorted = combinations.map((combination) => combination.toSorted().join(' + '))
  if (!sorted.includes([...permissions].toSorted().join(' + ')))
    throw invalidResource(logicalId, `${unsupported} combinations are: ${sorted.join(', ')}.`)
}

/** A mapping reads its queue as soon as it exists, a rule sends at once: they wait for the policy that lets them. */
function letDependOn(
  run: Transformation,
  { Properties: { DependedBy: dependent } }: Profile,
  source: ConnectorEnd,
  destination: ConnectorEnd,
  policyId: string,
): void {
  if (source.logicalId === undefined) return
  if (dependent === 'SOURCE') addDependency(run, source.logicalId, policyId)
  if (dependent !== 'DESTINATION_EVENT_SOURCE_MAPPING' || destination.logicalId === undefined) return
  const [mapping, second] = Object.entries(run.resources).filter(([, resource]) => {
    const { Type: type, Properties: properties } = objectOr(resource)
    return (
      type === 'AWS::Lambda::EventSourceMapping' &&
      referredResource(objectOr(properties).FunctionName) === destination.logicalId &&
      referredResource(objectOr(properties).EventSourceArn) === source.logicalId
    )
  })
  if (mapping !== undefined && second === undefined) addDependency(run, mapping[0], policyId)
}

function addDependency(run: Transformation, logicalId: string, dependency: string): void {
  const resource = run.resources[logicalId]
  if (isObject(resource)) resource.DependsOn = [...new Set([...dependencies(resource), dependency])]
}

/** What depended on the connector depends on everything made of it. */
function replaceDependency(run: Transformation, connectorId: string, made: readonly string[]): void {
  for (const resource of Object.values(run.resources)) {
    if (!isObject(resource) || !dependencies(resource).includes(connectorId)) continue
    resource.DependsOn = [...new Set([...dependencies(resource).filter((id) => id !== connectorId), ...made])]
  }
}

function dependencies({ DependsOn: on }: JsonObject): Json[] {
  if (on === undefined || on === null) return []
  return Array.isArray(on) ? on : [on]
}

function typeInTemplate(run: Transformation, { logicalId, type: typeName }: ConnectorEnd): Json {
  const original = logicalId === undefined ? undefined : objectOr(run.source[logicalId]).Type
  return original ?? typeName
}
