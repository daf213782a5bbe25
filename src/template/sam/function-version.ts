/** `AutoPublishAlias`: a version for each change of the code, and the alias that points to the newest. */
import { invalidResource } from './errors.ts'
import { getAtt, ref, referredResource } from './intrinsics.ts'
import { isGiven, isObject, type Json, type JsonObject, objectOr, present } from './json.ts'
import { hashedId, idWithDigest } from './logical-id.ts'
import { type Generated, generated, inherited } from './resource.ts'
import { type SamResource, type Transformation, withParameters } from './transformation.ts'

export interface Publication {
  readonly version: Generated
  readonly alias: Generated
  readonly aliasName: string
}

/** The version and the alias of a function, or undefined when it publishes none. The code digest joins the function's description. */
export function publish(run: Transformation, resource: SamResource, fn: Generated): Publication | undefined {
  const { logicalId, properties } = resource
  if (!isGiven(properties.AutoPublishAlias)) return undefined
  const aliasName = withParameters(run, properties.AutoPublishAlias)
  if (typeof aliasName !== 'string')
    throw invalidResource(logicalId, "'AutoPublishAlias' must be a string or a Ref to a template parameter")
  const digest = codeDigest(run, resource, fn)
  const version = newVersion(run, resource, fn, digest)
  return { version, alias: newAlias(resource, version, aliasName), aliasName }
}

function codeDigest(run: Transformation, { logicalId, properties }: SamResource, fn: Generated): string | undefined {
  if (!isGiven(properties.AutoPublishCodeSha256)) return undefined
  const digest = withParameters(run, properties.AutoPublishCodeSha256)
  if (typeof digest !== 'string') throw invalidResource(logicalId, 'AutoPublishCodeSha256 must be a string')
  const description = withParameters(run, properties.Description)
  if (!isGiven(description)) fn.properties.Description = digest
  else if (typeof description === 'string') fn.properties.Description = `${description} ${digest}`
  else fn.properties.Description = { 'Fn::Join': [' ', [description, digest]] }
  return digest
}

function newVersion(
  run: Transformation,
  { logicalId, properties, attributes }: SamResource,
  fn: Generated,
  digest: string | undefined,
): Generated {
  // Parameters in the location of the code are resolved for good: a new value must be a new version.
  fn.properties.Code = withParameters(run, fn.properties.Code)
  const prefix = `${logicalId}Version`
  const id = digest ? idWithDigest(prefix, digest) : hashedId(prefix, changesThatPublish(run, properties, fn))
  const given = inherited(attributes)
  const fallback = properties.VersionDeletionPolicy ?? (hasCapacityProvider(properties) ? 'Delete' : 'Retain')
  return generated(
    id,
    'AWS::Lambda::Version',
    { ...given, DeletionPolicy: given.DeletionPolicy ?? fallback },
    present({
      FunctionName: ref(logicalId),
      Description: properties.VersionDescription,
      FunctionScalingConfig: hasCapacityProvider(properties) ? properties.FunctionScalingConfig : undefined,
    }),
  )
}

/** What a version's logical id is hashed from: when it changes, CloudFormation makes a new version and leaves the old one alone. */
function changesThatPublish(run: Transformation, properties: JsonObject, fn: Generated): JsonObject {
  if (isGiven(properties.AutoPublishAliasAllProperties))
    return { ...present(fn.properties), ...layersThatPublish(run, fn.properties.Layers) }
  const { Code: code, Environment: environment, MemorySize: memory, SnapStart: snapStart } = fn.properties
  return {
    ...objectOr(code),
    ...objectOr(environment),
    ...(isGiven(memory) ? { MemorySize: memory } : {}),
    ...(isObject(snapStart) && (snapStart.ApplyOn ?? 'None') !== 'None' ? { SnapStart: snapStart } : {}),
  }
}

function layersThatPublish(run: Transformation, layers: Json | undefined): JsonObject {
  const result: JsonObject = {}
  for (const layer of Array.isArray(layers) ? layers : []) {
    const id = referredResource(layer)
    const properties = id === undefined ? {} : objectOr(objectOr(run.resources[id]).Properties)
    if (id !== undefined && isGiven(properties.PublishLambdaVersion)) result[id] = properties
  }
  return result
}

function newAlias({ logicalId, properties, attributes }: SamResource, version: Generated, name: string): Generated {
  if (name === '') throw invalidResource(logicalId, 'Alias name is required to create an alias')
  if (!/^(?!^[0-9]+$)[a-zA-Z0-9\-_]+$/.test(name))
    throw invalidResource(
      logicalId,
      `AutoPublishAlias name ('${name}') must contain only alphanumeric characters, hyphens, or underscores matching (?!^[0-9]+$)([a-zA-Z0-9-_]+) pattern.`,
    )
  // Logical ids have neither hyphens nor underscores.
  const suffix = name.replaceAll('-', 'D').replaceAll('_', 'U')
  const concurrency = properties.ProvisionedConcurrencyConfig
  return generated(
    `${logicalId}Alias${suffix}`,
    'AWS::Lambda::Alias',
    inherited(attributes),
    present({
      Name: name,
      FunctionName: ref(logicalId),
      FunctionVersion: getAtt(version.logicalId, 'Version'),
      ProvisionedConcurrencyConfig: isGiven(concurrency) ? concurrency : undefined,
    }),
  )
}

function hasCapacityProvider(properties: JsonObject): boolean {
  return properties.CapacityProviderConfig !== undefined && properties.CapacityProviderConfig !== null
}
