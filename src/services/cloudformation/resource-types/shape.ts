import { AwsError } from '../../../protocol/errors.ts'
import type { TemplateObject, TemplateValue } from '../../../template/template.ts'

/**
 * The shape of a property, as far as it is supported. `word`: text whose case says nothing. `[S]`: a list. `{ '*': S }`: names of the template's
 * own. Any other object: these members and no others.
 */
export type Shape = 'text' | 'word' | 'number' | 'boolean' | 'json' | readonly [Shape] | Members
export type Members = { readonly [name: string]: Shape }

/** What {@link shaped} makes of a value. */
export type Shaped<S extends Shape> = S extends 'text' | 'word'
  ? string
  : S extends 'number'
    ? number
    : S extends 'boolean'
      ? boolean
      : S extends 'json'
        ? TemplateValue
        : S extends readonly [infer Item extends Shape]
          ? Shaped<Item>[]
          : S extends { readonly '*': infer Item extends Shape }
            ? Record<string, Shaped<Item>>
            : S extends Members
              ? { -readonly [Name in keyof S]?: Shaped<S[Name]> }
              : never

/**
 * Reads a value as its shape. Parameters are always text, so `"30"` is a number and `"true"` a boolean where one is wanted, and a number is a
 * text where that is wanted. Throws a ValidationError that names the path.
 */
export function shaped<const S extends Shape>(shape: S, value: TemplateValue, path = '#'): Shaped<S> {
  return read(shape, value, path) as Shaped<S>
}

/** A sentence for each member that the shape does not have. Parts that are not known yet are passed over. */
export function unsupportedMembers(shape: Shape, value: TemplateValue | undefined, path = ''): string[] {
  if (value === undefined || value === null || typeof shape === 'string') return []
  if (isList(shape)) {
    if (!Array.isArray(value)) return []
    return value.flatMap((item: TemplateValue, index) => unsupportedMembers(shape[0], item, `${path}[${index}]`))
  }
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([name, member]) => {
    const memberPath = path === '' ? name : `${path}.${name}`
    const memberShape = memberOf(shape, name)
    if (memberShape !== undefined) return unsupportedMembers(memberShape, member, memberPath)
    return member === undefined ? [] : [`${memberPath} is not supported`]
  })
}

/**
 * What is now, told as a template told it: of the members only those that it names, and `"30"` where it says so of 30. What is left as it was
 * then equals what was written.
 */
export function asWritten(shape: Shape, actual: TemplateValue, written: TemplateValue | undefined): TemplateValue {
  if (written === undefined || written === null) return actual
  if (typeof shape === 'string') return isSame(shape, actual, written) ? written : actual
  if (isList(shape)) {
    const items = Array.isArray(written) ? (written as readonly TemplateValue[]) : []
    return Array.isArray(actual)
      ? actual.map((item: TemplateValue, index) => asWritten(shape[0], item, items[index]))
      : actual
  }
  if (!isObject(actual) || !isObject(written)) return actual
  const item = shape['*']
  const told: Record<string, TemplateValue> = {}
  for (const [name, member] of Object.entries(actual)) {
    if (item === undefined && written[name] === undefined) continue
    told[name] = asWritten(memberOf(shape, name) ?? 'json', member, written[name])
  }
  return told
}

/** Deep equality of JSON; the order of members says nothing. */
export function isEqual(one: unknown, other: unknown): boolean {
  if (one === other) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  if (Array.isArray(one) !== Array.isArray(other)) return false
  const [left, right] = [Object.entries(one), Object.entries(other)]
  return (
    left.length === right.length &&
    left.every(([name, value]) => Object.hasOwn(other, name) && isEqual(value, (other as TemplateObject)[name]))
  )
}

function isSame(shape: Shape, actual: TemplateValue, written: TemplateValue): boolean {
  if (shape === 'json') return isEqual(parsed(actual), parsed(written))
  const [one, other] = [String(actual), String(written)]
  if (shape === 'text') return one === other
  return one.toLowerCase() === other.toLowerCase()
}

/** Documents may be written as JSON or as its text. */
function parsed(value: TemplateValue): unknown {
  if (typeof value !== 'string') return value
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}

function read(shape: Shape, value: TemplateValue, path: string): unknown {
  if (typeof shape === 'string') return readScalar(shape, value, path)
  if (isList(shape)) {
    if (!Array.isArray(value)) throw wrongType(path, 'JSONArray', value)
    return value.map((item: TemplateValue, index) => read(shape[0], item, `${path}/${index}`))
  }
  if (!isObject(value)) throw wrongType(path, 'JSONObject', value)
  const members: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(value)) {
    const memberShape = memberOf(shape, name)
    if (memberShape === undefined) throw invalid(`${path}: extraneous key [${name}] is not permitted`)
    if (member !== undefined && member !== null) members[name] = read(memberShape, member, `${path}/${name}`)
  }
  return members
}

function readScalar(shape: Exclude<Shape, readonly [Shape] | Members>, value: TemplateValue, path: string): unknown {
  switch (shape) {
    case 'json':
      return value
    case 'text':
    case 'word':
      if (typeof value === 'object') throw wrongType(path, 'String', value)
      return String(value)
    case 'number': {
      const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
      if (typeof number !== 'number' || Number.isNaN(number)) throw wrongType(path, 'Number', value)
      return number
    }
    case 'boolean': {
      const text = String(value).toLowerCase()
      if (text !== 'true' && text !== 'false') throw wrongType(path, 'Boolean', value)
      return text === 'true'
    }
  }
}

function wrongType(path: string, expected: string, value: TemplateValue): AwsError {
  return invalid(`${path}: expected type: ${expected}, found: ${nameOfType(value)}`)
}

function nameOfType(value: TemplateValue): string {
  if (value === null) return 'Null'
  if (Array.isArray(value)) return 'JSONArray'
  if (typeof value === 'object') return 'JSONObject'
  return `${typeof value}`.replace(/^./, (letter) => letter.toUpperCase())
}

const invalid = (problem: string): AwsError =>
  new AwsError('ValidationError', 400, `Model validation failed (${problem})`)

function isObject(value: TemplateValue): value is TemplateObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function memberOf(shape: Members, name: string): Shape | undefined {
  return shape['*'] ?? (Object.hasOwn(shape, name) ? shape[name] : undefined)
}

function isList(shape: Shape): shape is readonly [Shape] {
  return Array.isArray(shape)
}
