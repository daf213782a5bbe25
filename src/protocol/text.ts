import { assert } from '../std/assert.ts'
import type { Member, Rule, SimpleSchema, TimestampFormat } from './schema.ts'
import { Unreadable } from './unreadable.ts'

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
      return timestampReader(schema.format ?? defaultFormat)
  }
}

export function textWriter(member: Member, defaultFormat: TimestampFormat): TextWriter {
  const schema = member.schema as SimpleSchema
  switch (schema.kind) {
    case 'blob':
      return (value) => writeBase64(value as Uint8Array | string)
    case 'timestamp':
      return timestampWriter(schema.format ?? defaultFormat)
    case 'string':
      return (value) =>
        typeof value === 'string' ? value : value instanceof Date ? value.toUTCString() : String(value)
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
      if (!integerPattern.test(trimmed)) throw new Unreadable(`${printed(text)} is not an integer`)
      return checkInteger(Number(trimmed), bits)
    }
  }
  return (text) => {
    const trimmed = text.trim()
    if (numberPattern.test(trimmed)) return Number(trimmed)
    return specialNumber(trimmed) ?? unreadable(`${printed(text)} is not a number`)
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
  if (!integerPattern.test(text.trim())) throw new Unreadable(`${printed(text)} is not an integer`)
  return BigInt(text.trim())
}

function readBoolean(text: string): boolean {
  const trimmed = text.trim().toLowerCase()
  if (trimmed === 'true') return true
  if (trimmed === 'false') return false
  throw new Unreadable(`${printed(text)} is not a boolean`)
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

function timestampReader(format: TimestampFormat): TextReader {
  switch (format) {
    case 'date-time':
      return readDateTime
    case 'http-date':
      return readHttpDate
    case 'epoch-seconds':
      return (text) => {
        if (!numberPattern.test(text.trim())) throw new Unreadable(`${printed(text)} is not a timestamp`)
        return dateOfSeconds(Number(text))
      }
  }
}

function timestampWriter(format: TimestampFormat): TextWriter {
  switch (format) {
    case 'date-time':
      return (value) => asDate(value).toISOString()
    case 'http-date':
      return (value) => asDate(value).toUTCString()
    case 'epoch-seconds':
      return (value) => String(asDate(value).getTime() / 1000)
  }
}

export function asDate(value: unknown): Date {
  assert(value instanceof Date && !Number.isNaN(value.getTime()), 'a timestamp of an output is a valid Date')
  return value
}

export function dateOfSeconds(seconds: number): Date {
  const date = new Date(Math.round(seconds * 1000))
  if (Number.isNaN(date.getTime())) throw new Unreadable(`${seconds} is not a timestamp`)
  return date
}

const dateTimePattern = /^(\d{4})-(\d\d)-(\d\d)(?:[Tt](\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?([Zz]|[+-]\d\d:?\d\d)?)?$/

/** ISO 8601 with seconds optional and any offset; without an offset it is UTC. */
export function readDateTime(text: string): Date {
  const match = dateTimePattern.exec(text.trim())
  if (match === null) throw new Unreadable(`${printed(text)} is not a timestamp`)
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', offset = 'Z'] = match
  const date = utc(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second), text)
  return new Date(date + Math.floor(Number(`0${fraction || '.0'}`) * 1000) - offsetMs(offset))
}

function offsetMs(offset: string): number {
  if (offset === 'Z' || offset === 'z') return 0
  const sign = offset.startsWith('-') ? -1 : 1
  return sign * (Number(offset.slice(1, 3)) * 60 + Number(offset.slice(-2))) * 60_000
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
// The three forms of RFC 9110, 5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT`, `Sun Nov  6 08:49:37 1994`.
const imfPattern =
  /^[A-Z][a-z]{2}, (\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,3})\d*)? (?:GMT|UTC|[+-]0000)$/
const rfc850Pattern = /^[A-Z][a-z]+, (\d\d)-([A-Z][a-z]{2})-(\d\d) (\d\d):(\d\d):(\d\d) GMT$/
const asctimePattern = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (\d{4})$/

export function readHttpDate(text: string): Date {
  const trimmed = text.trim()
  const imf = imfPattern.exec(trimmed)
  if (imf !== null) {
    const [, day, month, year, hour, minute, second, fraction = ''] = imf
    const base = utc(
      Number(year),
      monthOf(month, text),
      Number(day),
      Number(hour),
      Number(minute),
      Number(second),
      text,
    )
    return new Date(base + Number(fraction.padEnd(3, '0')))
  }
  const rfc850 = rfc850Pattern.exec(trimmed)
  if (rfc850 !== null) {
    const [, day, month, year, hour, minute, second] = rfc850
    const century = Number(year) < 70 ? 2000 : 1900
    const full = century + Number(year)
    return new Date(utc(full, monthOf(month, text), Number(day), Number(hour), Number(minute), Number(second), text))
  }
  const asctime = asctimePattern.exec(trimmed)
  if (asctime !== null) {
    const [, month, day, hour, minute, second, year] = asctime
    return new Date(
      utc(Number(year), monthOf(month, text), Number(day), Number(hour), Number(minute), Number(second), text),
    )
  }
  return readDateTime(text)
}

function monthOf(name: string | undefined, text: string): number {
  const month = months.indexOf(name ?? '')
  return month >= 0 ? month : unreadable(`${printed(text)} is not a timestamp`)
}

/** Milliseconds since 1970; refuses the 31st of February, which Date would move into March. */
function utc(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  text: string,
): number {
  const ms = Date.UTC(year, month, day, hour, minute, second)
  const date = new Date(ms)
  const matches = date.getUTCMonth() === month && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60
  return matches ? ms : unreadable(`${printed(text)} is not a timestamp`)
}

/** Values quoted in messages are cut: they come from outside. */
function printed(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text)
}

function unreadable(sentence: string): never {
  throw new Unreadable(sentence)
}
