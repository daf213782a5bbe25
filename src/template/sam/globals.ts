/** The `Globals` section: what all resources of a SAM type share. Maps merge, lists append, everything else the resource overrides. */
import { GLOBAL_PROPERTIES } from './global-properties.ts'
import { invalidResource, SamDocumentMistake, shown } from './errors.ts'
import { isIntrinsic } from './intrinsics.ts'
import { isGiven, isObject, type Json, type JsonObject } from './json.ts'

/** The properties of a resource with those of its type's globals; throws SamDocumentMistake for a wrong `IgnoreGlobals`. */
export type ApplyGlobals = (logicalId: string, type: string, resource: JsonObject) => JsonObject

/** Reads the section. Throws SamDocumentMistake when it names something that cannot be global. */
export function readGlobals(section: Json | undefined): ApplyGlobals {
  const globals = section === undefined ? new Map<string, JsonObject>() : parse(section)
  return (logicalId, type, resource) => {
    const properties = resource.Properties as JsonObject
    const all = globals.get(type)
    if (all === undefined) return properties
    return merge(withoutIgnored(logicalId, all, resource.IgnoreGlobals), properties) as JsonObject
  }
}

function parse(section: Json): Map<string, JsonObject> {
  if (!isObject(section)) throw wrongSection('It must be a non-empty dictionary')
  const globals = new Map<string, JsonObject>()
  for (const [name, properties] of Object.entries(section)) {
    const supported = Object.hasOwn(GLOBAL_PROPERTIES, name) ? GLOBAL_PROPERTIES[name] : undefined
    if (supported === undefined)
      throw wrongSection(
        `'${name}' is not supported. Must be one of the following values - ${shown(Object.keys(GLOBAL_PROPERTIES))}`,
      )
    if (!isObject(properties)) throw wrongSection('Value of ${section} must be a dictionary')
    const unknown = Object.keys(properties).find((property) => !supported.includes(property))
    if (unknown !== undefined)
      throw wrongSection(
        `'${unknown}' is not a supported property of '${name}'. Must be one of the following values - ${shown(supported)}`,
      )
    globals.set(`AWS::Serverless::${name}`, properties)
  }
  return globals
}

function withoutIgnored(logicalId: string, all: JsonObject, ignored: Json | undefined): JsonObject {
  if (!isGiven(ignored)) return all
  if (ignored === '*') return {}
  const refusal = `Resource ${logicalId} has invalid resource attribute 'IgnoreGlobals'`
  if (!Array.isArray(ignored)) throw documentMistake(logicalId, `${refusal}.`)
  const kept = structuredClone(all)
  for (const name of ignored) {
    if (typeof name !== 'string' || !Object.hasOwn(kept, name))
      throw documentMistake(logicalId, `${refusal} on item '${String(name)}'.`)
    delete kept[name]
  }
  return kept
}

function merge(global: Json, local: Json): Json {
  if (Array.isArray(global) && Array.isArray(local)) return [...global, ...local]
  // An intrinsic function is a value, not a map to add to.
  if ([global, local].some((value) => !isObject(value) || isIntrinsic(value))) return local
  return mergeMaps(global as JsonObject, local as JsonObject)
}

function mergeMaps(global: JsonObject, local: JsonObject): JsonObject {
  const merged = { ...global }
  for (const [name, value] of Object.entries(local)) {
    const inherited = merged[name]
    merged[name] = inherited === undefined ? value : merge(inherited, value)
  }
  return merged
}

function wrongSection(reason: string): SamDocumentMistake {
  return new SamDocumentMistake(`'Globals' section is invalid. ${reason}`)
}

function documentMistake(logicalId: string, reason: string): SamDocumentMistake {
  return new SamDocumentMistake(invalidResource(logicalId, reason).message)
}
