/**
 * What the transform resolves by itself. Parameters and two pseudo parameters, since logical ids are hashed from their values; everything
 * else stays for the deployment. Values are changed in place: an object that two resources share changes for both, as in AWS's transform.
 */
import { invalidStructure, shown } from './errors.ts'
import { isObject, type Json, type JsonObject } from './json.ts'

const VARIABLE = /\$\{([A-Za-z0-9.]+|AWS::[A-Z][A-Za-z]*)\}/g

/** Values of parameters by name. */
export type ParameterValues = ReadonlyMap<string, Json>
/** Logical ids by the SAM resource and the property that stands for them: `Fn` → `Alias` → `FnAliaslive`. */
export type PropertyReferences = ReadonlyMap<string, ReadonlyMap<string, string>>

/** Replaces `Ref` and `Fn::Sub` of parameters by their values. Throws when `Fn::Sub` names a parameter that is not a string. */
export function resolveParameters(value: Json, parameters: ParameterValues): Json {
  if (parameters.size === 0) return value
  return rewrite(value, (one) => {
    const [name, argument] = onlyMember(one)
    if (name === 'Ref' && typeof argument === 'string') return parameters.get(argument) ?? one
    if (name === 'Fn::Sub') {
      substitute(one, (variable, whole) => {
        const found = parameters.get(variable) ?? whole
        if (typeof found === 'string') return found
        throw invalidStructure(
          `Invalid Fn::Sub variable value ${shown(found)}. Fn::Sub expects all variables to be strings.`,
        )
      })
    }
    return one
  })
}

/** Replaces `Fn::FindInMap` with three known keys by the value of the mapping; leaves those whose keys are not known or not there. */
export function resolveMappings(value: Json, mappings: JsonObject): Json {
  if (Object.keys(mappings).length === 0) return value
  return rewrite(value, (one) => findInMap(one, mappings))
}

/** Lets references to a SAM resource whose logical id changed (layers: it has a hash) follow it. */
export function followChangedIds(value: Json, changed: ReadonlyMap<string, string>): Json {
  if (changed.size === 0) return value
  return rewrite(value, (one) => {
    const [name, argument] = onlyMember(one)
    if (name === 'Ref' && typeof argument === 'string') {
      const id = changed.get(argument)
      return id === undefined ? one : { Ref: id }
    }
    if (name === 'Fn::GetAtt') {
      const [logicalId = '', ...rest] = attributePath(argument)
      const id = changed.get(logicalId)
      if (id !== undefined) one[name] = [id, ...rest]
    }
    if (name === 'Fn::Sub') {
      substitute(one, (variable, whole) => {
        const [logicalId = ''] = variable.split('.')
        const id = changed.get(logicalId)
        return id === undefined ? whole : whole.replace(logicalId, id)
      })
    }
    return one
  })
}

/** Lets `!Ref Fn.Alias` and its kin name the resource that was made: the alias, the version, the queue or topic for outcomes. */
export function followProperties(value: Json, references: PropertyReferences): Json {
  if (references.size === 0) return value
  return rewrite(value, (one) => {
    const [name, argument] = onlyMember(one)
    if (name === 'Ref' && typeof argument === 'string') {
      const dot = argument.indexOf('.')
      const id = dot < 1 ? undefined : references.get(argument.slice(0, dot))?.get(argument.slice(dot + 1))
      return id === undefined ? one : { Ref: id }
    }
    if (name === 'Fn::GetAtt') {
      const [logicalId = '', property = '', ...rest] = attributePath(argument)
      const id = references.get(logicalId)?.get(property)
      if (id !== undefined) one[name] = [id, ...rest]
    }
    if (name === 'Fn::Sub') {
      substitute(one, (variable, whole) => {
        const [logicalId = '', property = ''] = variable.split('.')
        const id = references.get(logicalId)?.get(property)
        return id === undefined ? whole : whole.replace(`${logicalId}.${property}`, id)
      })
    }
    return one
  })
}

/** `DependsOn` names logical ids as they are, wherever it stands. */
export function followDependencies(value: Json, changed: ReadonlyMap<string, string>): void {
  if (Array.isArray(value)) for (const item of value) followDependencies(item, changed)
  if (!isObject(value)) return
  const { DependsOn: on } = value
  const follow = (id: Json) => (typeof id === 'string' ? (changed.get(id) ?? id) : id)
  if (Array.isArray(on)) value.DependsOn = on.map(follow)
  if (typeof on === 'string') value.DependsOn = follow(on)
  for (const member of Object.values(value)) followDependencies(member, changed)
}

/** Applies `change` to every object with one member, outside in; what it gives back is looked into as well. */
function rewrite(value: Json, change: (one: JsonObject) => Json): Json {
  const changed = isObject(value) && Object.keys(value).length === 1 ? change(value) : value
  if (Array.isArray(changed)) {
    for (const [index, item] of changed.entries()) changed[index] = rewrite(item, change)
  } else if (isObject(changed)) {
    for (const [name, member] of Object.entries(changed)) changed[name] = rewrite(member, change)
  }
  return changed
}

function substitute(one: JsonObject, replace: (variable: string, whole: string) => string): void {
  const text = (value: string) => value.replace(VARIABLE, (whole, variable: string) => replace(variable, whole))
  const argument = one['Fn::Sub']
  if (typeof argument === 'string') one['Fn::Sub'] = text(argument)
  else if (Array.isArray(argument) && typeof argument[0] === 'string') argument[0] = text(argument[0])
}

function findInMap(one: JsonObject, mappings: JsonObject): Json {
  if (!Object.hasOwn(one, 'Fn::FindInMap')) return one
  const keys = one['Fn::FindInMap']
  if (!Array.isArray(keys) || keys.length !== 3) {
    throw invalidStructure(`Invalid FindInMap value ${shown(keys)}. FindInMap expects an array with 3 values.`)
  }
  const [map, top, second] = keys
  if (typeof map !== 'string' || typeof top !== 'string' || typeof second !== 'string') return one
  let found: Json | undefined = mappings
  for (const key of [map, top, second]) {
    if (!isObject(found))
      throw invalidStructure(`Cannot use Fn::FindInMap on Mapping '${map}' which is not a a two-level map.`)
    if (!Object.hasOwn(found, key)) return one
    found = found[key]
  }
  return found ?? one
}

function attributePath(argument: Json | undefined): string[] {
  if (!Array.isArray(argument) || argument.length < 2) return []
  return argument.every((part) => typeof part === 'string') ? argument.join('.').split('.') : []
}

function onlyMember(one: JsonObject): [string, Json | undefined] {
  const [name = ''] = Object.keys(one)
  return [name, one[name]]
}
