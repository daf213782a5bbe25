import { isObject, type Json, type JsonObject } from './json.ts'

export function ref(logicalId: string): JsonObject {
  return { Ref: logicalId }
}

export function getAtt(logicalId: string, attribute: string): JsonObject {
  return { 'Fn::GetAtt': [logicalId, attribute] }
}

export function sub(text: string, variables?: JsonObject): JsonObject {
  return { 'Fn::Sub': variables === undefined ? text : [text, variables] }
}

export function choose(condition: Json, whenTrue: Json, whenFalse: Json = ref('AWS::NoValue')): JsonObject {
  return { 'Fn::If': [condition, whenTrue, whenFalse] }
}

export function not(condition: string): JsonObject {
  return { 'Fn::Not': [{ Condition: condition }] }
}

/** An object with one member that names an intrinsic function. */
export function isIntrinsic(value: Json | undefined): value is JsonObject {
  if (!isObject(value)) return false
  const [name, second] = Object.keys(value)
  return (
    name !== undefined && second === undefined && (name === 'Ref' || name === 'Condition' || name.startsWith('Fn::'))
  )
}

export function isIf(value: Json | undefined): value is JsonObject & { 'Fn::If': Json } {
  return isIntrinsic(value) && Object.hasOwn(value, 'Fn::If')
}

export function isNoValue(value: Json | undefined): boolean {
  return isIntrinsic(value) && value.Ref === 'AWS::NoValue'
}

/** Condition, value when true, value when false; undefined when the function has not three arguments. */
export function ifArguments(value: Json | undefined): [Json, Json, Json] | undefined {
  return Array.isArray(value) && value.length === 3 ? (value as [Json, Json, Json]) : undefined
}

export const IF_ARGUMENTS_REASON = 'Fn::If requires 3 arguments'

/** The resource that a `Ref` or a `Fn::GetAtt` of one attribute names. */
export function referredResource(value: Json | undefined): string | undefined {
  if (!isIntrinsic(value)) return undefined
  if (typeof value.Ref === 'string') return value.Ref
  const attribute = value['Fn::GetAtt']
  const parts = typeof attribute === 'string' ? attribute.split('.') : attribute
  if (!Array.isArray(parts) || parts.length !== 2) return undefined
  return typeof parts[0] === 'string' ? parts[0] : undefined
}
