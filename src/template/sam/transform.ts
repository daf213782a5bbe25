import type { Template } from '../template.ts'
import type { SamContext } from './context.ts'
import { DeploymentPreferences } from './deployment-preferences.ts'
import { CONNECTOR, duplicate, unfoldConnectors } from './embedded-connectors.ts'
import { invalidResource, invalidStructure, SamDocumentMistake, SamError, SamMistake } from './errors.ts'
import { withoutUnsupported } from './events/event.ts'
import { readGlobals } from './globals.ts'
import { isEmptyObject, isGiven, isObject, type Json, type JsonObject, objectOr } from './json.ts'
import { followChangedIds, followDependencies, followProperties } from './references.ts'
import { type Generated, toTemplate } from './resource.ts'
import { FUNCTION, isSamResource, isTransformed, transformResource } from './resource-types.ts'
import type { Transformation } from './transformation.ts'

const TRANSFORM = 'AWS::Serverless-2016-10-31'

/** Properties of a function that a template may refer to: `!Ref Fn.Alias`. */
const REFERABLE: Readonly<Record<string, string>> = {
  'AWS::Lambda::Alias': 'Alias',
  'AWS::Lambda::Version': 'Version',
  'AWS::SNS::Topic': 'DestinationTopic',
  'AWS::SQS::Queue': 'DestinationQueue',
}
/** Types that may have the logical id of the resource they come from. */
const MAY_KEEP_ID: Readonly<Record<string, string>> = {
  'AWS::Lambda::Function': FUNCTION,
  'AWS::Lambda::LayerVersion': 'AWS::Serverless::LayerVersion',
  'AWS::Lambda::CapacityProvider': 'AWS::Serverless::CapacityProvider',
  'AWS::CloudFormation::Stack': 'AWS::Serverless::Application',
  'AWS::S3::Bucket': 'AWS::S3::Bucket',
  'AWS::SNS::Topic': 'AWS::SNS::Topic',
  'AWS::Cognito::UserPool': 'AWS::Cognito::UserPool',
}

/**
 * The CloudFormation template that a SAM template stands for: what AWS's `AWS::Serverless-2016-10-31` makes of it, without `Globals` and
 * without its own name in `Transform`. Pure. Throws SamError with every reason when the template is wrong, or needs a service that Millrace
 * does not have.
 */
export function transformSam(template: Template, context: SamContext): Template {
  const source = structuredClone(template) as unknown as JsonObject
  const mistakes: SamMistake[] = []
  try {
    const result = transformDocument(source, context, mistakes)
    if (mistakes.length === 0) return result as unknown as Template
  } catch (error) {
    if (error instanceof SamDocumentMistake) throw new SamError([error])
    throw error
  }
  throw new SamError(mistakes)
}

function transformDocument(template: JsonObject, context: SamContext, mistakes: SamMistake[]): JsonObject {
  const source = checkResources(template)
  applyGlobals(template, source)
  mistakes.push(...unfoldConnectors(source))
  const conditions = structuredClone(objectOr(template.Conditions))
  const run: Transformation = {
    context,
    parameters: parameterValues(template, context),
    mappings: structuredClone(mappings(template)),
    conditions,
    source,
    resources: structuredClone(source),
    deployments: new DeploymentPreferences(context.partition),
  }
  const changedIds = new Map<string, string>()
  const references = new Map<string, Map<string, string>>()
  for (const [logicalId, resource] of inOrder(source)) {
    const made = collect(mistakes, () => transformOne(run, logicalId, resource, mistakes))
    if (made === undefined) continue
    delete run.resources[logicalId]
    addResources(run, logicalId, made, mistakes)
    references.set(logicalId, referencesTo(made))
    const layer = made.find(({ type }) => type === 'AWS::Lambda::LayerVersion')
    if (layer !== undefined) changedIds.set(logicalId, layer.logicalId)
  }
  collect(mistakes, () => {
    for (const made of run.deployments.resources(conditions)) run.resources[made.logicalId] = toTemplate(made)
  })
  const { Transform: transform, Conditions: _conditions, ...rest } = template
  const others = otherTransforms(transform)
  const result: JsonObject = {
    ...rest,
    ...(others === undefined ? {} : { Transform: others }),
    ...(isEmptyObject(conditions) && template.Conditions === undefined ? {} : { Conditions: conditions }),
    Resources: run.resources,
  }
  followDependencies(result, changedIds)
  return followProperties(followChangedIds(result, changedIds), references) as JsonObject
}

function checkResources({ Resources: resources }: JsonObject): JsonObject {
  if (!isObject(resources) || isEmptyObject(resources)) throw invalidStructure("'Resources' section is required")
  if (!Object.values(resources).every(isObject))
    throw invalidStructure("All 'Resources' must be Objects. If you're using YAML, this may be an indentation issue.")
  for (const [logicalId, resource] of Object.entries(resources)) {
    const { Type: type, Condition: condition, Properties: properties } = objectOr(resource)
    if (isGiven(condition) && typeof condition !== 'string')
      throw invalidStructure('Every Condition member must be a string.')
    if (isSamResource(type) && properties !== undefined && !isObject(properties))
      throw new SamDocumentMistake(invalidResource(logicalId, "Attribute 'Properties' should be a map.").message)
  }
  return resources
}

function applyGlobals(template: JsonObject, source: JsonObject): void {
  const withGlobals = readGlobals(template.Globals)
  for (const [logicalId, resource] of Object.entries(source)) {
    if (!isObject(resource) || !isSamResource(resource.Type)) continue
    resource.Properties ??= {}
    resource.Properties = withGlobals(logicalId, resource.Type, resource)
  }
  delete template.Globals
}

/** Given values, then defaults, then the two pseudo parameters that the transform knows. */
function parameterValues({ Parameters: parameters }: JsonObject, context: SamContext): Map<string, Json> {
  const values = new Map<string, Json>([
    ['AWS::Region', context.region],
    ['AWS::Partition', context.partition],
  ])
  for (const [name, parameter] of Object.entries(objectOr(parameters))) {
    const { Default: value } = objectOr(parameter)
    if (value !== undefined) values.set(name, value)
  }
  for (const [name, value] of Object.entries(context.parameters)) values.set(name, structuredClone(value) as Json)
  return values
}

function mappings({ Mappings: given = {} }: JsonObject): JsonObject {
  if (isObject(given)) return given
  throw invalidStructure("'Mappings' or 'Parameters' is either null or not a valid dictionary.")
}

/** Functions first, because they change what others see; connectors last, because they look at what everything became. */
function inOrder(source: JsonObject): [string, JsonObject][] {
  return Object.entries(source)
    .filter((entry): entry is [string, JsonObject] => isObject(entry[1]) && isTransformed(entry[1].Type))
    .toSorted(([, a], [, b]) => rank(a.Type) - rank(b.Type))
}

function transformOne(
  run: Transformation,
  logicalId: string,
  resource: JsonObject,
  mistakes: SamMistake[],
): Generated[] {
  if (resource.Type !== FUNCTION || !isObject(resource.Properties)) return transformResource(run, logicalId, resource)
  const [unsupported, events] = withoutUnsupported(logicalId, resource.Properties.Events)
  mistakes.push(...unsupported)
  if (events !== undefined) resource.Properties.Events = events
  return transformResource(run, logicalId, resource)
}

function addResources(
  run: Transformation,
  logicalId: string,
  made: readonly Generated[],
  mistakes: SamMistake[],
): void {
  for (const resource of made) {
    const { logicalId: id, type } = resource
    const existing = Object.hasOwn(run.source, id) ? objectOr(run.source[id]).Type : undefined
    if (existing === undefined || existing === MAY_KEEP_ID[type]) run.resources[id] = toTemplate(resource)
    else mistakes.push(duplicate(logicalId, id, type))
  }
}

function referencesTo(made: readonly Generated[]): Map<string, string> {
  const references = new Map<string, string>()
  for (const { type, logicalId } of made) {
    const property = REFERABLE[type]
    if (property !== undefined) references.set(property, logicalId)
  }
  return references
}

function otherTransforms(transform: Json | undefined): Json | undefined {
  const others = Array.isArray(transform) ? transform.filter((name) => name !== TRANSFORM) : []
  return others.length === 0 ? undefined : others
}

/** Runs one step; a mistake in it is noted, and the others go on. */
function collect<T>(mistakes: SamMistake[], step: () => T): T | undefined {
  try {
    return step()
  } catch (error) {
    if (!(error instanceof SamMistake) || error instanceof SamDocumentMistake) throw error
    mistakes.push(error)
    return undefined
  }
}

function rank(type: Json | undefined): number {
  if (type === FUNCTION) return 0
  return type === CONNECTOR ? 2 : 1
}
