/** The types that SAM demands of properties before it looks at their meaning. */
import { invalidResource } from './errors.ts'
import { isObject, type Json, type JsonObject } from './json.ts'

export interface ValueType {
  readonly isRequired: boolean
  readonly matches: (value: Json) => boolean
  /** Whether an object with one member, which looks like an intrinsic function, passes too. */
  readonly allowsIntrinsic: boolean
  /** How the message names the type; without it the message says only that the type is invalid. */
  readonly name: string | undefined
}

export type PropertyTypes = Readonly<Record<string, ValueType>>

export const isString = (value: Json) => typeof value === 'string'
export const isBoolean = (value: Json) => typeof value === 'boolean'
export const isInteger = (value: Json) => Number.isInteger(value) || typeof value === 'boolean'
export const isList = (value: Json) => Array.isArray(value)
export const isMap = (value: Json) => isObject(value)
export const isAny = () => true
export const isListOf = (matches: (value: Json) => boolean) => (value: Json) =>
  Array.isArray(value) && value.every(matches)
export const isMapOf = (matches: (value: Json) => boolean) => (value: Json) =>
  isObject(value) && Object.values(value).every(matches)
export const isStringOrMap = (value: Json) => typeof value === 'string' || isObject(value)

export const string = type(isString, { name: 'string' })
export const map = type(isObject, { name: 'map' })
export const boolean = type(isBoolean)
export const integer = type(isInteger)
export const list = type(isList)
export const anything = type(isAny, { allowsIntrinsic: false })

export function type(matches: (value: Json) => boolean, options: Partial<ValueType> = {}): ValueType {
  return { isRequired: false, allowsIntrinsic: true, name: undefined, ...options, matches }
}

export function required(valueType: ValueType): ValueType {
  return { ...valueType, isRequired: true }
}

/** Throws for the first property that is unknown, missing or of the wrong type, in AWS's words and order. */
export function checkProperties(
  logicalId: string,
  resourceType: string,
  properties: JsonObject,
  types: PropertyTypes,
): void {
  for (const name of Object.keys(properties)) {
    if (!Object.hasOwn(types, name))
      throw invalidResource(logicalId, `property ${name} not defined for resource of type ${resourceType}`)
  }
  for (const [name, valueType] of Object.entries(types)) {
    const value = properties[name]
    if (valueType.allowsIntrinsic && isObject(value) && Object.keys(value).length === 1) continue
    if (value === undefined || value === null) {
      if (valueType.isRequired) throw invalidResource(logicalId, `Missing required property '${name}'.`)
    } else if (!valueType.matches(value)) {
      throw wrongType(logicalId, name, valueType.name)
    }
  }
}

export function wrongType(logicalId: string, property: string, name?: string) {
  return invalidResource(
    logicalId,
    name === undefined ? `Type of property '${property}' is invalid.` : `Property '${property}' should be a ${name}.`,
  )
}

/** Throws unless logical ids are made of letters and digits. */
export function checkLogicalId(logicalId: string): void {
  if (!/^[A-Za-z0-9]+$/.test(logicalId)) throw invalidResource(logicalId, 'Logical ids must be alphanumeric.')
}
