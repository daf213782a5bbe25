/** `AWS::Serverless::Application`: a nested stack. */
import { invalidResource } from './errors.ts'
import { isGiven, isObject, type Json, type JsonObject, present } from './json.ts'
import { type Generated, generated, inherited } from './resource.ts'
import { samTags } from './tags.ts'
import { type SamResource, type Transformation, withParametersAndMappings } from './transformation.ts'
import { integer, isListOf, isStringOrMap, map, type PropertyTypes, required, string, type } from './value-types.ts'

export const APPLICATION_TYPES: PropertyTypes = {
  Location: required(type(isStringOrMap)),
  TemplateUrl: string,
  Parameters: map,
  NotificationARNs: type(isListOf(isStringOrMap)),
  Tags: map,
  TimeoutInMinutes: integer,
}

/** Comes before the check of types, as in AWS's transform: what is wrong with the location is said first. */
export function checkLocation(run: Transformation, logicalId: string, properties: JsonObject): void {
  const { Location: location } = properties
  if (!Object.hasOwn(properties, 'Location'))
    throw invalidResource(logicalId, 'Resource is missing the required [Location] property.')
  if (!isObject(location)) return
  for (const name of ['ApplicationId', 'SemanticVersion'])
    if (!Object.hasOwn(location, name))
      throw invalidResource(logicalId, `Resource is missing the required [${name}] property.`)
  const id = withParametersAndMappings(run, location.ApplicationId)
  const version = withParametersAndMappings(run, location.SemanticVersion)
  if (id === null) throw invalidResource(logicalId, "Property 'ApplicationId' is required.")
  const unresolved = (name: string) =>
    invalidResource(
      logicalId,
      `Property '${name}' cannot be resolved. Only FindInMap and Ref intrinsic functions are supported.`,
    )
  if (isObject(id)) throw unresolved('ApplicationId')
  if (!isGiven(version)) throw invalidResource(logicalId, "Property 'SemanticVersion' cannot be blank.")
  if (isObject(version)) throw unresolved('SemanticVersion')
  for (const [name, value] of [
    ['ApplicationId', id],
    ['SemanticVersion', version],
  ] as const)
    if (typeof value !== 'string') throw invalidResource(logicalId, `Property 'Location.${name}' should be a string.`)
  throw invalidResource(
    logicalId,
    `Cannot access application: ${String(id)}. Millrace does not reach the AWS Serverless Application Repository; give the URL of a template as Location.`,
  )
}

export function transformApplication({ logicalId, properties, attributes, dependsOn }: SamResource): Generated {
  const location: Json = properties.Location ?? null
  return generated(
    logicalId,
    'AWS::CloudFormation::Stack',
    inherited(attributes),
    present({
      TemplateURL: location,
      Parameters: properties.Parameters,
      NotificationARNs: properties.NotificationARNs,
      Tags: samTags(logicalId, properties.Tags),
      TimeoutInMinutes: properties.TimeoutInMinutes,
    }),
    dependsOn,
  )
}
