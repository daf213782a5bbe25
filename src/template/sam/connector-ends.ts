/** What a connector connects: a resource of the template by its `Id`, or anything by its type and the values that matter. */
import { connectableType } from './connector-profiles.ts'
import { invalidResource } from './errors.ts'
import { ref, referredResource } from './intrinsics.ts'
import { isGiven, isObject, isSameJson, type Json, type JsonObject, objectOr } from './json.ts'
import type { Transformation } from './transformation.ts'

export interface ConnectorEnd {
  /** Undefined for resources outside of the template. */
  readonly logicalId: string | undefined
  /** CloudFormation's type: `AWS::Lambda::Function`, not SAM's. */
  readonly type: string
  readonly arn: Json | undefined
  readonly roleName: Json | undefined
  readonly queueUrl: Json | undefined
  readonly resourceId: Json | undefined
  readonly name: Json | undefined
  readonly qualifier: Json | undefined
}

const TYPES_BEHIND_SAM: Readonly<Record<string, string>> = {
  'AWS::Serverless::Function': 'AWS::Lambda::Function',
  'AWS::Serverless::StateMachine': 'AWS::StepFunctions::StateMachine',
  'AWS::Serverless::Api': 'AWS::ApiGateway::RestApi',
  'AWS::Serverless::HttpApi': 'AWS::ApiGatewayV2::Api',
  'AWS::Serverless::SimpleTable': 'AWS::DynamoDB::Table',
}

/** One end of a connector. `other` is the reference to the other end: a rule has a role per target. */
export function connectorEnd(
  run: Transformation,
  connectorId: string,
  reference: JsonObject,
  other: JsonObject,
): ConnectorEnd {
  const others = Object.keys(reference).filter((name) => name !== 'Id' && name !== 'Qualifier')
  if (Object.hasOwn(reference, 'Id') === others.length > 0)
    throw invalidResource(
      connectorId,
      "Must provide 'Id' (with optional 'Qualifier') or a supported combination of other properties.",
    )
  const { Id: logicalId, Qualifier: qualifier } = reference
  if (!isGiven(logicalId)) return distantEnd(connectorId, reference)
  if (typeof logicalId !== 'string') throw invalidResource(connectorId, "'Id' is missing or not a string.")
  const resource = Object.hasOwn(run.resources, logicalId) ? run.resources[logicalId] : undefined
  if (!isGiven(resource) || !isObject(resource))
    throw invalidResource(connectorId, `Unable to find resource with logical ID '${logicalId}'.`)
  const type = requireType(connectorId, resource.Type)
  const connectable = connectableType(type, logicalId)
  const { Arn: arn, Url: queueUrl, Id: resourceId, Name: name, Qualifier: ownQualifier } = connectable.Outputs ?? {}
  const role = roleOf(connectable.Inputs?.Role, objectOr(resource.Properties), other)
  const roleId = referredResource(role)
  return {
    logicalId,
    type,
    arn,
    roleName: roleId === undefined ? undefined : ref(roleId),
    queueUrl,
    resourceId,
    name,
    qualifier: Object.hasOwn(reference, 'Qualifier') ? qualifier : ownQualifier,
  }
}

function distantEnd(connectorId: string, reference: JsonObject): ConnectorEnd {
  const {
    Arn: arn,
    RoleName: roleName,
    QueueUrl: queueUrl,
    ResourceId: resourceId,
    Name: name,
    Qualifier: qualifier,
  } = reference
  const type = requireType(connectorId, reference.Type)
  return {
    logicalId: undefined,
    type: TYPES_BEHIND_SAM[type] ?? type,
    arn: given(arn),
    roleName: given(roleName),
    queueUrl: given(queueUrl),
    resourceId,
    name,
    qualifier,
  }
}

function requireType(connectorId: string, type: Json | undefined): string {
  if (typeof type !== 'string' || type === '') throw invalidResource(connectorId, "'Type' is missing or not a string.")
  return type
}

function roleOf(where: string | JsonObject | undefined, properties: JsonObject, other: JsonObject): Json | undefined {
  if (typeof where === 'string') return properties[where]
  if (where === undefined) return undefined
  const { Id: otherId, Arn: otherArn } = other
  const targets = Array.isArray(properties.Targets) ? properties.Targets : []
  const target = targets.find((one) => {
    const { Arn: arn } = objectOr(one)
    const id = referredResource(arn)
    return (id !== undefined && id === otherId) || (isGiven(otherArn) && isSameJson(arn, otherArn))
  })
  return objectOr(target).RoleArn
}

function given(value: Json | undefined): Json | undefined {
  return isGiven(value) ? value : undefined
}
