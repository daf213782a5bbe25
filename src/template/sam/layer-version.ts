/** `AWS::Serverless::LayerVersion`: layers cannot change, so every change is a new one, under a new logical id. */
import { objectLocation } from './code.ts'
import { invalidResource } from './errors.ts'
import { isIntrinsic } from './intrinsics.ts'
import { isGiven, isObject, type Json, type JsonObject, present } from './json.ts'
import { hashedId } from './logical-id.ts'
import { type Generated, generated, inherited } from './resource.ts'
import { type SamResource, type Transformation, withParameters } from './transformation.ts'
import { boolean, isListOf, isStringOrMap, type PropertyTypes, required, string, type } from './value-types.ts'

const RETENTION_CHOICES = "['Retain', 'Delete']"

export const LAYER_TYPES: PropertyTypes = {
  LayerName: type(isStringOrMap),
  Description: string,
  PublishLambdaVersion: boolean,
  ContentUri: required(type(isStringOrMap)),
  CompatibleArchitectures: type(isListOf(isStringOrMap)),
  CompatibleRuntimes: type(isListOf(isStringOrMap)),
  LicenseInfo: string,
  RetentionPolicy: string,
}

/** The layer; its logical id differs from the resource's, and references have to follow. */
export function transformLayer(run: Transformation, resource: SamResource): Generated {
  const { logicalId, attributes, dependsOn } = resource
  const properties = { ...resource.properties }
  for (const name of ['LayerName', 'LicenseInfo', 'Description', 'RetentionPolicy'])
    properties[name] = textOf(run, logicalId, name, properties[name])
  const retention = retentionPolicy(logicalId, properties.RetentionPolicy)
  const given = inherited(attributes)
  const id = hashedId(logicalId, { [logicalId]: whatMakesANewLayer(resource, properties) })
  const content = objectLocation(id, 'ContentUri', properties.ContentUri ?? null)
  const architectures = properties.CompatibleArchitectures
  if (isGiven(architectures) && Array.isArray(architectures)) {
    if (!architectures.every(isArchitecture))
      throw invalidResource(id, "CompatibleArchitectures needs to be a list of 'x86_64' or 'arm64'")
  }
  return generated(
    id,
    'AWS::Lambda::LayerVersion',
    { ...given, DeletionPolicy: retention ?? given.DeletionPolicy ?? 'Retain' },
    present({
      LayerName: isGiven(properties.LayerName) ? properties.LayerName : logicalId,
      Description: properties.Description,
      Content: content,
      CompatibleArchitectures: architectures,
      CompatibleRuntimes: properties.CompatibleRuntimes,
      LicenseInfo: properties.LicenseInfo,
    }),
    dependsOn,
  )
}

/** How the template keeps or describes a layer makes no new one. */
function whatMakesANewLayer(
  { type: typeName, attributes, dependsOn }: SamResource,
  properties: JsonObject,
): JsonObject {
  const { DeletionPolicy: _deletion, UpdateReplacePolicy: _replacement, Metadata: _metadata, ...rest } = attributes
  const known = Object.keys(LAYER_TYPES).map((name) => [name, properties[name]] as const)
  return {
    Type: typeName,
    ...(isGiven(dependsOn) ? { DependsOn: dependsOn } : {}),
    ...rest,
    Properties: present(Object.fromEntries(known)),
  }
}

function textOf(run: Transformation, logicalId: string, name: string, value: Json | undefined): Json {
  if (!isGiven(value)) return value ?? null
  const resolved = withParameters(run, value)
  if (typeof resolved === 'string' || isObject(resolved)) return resolved
  throw invalidResource(logicalId, `Could not resolve parameter for '${name}' or parameter is not a String.`)
}

function retentionPolicy(logicalId: string, value: Json | undefined): string | undefined {
  if (isIntrinsic(value))
    throw invalidResource(
      logicalId,
      `'RetentionPolicy' does not accept intrinsic functions, please use one of the following options: ${RETENTION_CHOICES}`,
    )
  if (value === undefined || value === null) return undefined
  const policy = ['Retain', 'Delete'].find((choice) => choice.toLowerCase() === String(value).toLowerCase())
  if (policy === undefined)
    throw invalidResource(logicalId, `'RetentionPolicy' must be one of the following options: ${RETENTION_CHOICES}.`)
  return policy
}

function isArchitecture(value: Json): boolean {
  return value === 'arm64' || value === 'x86_64' || isIntrinsic(value)
}
