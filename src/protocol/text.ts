import type { Member, Rule, SimpleSchema, TimestampFormat } from './schema.ts'
import { readTimestamp, writeHttpDate, writeTimestamp } from './timestamps.ts'
import { quoted, Unreadable, unreadable } from './unreadable.ts'

export type TextReader = (text: string) => unknown
export type TextWriter = (value: unknown) => string

/** Scalars as text: labels, headers, query arguments, XML. `defaultFormat` is that of timestamps without one. */
export function textReader(member: Member, defaultFormat: TimestampFormat): TextReader {
  const schema = member.schema as SimpleSchema
  switch (schema.kind) {
    case 'string':
    case 'bigdecimal':
      return (text) => text
    case 'document':
      return (text) => text
    case 'number':
      return numberReader(member.rule)
    case 'bigint':
      return readBigint
    case 'boolean':
      return readBoolean
    case 'blob':
      return readBase64
    case 'timestamp':
      return readTimestamp(schema.format ?? defaultFormat)
  }
}

export function textWriter(member: Member, defaultFormat: TimestampFormat): TextWriter {
  const schema = member.schema as SimpleSchema
  switch (schema.kind) {
    case 'blob':
      return (value) => writeBase64(value as Uint8Array | string)
    case 'timestamp':
      return writeTimestamp(schema.format ?? defaultFormat)
    case 'string':
      return (value) =>
        typeof value === 'string' ? value : value instanceof Date ? writeHttpDate(value) : String(value)
    default:
      return String
  }
}

const numberPattern = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/
const integerPattern = /^[+-]?\d+$/

function numberReader(rule: Rule | undefined): TextReader {
  if (rule?.integer !== undefined) {
    const bits = rule.integer
    return (text) => {
      const trimmed = text.trim()
      if (!integerPattern.test(trimmed)) throw new Unreadable(`${quoted(text)} is not an integer`)
      return checkInteger(Number(trimmed), bits)
    }
  }
  return (text) => {
    const trimmed = text.trim()
    if (numberPattern.test(trimmed)) return Number(trimmed)
    return specialNumber(trimmed) ?? unreadable(`${quoted(text)} is not a number`)
  }
}

export function specialNumber(text: string): number | undefined {
  if (text === 'NaN') return Number.NaN
  if (text === 'Infinity') return Number.POSITIVE_INFINITY
  return text === '-Infinity' ? Number.NEGATIVE_INFINITY : undefined
}

export function checkInteger(value: number, bits: number): number {
  const limit = 2 ** (bits - 1)
  if (value < -limit || value >= limit) throw new Unreadable(`${value} does not fit ${bits} bits`)
  return value
}

function readBigint(text: string): bigint {
  if (!integerPattern.test(text.trim())) throw new Unreadable(`${quoted(text)} is not an integer`)
  return BigInt(text.trim())
}

function readBoolean(text: string): boolean {
  const trimmed = text.trim().toLowerCase()
  if (trimmed === 'true') return true
  if (trimmed === 'false') return false
  throw new Unreadable(`${quoted(text)} is not a boolean`)
}

/** Node decodes whatever it can; here every character has to count. */
export function readBase64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64')
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  if (
    text.length % 4 !== 0 ||
    bytes.length !== (text.length / 4) * 3 - padding ||
    text.includes('-') ||
    text.includes('_')
  ) {
    throw new Unreadable('a blob is not valid base64')
  }
  return bytes
}

export function writeBase64(value: Uint8Array | string): string {
  if (typeof value === 'string') return Buffer.from(value).toString('base64')
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')
}
