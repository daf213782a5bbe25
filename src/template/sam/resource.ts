import { getAtt, ref } from './intrinsics.ts'
import type { Json, JsonObject } from './json.ts'

/** A CloudFormation resource that the transform makes. */
export interface Generated {
  readonly logicalId: string
  readonly type: string
  dependsOn: Json | undefined
  /** `Condition`, `DeletionPolicy`, `UpdateReplacePolicy`, `UpdatePolicy`, `Metadata`. */
  readonly attributes: JsonObject
  readonly properties: JsonObject
}

/** The attributes of a SAM resource that hold for its function too. */
export const RESOURCE_ATTRIBUTES = ['DeletionPolicy', 'UpdatePolicy', 'Condition', 'UpdateReplacePolicy', 'Metadata']
const INHERITED_ATTRIBUTES = ['Condition', 'DeletionPolicy', 'UpdateReplacePolicy']

export function generated(
  logicalId: string,
  type: string,
  attributes: JsonObject,
  properties: JsonObject,
  dependsOn?: Json,
): Generated {
  return { logicalId, type, dependsOn, attributes: { ...attributes }, properties }
}

/** What everything made from a SAM resource inherits of its attributes. */
export function inherited(attributes: JsonObject): JsonObject {
  return pick(attributes, INHERITED_ATTRIBUTES)
}

export function resourceAttributes(resource: JsonObject): JsonObject {
  return pick(resource, RESOURCE_ATTRIBUTES)
}

/** How the template says it. Members without a value are left out. */
export function toTemplate({ type, dependsOn, attributes, properties }: Generated): JsonObject {
  const hasDependency = dependsOn !== undefined && dependsOn !== null && dependsOn !== '' && !isEmptyList(dependsOn)
  const given = Object.entries(properties).filter(([, value]) => value !== null && value !== undefined)
  return {
    Type: type,
    ...(hasDependency ? { DependsOn: dependsOn } : {}),
    ...attributes,
    Properties: Object.fromEntries(given),
  }
}

/** What triggers invoke: a function, or its alias. */
export interface Invoked {
  readonly logicalId: string
  /** For `FunctionName` of permissions and mappings. Both name an alias by its ARN, which is what a `Ref` to one gives. */
  readonly name: JsonObject
  readonly arn: JsonObject
  /** All attributes of the resource. */
  readonly attributes: JsonObject
}

export function invokedFunction(fn: Generated): Invoked {
  return {
    logicalId: fn.logicalId,
    name: ref(fn.logicalId),
    arn: getAtt(fn.logicalId, 'Arn'),
    attributes: fn.attributes,
  }
}

export function invokedAlias(alias: Generated): Invoked {
  return {
    logicalId: alias.logicalId,
    name: ref(alias.logicalId),
    arn: ref(alias.logicalId),
    attributes: alias.attributes,
  }
}

function pick(from: JsonObject, names: readonly string[]): JsonObject {
  const result: JsonObject = {}
  for (const name of names) {
    const value = from[name]
    if (value !== undefined) result[name] = value
  }
  return result
}

function isEmptyList(value: Json): boolean {
  return Array.isArray(value) && value.length === 0
}
