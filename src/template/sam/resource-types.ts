/** What each SAM type becomes, and which types need services that Millrace does not have. */
import { APPLICATION_TYPES, checkLocation, transformApplication } from './application.ts'
import { CAPACITY_PROVIDER_TYPES, transformCapacityProvider } from './capacity-provider.ts'
import { CONNECTOR_TYPES, transformConnector } from './connector.ts'
import { CONNECTOR } from './embedded-connectors.ts'
import { invalidResource } from './errors.ts'
import { checkEvents } from './events/event.ts'
import { transformFunction } from './function.ts'
import { expandPolicies } from './function-policies.ts'
import { FUNCTION_TYPES } from './function-types.ts'
import { isObject, type JsonObject } from './json.ts'
import { LAYER_TYPES, transformLayer } from './layer-version.ts'
import { type Generated, resourceAttributes } from './resource.ts'
import type { SamResource, Transformation } from './transformation.ts'
import { checkLogicalId, checkProperties, type PropertyTypes } from './value-types.ts'

export const FUNCTION = 'AWS::Serverless::Function'

interface SamType {
  readonly types: PropertyTypes
  /** Changes or refuses properties before their types are looked at. */
  prepare?(run: Transformation, logicalId: string, properties: JsonObject): void
  transform(run: Transformation, resource: SamResource): Generated[]
}

const SAM_TYPES: ReadonlyMap<string, SamType> = new Map([
  [
    FUNCTION,
    {
      types: FUNCTION_TYPES,
      prepare(_: Transformation, logicalId: string, properties: JsonObject) {
        const policies = expandPolicies(logicalId, properties.Policies)
        if (policies !== undefined) properties.Policies = policies
      },
      transform(run: Transformation, resource: SamResource) {
        checkEvents(run, resource.logicalId, resource.properties.Events)
        return transformFunction(run, resource)
      },
    },
  ],
  [
    'AWS::Serverless::LayerVersion',
    { types: LAYER_TYPES, transform: (run, resource) => [transformLayer(run, resource)] },
  ],
  [
    'AWS::Serverless::Application',
    {
      types: APPLICATION_TYPES,
      prepare: checkLocation,
      transform: (_: Transformation, resource: SamResource) => [transformApplication(resource)],
    },
  ],
  ['AWS::Serverless::CapacityProvider', { types: CAPACITY_PROVIDER_TYPES, transform: transformCapacityProvider }],
  [CONNECTOR, { types: CONNECTOR_TYPES, transform: transformConnector }],
] satisfies [string, SamType][])

/** The service that a SAM type of AWS's transform would need here. */
const MISSING_SERVICES: Readonly<Record<string, string>> = {
  'AWS::Serverless::Api': 'Amazon API Gateway',
  'AWS::Serverless::HttpApi': 'Amazon API Gateway',
  'AWS::Serverless::WebSocketApi': 'Amazon API Gateway',
  'AWS::Serverless::GraphQLApi': 'AWS AppSync',
  'AWS::Serverless::SimpleTable': 'Amazon DynamoDB',
  'AWS::Serverless::StateMachine': 'AWS Step Functions',
}

/** Types that have globals, conditions and properties of SAM's. Connectors are none of them. */
export function isSamResource(type: unknown): type is string {
  return (
    typeof type === 'string' && type !== CONNECTOR && (SAM_TYPES.has(type) || Object.hasOwn(MISSING_SERVICES, type))
  )
}

/** Whether the transform has to replace a resource of this type. Unknown types of `AWS::Serverless` stay, for CloudFormation to refuse. */
export function isTransformed(type: unknown): type is string {
  return type === CONNECTOR || isSamResource(type)
}

/** What a resource becomes. Throws SamMistake for the first thing that is wrong with it. */
export function transformResource(run: Transformation, logicalId: string, resource: JsonObject): Generated[] {
  const { Type: type, Properties: properties = {}, DependsOn: dependsOn } = resource
  const service = MISSING_SERVICES[String(type)]
  if (service !== undefined)
    throw invalidResource(logicalId, `Resources of type ${String(type)} need ${service}, which Millrace does not have.`)
  const samType = SAM_TYPES.get(String(type))
  if (samType === undefined) return []
  checkLogicalId(logicalId)
  if (!isObject(properties)) throw invalidResource(logicalId, 'Properties of a resource must be an object.')
  samType.prepare?.(run, logicalId, properties)
  checkProperties(logicalId, String(type), properties, samType.types)
  return samType.transform(run, {
    logicalId,
    type: String(type),
    properties,
    attributes: resourceAttributes(resource),
    dependsOn,
  })
}
