/** `Connectors` of a resource: connectors whose source is the resource itself. They become connectors of their own. */
import { CONNECTOR_TYPES } from './connector.ts'
import { invalidResource, SamMistake } from './errors.ts'
import { isObject, type Json, type JsonObject } from './json.ts'
import { resourceAttributes } from './resource.ts'
import { checkLogicalId, checkProperties, wrongType } from './value-types.ts'

export const CONNECTOR = 'AWS::Serverless::Connector'

/** Takes the attribute from all resources and adds what it said to them. Answers what is wrong with it. */
export function unfoldConnectors(resources: JsonObject): SamMistake[] {
  const mistakes: SamMistake[] = []
  const found: JsonObject = {}
  for (const [sourceId, resource] of Object.entries(resources)) {
    if (!isObject(resource) || resource.Connectors === undefined) continue
    const { Connectors: connectors } = resource
    delete resource.Connectors
    if (!isObject(connectors)) {
      mistakes.push(invalidResource(sourceId, `Attribute '${sourceId}.Connectors' should be a map.`))
      continue
    }
    for (const [name, connector] of Object.entries(connectors)) {
      try {
        const id = sourceId + name
        const unfolded = unfold(sourceId, name, connector)
        if (Object.hasOwn(resources, id)) throw duplicate(sourceId, id, CONNECTOR)
        found[id] = unfolded
      } catch (error) {
        if (!(error instanceof SamMistake)) throw error
        mistakes.push(error)
      }
    }
  }
  Object.assign(resources, found)
  return mistakes
}

export function duplicate(logicalId: string, id: string, type: string): SamMistake {
  return new SamMistake(
    `Transforming resource with id [${logicalId}] attempts to create a new resource with id [${id}] and type "${type}". A resource with that id already exists within this template. Please use a different id for that resource.`,
    logicalId,
  )
}

function unfold(sourceId: string, name: string, connector: Json): JsonObject {
  const id = sourceId + name
  if (!isObject(connector)) throw invalidResource(id, `${sourceId}.${id} should be a map.`)
  const { Properties: given, DependsOn: dependsOn } = connector
  if (!isObject(given)) throw invalidResource(sourceId, `Attribute 'Connectors.${name}.Properties' should be a map.`)
  const { SourceReference: reference, ...properties } = given
  properties.Source = { Id: sourceId }
  if (reference !== undefined) {
    if (!isObject(reference)) throw wrongType(sourceId, `Connectors.${name}.Properties.SourceReference`, 'map')
    if (Object.hasOwn(reference, 'Id')) throw invalidResource(name, "'Id' shouldn't be defined in 'SourceReference'.")
    properties.Source = { ...properties.Source, ...reference }
  }
  checkLogicalId(id)
  checkProperties(id, CONNECTOR, properties, CONNECTOR_TYPES)
  return {
    Type: CONNECTOR,
    ...(dependsOn === undefined ? {} : { DependsOn: dependsOn }),
    ...resourceAttributes(connector),
    Properties: properties,
  }
}
