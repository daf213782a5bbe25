import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PropertySchema, ResourceSchema } from '../../template/schema.ts'

const PATH = join(import.meta.dirname, '../../../models/resource-schemas.json')
const CUSTOM_RESOURCE = 'AWS::CloudFormation::CustomResource'

/** See models/SOURCES.md. */
interface PackedSchemas {
  readonly types: Readonly<Record<string, PackedSchema>>
  readonly known: Readonly<Record<string, string>>
}

interface PackedSchema {
  readonly properties: Readonly<Record<string, string>>
  readonly attributes: string
}

let packed: PackedSchemas | undefined
const unpacked = new Map<string, ResourceSchema>()

/**
 * What CloudFormation's specification says of a type, read from disk at the first question. `Custom::Anything` has the properties of a
 * custom resource, and may have any other. Undefined when the type is unknown, or known and far from all that stacks here can have.
 */
export function resourceSchemas(type: string): ResourceSchema | undefined {
  const name = type.startsWith('Custom::') ? CUSTOM_RESOURCE : type
  const known = unpacked.get(name)
  if (known !== undefined) return known
  const { types } = read()
  const found = Object.hasOwn(types, name) ? types[name] : undefined
  if (found === undefined) return undefined
  const schema = unpack(found)
  unpacked.set(name, schema)
  return schema
}

/** Whether CloudFormation has a type of this name, or SAM a shorthand; most of them cannot be deployed here. */
export function isKnownType(type: string): boolean {
  if (/^Custom::[\w@-]{1,60}$/.test(type)) return true
  const [, namespace, name] = /^(\w+::\w+)::(\w+)$/.exec(type) ?? []
  if (namespace === undefined || name === undefined) return false
  const { known } = read()
  return Object.hasOwn(known, namespace) && known[namespace]?.split(' ').includes(name) === true
}

function read(): PackedSchemas {
  packed ??= JSON.parse(readFileSync(PATH, 'utf8')) as PackedSchemas
  return packed
}

function unpack({ properties, attributes }: PackedSchema): ResourceSchema {
  return {
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, text]) => [name, unpackProperty(name, text)]),
    ),
    attributes: attributes === '' ? [] : attributes.split(' '),
  }
}

function unpackProperty(name: string, text: string): PropertySchema {
  const [, type, required, replaces = 'no'] = /^(\w+)(!?)(?:\/(yes|maybe))?$/.exec(text) ?? []
  if (type === undefined) throw new Error(`resource-schemas.json is broken at ${name}: ${text}`)
  return {
    isRequired: required === '!',
    replaces: replaces as PropertySchema['replaces'],
    type: type as PropertySchema['type'],
  }
}
