/** The table behind connectors; see SOURCES.md. Read from disk at the first question. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ConnectorEnd } from './connector-ends.ts'
import { invalidResource } from './errors.ts'
import { sub } from './intrinsics.ts'
import { isObject, type Json, type JsonObject } from './json.ts'

/** How one type of resource may use another. Texts have placeholders such as `%{Destination.Arn}`. */
export interface Profile {
  readonly Type:
    | 'AWS_IAM_ROLE_MANAGED_POLICY'
    | 'AWS_SQS_QUEUE_POLICY'
    | 'AWS_SNS_TOPIC_POLICY'
    | 'AWS_LAMBDA_PERMISSION'
  readonly Properties: {
    /** Whether the source carries the policy; the destination otherwise. */
    readonly SourcePolicy: boolean
    /** Read, Write: the statements, or the properties of a Lambda permission. */
    readonly AccessCategories: JsonObject
    /** When only some combinations make sense. */
    readonly ValidAccessCategories?: readonly (readonly string[])[]
    /** What has to wait for the policy. */
    readonly DependedBy?: 'SOURCE' | 'DESTINATION_EVENT_SOURCE_MAPPING'
  }
}

/** Where a resource of a type keeps its role, and how a template gets its ARN, name and URL. */
export interface ConnectableType {
  readonly Inputs?: { readonly Role?: string | JsonObject }
  readonly Outputs?: JsonObject
}

interface Packed {
  readonly permissions: Readonly<Record<string, Profile>>
  readonly resources: Readonly<Record<string, ConnectableType>>
}

let packed: Packed | undefined

function read(): Packed {
  packed ??= JSON.parse(readFileSync(join(import.meta.dirname, 'connector-profiles.json'), 'utf8')) as Packed
  return packed
}

export function connectorProfile(sourceType: string, destinationType: string): Profile | undefined {
  const { permissions } = read()
  const name = `${sourceType} ${destinationType}`
  return Object.hasOwn(permissions, name) ? permissions[name] : undefined
}

/** How resources of a type are connected, with the logical id filled in; an empty object for types that are not. */
export function connectableType(type: string, logicalId: string): ConnectableType {
  const { resources } = read()
  const found = Object.hasOwn(resources, type) ? resources[type] : undefined
  return fillIn((found ?? {}) as Json, '', new Map([['logicalId', logicalId]])) as ConnectableType
}

/** The access categories of a profile with the values of both ends. Throws when an end lacks a value that the profile needs. */
export function fillInProfile(
  logicalId: string,
  { Properties: { AccessCategories: categories } }: Profile,
  source: ConnectorEnd,
  destination: ConnectorEnd,
): Record<string, JsonObject> {
  const values = new Map<string, Json | undefined>()
  for (const [name, end] of [
    ['Source', source],
    ['Destination', destination],
  ] as const) {
    values.set(`${name}.Arn`, end.arn)
    values.set(`${name}.ResourceId`, end.resourceId)
    values.set(`${name}.Name`, end.name)
    values.set(`${name}.Qualifier`, end.qualifier)
  }
  return fillIn(categories, logicalId, values) as Record<string, JsonObject>
}

function fillIn(value: Json, logicalId: string, values: ReadonlyMap<string, Json | undefined>): Json {
  if (Array.isArray(value)) return value.map((item) => fillIn(item, logicalId, values))
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, fillIn(member, logicalId, values)]))
  return typeof value === 'string' ? fillInText(value, logicalId, values) : value
}

/** A placeholder alone becomes the value; among text it becomes a variable of `Fn::Sub`. */
function fillInText(text: string, logicalId: string, values: ReadonlyMap<string, Json | undefined>): Json {
  const variables: JsonObject = {}
  let result = text
  for (const [name, value] of values) {
    const placeholder = `%{${name}}`
    if (!text.includes(placeholder)) continue
    if (value === undefined || value === null) throw invalidResource(logicalId, `${name} is missing.`)
    if (text === placeholder) return structuredClone(value)
    const variable = name.replaceAll('.', '')
    result = result.replaceAll(placeholder, `\${${variable}}`)
    variables[variable] = structuredClone(value)
  }
  if (!/\$\{.+\}/.test(result)) return result
  return Object.keys(variables).length === 0 ? sub(result) : sub(result, variables)
}
