import { compileOnce, setKey } from './compile.ts'
import type { ListSchema, MapSchema, Member, Schema, SimpleSchema, StructureSchema } from './schema.ts'
import { checkInteger, readBase64, specialNumber, writeBase64 } from './text.ts'
import { asDate, dateOfSeconds, readDateTime, readHttpDate, writeDateTime, writeHttpDate } from './timestamps.ts'
import { Unreadable } from './unreadable.ts'

/** Parsed JSON (or decoded CBOR) → typed values. Throws {@link Unreadable} for a wrong type; unknown members are ignored. */
export type ValueReader = (value: unknown) => unknown
/** Typed values → what JSON.stringify or the CBOR encoder takes. Only modelled members go out. */
export type ValueWriter = (value: unknown) => unknown

/** How the two encodings differ: JSON has neither bytes nor timestamps. */
export interface ValueDialect {
  readonly name: 'json' | 'cbor'
}

export interface ValueCodec {
  reader(schema: Schema): ValueReader
  writer(schema: Schema): ValueWriter
}

export function valueCodec(dialect: ValueDialect['name']): ValueCodec {
  const aggregateReader = compileOnce<[unknown], unknown>((schema) => {
    switch (schema.kind) {
      case 'structure':
        return structureReader(schema)
      case 'union':
        return unionReader(schema)
      case 'list':
        return listReader(schema)
      case 'map':
        return mapReader(schema)
      default:
        return simpleReader({ name: '', schema, traits: {}, required: false, rule: undefined }, dialect)
    }
  })
  const memberReader = (member: Member): ValueReader =>
    isAggregate(member.schema) ? aggregateReader(member.schema) : simpleReader(member, dialect)

  function structureReader(schema: StructureSchema): ValueReader {
    const names = schema.members.map((member) => member.name)
    const readers = schema.members.map(memberReader)
    return (value) => {
      const object = requireObject(value)
      const result: Record<string, unknown> = {}
      for (let index = 0; index < names.length; index++) {
        const name = names[index] as string
        const part = object[name]
        if (part !== undefined && part !== null) result[name] = (readers[index] as ValueReader)(part)
      }
      return result
    }
  }

  function unionReader(schema: StructureSchema): ValueReader {
    const read = structureReader(schema)
    return (value) => {
      const result = read(value) as object
      if (Object.keys(result).length !== 1) throw new Unreadable('Union must have exactly one member set')
      return result
    }
  }

  function listReader(schema: ListSchema): ValueReader {
    const read = memberReader(schema.member)
    const sparse = schema.traits.sparse === 1
    return (value) => {
      if (!Array.isArray(value)) throw new Unreadable('Expected list or null')
      return value.map((item) => {
        if (item !== null && item !== undefined) return read(item)
        if (sparse) return null
        throw new Unreadable('Unexpected null in a list')
      })
    }
  }

  function mapReader(schema: MapSchema): ValueReader {
    const read = memberReader(schema.value)
    const sparse = schema.traits.sparse === 1
    return (value) => {
      const object = requireObject(value)
      const result: Record<string, unknown> = {}
      for (const key of Object.keys(object)) {
        const item = object[key]
        if (item === null || item === undefined) {
          if (!sparse) throw new Unreadable('Unexpected null in a map')
          setKey(result, key, null)
        } else {
          setKey(result, key, read(item))
        }
      }
      return result
    }
  }

  const aggregateWriter = compileOnce<[unknown], unknown>((schema) => {
    switch (schema.kind) {
      case 'structure':
      case 'union': {
        const names = schema.members.map((member) => member.name)
        const writers = schema.members.map((member) => memberWriter(member))
        return (value) => {
          const result: Record<string, unknown> = {}
          for (let index = 0; index < names.length; index++) {
            const name = names[index] as string
            const part = (value as Record<string, unknown>)[name]
            if (part !== undefined && part !== null) result[name] = (writers[index] as ValueWriter)(part)
          }
          return result
        }
      }
      case 'list': {
        const write = memberWriter(schema.member)
        return (value) => (value as unknown[]).map((item) => (item === null || item === undefined ? null : write(item)))
      }
      case 'map': {
        const write = memberWriter(schema.value)
        return (value) => {
          const result: Record<string, unknown> = {}
          for (const key of Object.keys(value as object)) {
            const item = (value as Record<string, unknown>)[key]
            if (item !== undefined) setKey(result, key, item === null ? null : write(item))
          }
          return result
        }
      }
      default:
        return simpleWriter(schema, dialect)
    }
  })
  const memberWriter = (member: Member): ValueWriter => aggregateWriter(member.schema)

  return { reader: aggregateReader, writer: aggregateWriter }
}

export function isAggregate(schema: Schema): schema is ListSchema | MapSchema | StructureSchema {
  return schema.kind === 'structure' || schema.kind === 'union' || schema.kind === 'list' || schema.kind === 'map'
}

/** The body of a JSON request. An empty one is an empty structure. */
export function parseJson(body: Buffer): unknown {
  if (body.length === 0) return {}
  try {
    return JSON.parse(utf8.decode(body))
  } catch {
    throw new Unreadable('The request body is not valid JSON')
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function requireObject(value: unknown): Record<string, unknown> {
  if (
    typeof value !== 'object' ||
    value === null ||
    Array.isArray(value) ||
    value instanceof Date ||
    ArrayBuffer.isView(value)
  ) {
    throw new Unreadable(
      Array.isArray(value)
        ? 'Start of list found where not expected'
        : `${kindOf(value)} where a structure or map was expected`,
    )
  }
  return value as Record<string, unknown>
}

// The wording follows AWS's JSON front end: "NUMBER_VALUE can not be converted to a String".
function kindOf(value: unknown): string {
  if (typeof value === 'string') return 'STRING_VALUE'
  if (typeof value === 'number' || typeof value === 'bigint') return 'NUMBER_VALUE'
  if (typeof value === 'boolean') return value ? 'TRUE_VALUE' : 'FALSE_VALUE'
  if (value instanceof Date) return 'TIMESTAMP_VALUE'
  return ArrayBuffer.isView(value) ? 'BLOB_VALUE' : 'NULL_VALUE'
}

function mismatch(value: unknown, wanted: string): never {
  if (Array.isArray(value)) throw new Unreadable('Start of list found where not expected')
  if (typeof value === 'object' && value !== null && !(value instanceof Date) && !ArrayBuffer.isView(value)) {
    throw new Unreadable('Start of structure or map found where not expected.')
  }
  throw new Unreadable(`${kindOf(value)} can not be converted to ${wanted}`)
}

function simpleReader(member: Member, dialect: ValueDialect['name']): ValueReader {
  const schema = member.schema as SimpleSchema
  switch (schema.kind) {
    case 'string':
      return (value) => (typeof value === 'string' ? value : mismatch(value, 'a String'))
    case 'boolean':
      return (value) => (typeof value === 'boolean' ? value : mismatch(value, 'a Boolean'))
    case 'number': {
      const bits = member.rule?.integer
      if (bits === undefined) {
        return (value) => {
          if (typeof value === 'number') return value
          if (typeof value === 'bigint') return Number(value)
          return (typeof value === 'string' ? specialNumber(value) : undefined) ?? mismatch(value, 'a Double')
        }
      }
      return (value) => {
        const number = typeof value === 'bigint' ? Number(value) : value
        if (typeof number !== 'number' || !Number.isInteger(number))
          return mismatch(value, bits === 64 ? 'a Long' : 'an Integer')
        return checkInteger(number, bits)
      }
    }
    case 'bigint':
      return (value) => {
        if (typeof value === 'bigint') return value
        return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : mismatch(value, 'a BigInteger')
      }
    case 'bigdecimal':
      return (value) =>
        typeof value === 'number' || typeof value === 'string' ? value : mismatch(value, 'a BigDecimal')
    case 'document':
      return (value) => value
    case 'blob':
      if (dialect === 'cbor') return (value) => (Buffer.isBuffer(value) ? value : mismatch(value, 'a Blob'))
      return (value) => (typeof value === 'string' ? readBase64(value) : mismatch(value, 'a Blob'))
    case 'timestamp': {
      if (dialect === 'cbor') return (value) => (value instanceof Date ? value : mismatch(value, 'a Timestamp'))
      if (schema.format === 'date-time')
        return (value) => (typeof value === 'string' ? readDateTime(value) : mismatch(value, 'a Timestamp'))
      if (schema.format === 'http-date')
        return (value) => (typeof value === 'string' ? readHttpDate(value) : mismatch(value, 'a Timestamp'))
      return (value) => (typeof value === 'number' ? dateOfSeconds(value) : mismatch(value, 'a Timestamp'))
    }
  }
}

function simpleWriter(schema: SimpleSchema, dialect: ValueDialect['name']): ValueWriter {
  switch (schema.kind) {
    case 'blob':
      if (dialect === 'cbor') return (value) => (typeof value === 'string' ? Buffer.from(value) : value)
      return (value) => writeBase64(value as Uint8Array | string)
    case 'timestamp':
      if (dialect === 'cbor') return asDate
      if (schema.format === 'date-time') return writeDateTime
      if (schema.format === 'http-date') return writeHttpDate
      return (value) => asDate(value).getTime() / 1000
    case 'number':
      if (dialect === 'cbor') return (value) => value
      return (value) => (Number.isFinite(value as number) ? value : String(value))
    case 'bigint':
      return (value) => (dialect === 'cbor' ? value : Number(value))
    default:
      return (value) => value
  }
}
