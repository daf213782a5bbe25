import { BlockList, isIPv4, isIPv6 } from 'node:net'
import type { MessageAttribute } from '../../delivery/delivery.ts'
import { filterPolicyInvalid } from './errors.ts'

/**
 * Which messages a subscription wants. A policy is an object; every name in it must match, any of its conditions suffices.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
 */
export type FilterPolicyScope = 'MessageAttributes' | 'MessageBody'

export interface FilteredMessage {
  readonly body: string
  readonly attributes: Readonly<Record<string, MessageAttribute>>
}

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }
/** Undefined: there is no such name. */
type Condition = (value: Json | undefined) => boolean
type Matcher = (values: Readonly<Record<string, Json>>) => boolean

const KEY_COUNT_MAX = 5
const COMBINATIONS_MAX = 150
const POLICY_BYTES_MAX = 256 * 1024

/** Reads a policy once, for many messages. Throws InvalidParameter for what AWS does not accept. */
export function compileFilterPolicy(text: string, scope: FilterPolicyScope): (message: FilteredMessage) => boolean {
  if (Buffer.byteLength(text) > POLICY_BYTES_MAX) throw filterPolicyInvalid('Filter policy is too large')
  const policy = parse(text)
  if (!isObject(policy)) throw filterPolicyInvalid('failed to parse JSON.')
  const size = { keys: 0, combinations: 1 }
  const matches = compileObject(policy, scope, size, 1)
  if (size.keys > KEY_COUNT_MAX) {
    throw filterPolicyInvalid(`Filter policy can not have more than ${KEY_COUNT_MAX} keys`)
  }
  if (size.combinations > COMBINATIONS_MAX) throw filterPolicyInvalid('Filter policy is too complex')
  if (scope === 'MessageAttributes') return ({ attributes }) => matches(attributeValues(attributes))
  return ({ body }) => {
    const value = parse(body)
    return isObject(value) && matches(value)
  }
}

function compileObject(
  policy: Readonly<Record<string, Json>>,
  scope: FilterPolicyScope,
  size: { keys: number; combinations: number },
  depth: number,
): Matcher {
  const parts = Object.entries(policy).map(([name, rule]): Matcher => {
    if (name === '$or' && Array.isArray(rule) && rule.length >= 2 && rule.every(isObject)) {
      const choices = rule.map((choice) => compileObject(choice, scope, size, depth))
      return (values) => choices.some((matches) => matches(values))
    }
    if (Array.isArray(rule)) {
      if (rule.length === 0) throw filterPolicyInvalid('Empty arrays are not allowed')
      size.keys++
      size.combinations *= rule.length * depth
      const conditions = (rule as readonly Json[]).map(compileCondition)
      return (values) => conditions.some((condition) => someValue(own(values, name), condition))
    }
    if (!isObject(rule)) throw filterPolicyInvalid(`"${name}" must be an object or an array`)
    if (scope === 'MessageAttributes') {
      throw filterPolicyInvalid('Filter policy scope MessageAttributes does not support nested filter policy')
    }
    const inner = compileObject(rule, scope, size, depth + 1)
    return (values) => {
      const value = own(values, name)
      const candidates = Array.isArray(value) ? value : [value]
      // A name that is absent has no names inside, which `exists: false` may ask for.
      return candidates.some((candidate) => inner(isObject(candidate) ? candidate : {}))
    }
  })
  return (values) => parts.every((matches) => matches(values))
}

/** A condition on an array is met by any of its elements. */
function someValue(value: Json | undefined, condition: Condition): boolean {
  if (!Array.isArray(value)) return condition(value)
  return value.length === 0 ? condition(undefined) : value.some((element: Json) => condition(element))
}

function compileCondition(rule: Json): Condition {
  if (!isObject(rule)) {
    if (Array.isArray(rule)) throw filterPolicyInvalid('Match value must be String, number, true, false, or null')
    return (value) => value === rule
  }
  const entries = Object.entries(rule)
  const [name, operand] = entries[0] ?? []
  if (entries.length !== 1 || name === undefined || operand === undefined) {
    throw filterPolicyInvalid('Only one key allowed in match expression')
  }
  switch (name) {
    case 'exists':
      if (typeof operand !== 'boolean') throw filterPolicyInvalid('exists match pattern must be either true or false.')
      return (value) => (value !== undefined) === operand
    case 'anything-but':
      return compileAnythingBut(operand)
    case 'numeric':
      return compileNumeric(operand)
    case 'cidr':
      return compileCidr(operand)
    default:
      return onText(name, operand)
  }
}

function onText(name: string, operand: Json): Condition {
  const text = (what: string) => {
    if (typeof operand !== 'string' || operand === '') {
      throw filterPolicyInvalid(`${what} match pattern must be a string`)
    }
    return operand
  }
  switch (name) {
    case 'prefix': {
      const prefix = text('prefix')
      return (value) => typeof value === 'string' && value.startsWith(prefix)
    }
    case 'suffix': {
      const suffix = text('suffix')
      return (value) => typeof value === 'string' && value.endsWith(suffix)
    }
    case 'equals-ignore-case': {
      const wanted = text('equals-ignore-case').toLowerCase()
      return (value) => typeof value === 'string' && value.toLowerCase() === wanted
    }
    case 'wildcard': {
      const pieces = text('wildcard')
        .split('*')
        .map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      const pattern = new RegExp(`^${pieces.join('[^]*')}$`)
      return (value) => typeof value === 'string' && pattern.test(value)
    }
    default:
      throw filterPolicyInvalid(`Unrecognized match type ${name}`)
  }
}

/** Present, and none of these. */
function compileAnythingBut(operand: Json): Condition {
  const isScalar = (value: Json) => typeof value === 'string' || typeof value === 'number'
  if (isObject(operand)) {
    const [name, inner] = Object.entries(operand)[0] ?? []
    if (name !== 'prefix' && name !== 'suffix' && name !== 'wildcard' && name !== 'equals-ignore-case') {
      throw filterPolicyInvalid(`Unsupported anything-but pattern: ${name}`)
    }
    const patterns = (Array.isArray(inner) ? inner : [inner]) as readonly Json[]
    const conditions = patterns.map((pattern) => onText(name, pattern))
    return (value) => value !== undefined && !conditions.some((condition) => condition(value))
  }
  const values = (Array.isArray(operand) ? operand : [operand]) as readonly Json[]
  if (values.length === 0 || !values.every(isScalar)) {
    throw filterPolicyInvalid('Value of anything-but must be a string, a number, or an array of them')
  }
  return (value) => value !== undefined && !values.some((other) => other === value)
}

/** `["=", 5]`, or a bound, or a lower and an upper one. */
function compileNumeric(operand: Json): Condition {
  if (!Array.isArray(operand) || (operand.length !== 2 && operand.length !== 4)) throw numericInvalid()
  const tests: ((value: number) => boolean)[] = []
  for (let at = 0; at < operand.length; at += 2) {
    const bound = operand[at + 1] as Json
    if (typeof bound !== 'number') throw numericInvalid()
    const compare = COMPARISONS[String(operand[at])]
    if (compare === undefined) throw filterPolicyInvalid(`Unrecognized numeric range operator: ${String(operand[at])}`)
    tests.push((value) => compare(value, bound))
  }
  if (operand.length === 4 && !(String(operand[0]).startsWith('>') && String(operand[2]).startsWith('<')))
    throw numericInvalid()
  return (value) => typeof value === 'number' && tests.every((test) => test(value))
}

const numericInvalid = () => filterPolicyInvalid('Value of numeric must be an array of operators and numbers')

const COMPARISONS: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  '=': (value, bound) => value === bound,
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
}

function compileCidr(operand: Json): Condition {
  const [address = '', bits = ''] = typeof operand === 'string' ? operand.split('/') : []
  const family = isIPv4(address) ? 'ipv4' : isIPv6(address) ? 'ipv6' : undefined
  const bitsMax = family === 'ipv4' ? 32 : 128
  if (family === undefined || !/^\d{1,3}$/.test(bits) || Number(bits) > bitsMax) {
    throw filterPolicyInvalid('Malformed CIDR, one slash required')
  }
  const list = new BlockList()
  list.addSubnet(address, Number(bits), family)
  return (value) => {
    if (typeof value !== 'string') return false
    const kind = isIPv4(value) ? 'ipv4' : isIPv6(value) ? 'ipv6' : undefined
    return kind === family && list.check(value, kind)
  }
}

/** Numbers as numbers, string arrays as arrays. Binary attributes match nothing. */
function attributeValues(attributes: FilteredMessage['attributes']): Record<string, Json> {
  const values: Record<string, Json> = {}
  for (const [name, { dataType, stringValue }] of Object.entries(attributes)) {
    if (stringValue === undefined) continue
    if (dataType === 'Number' || dataType.startsWith('Number.')) values[name] = Number(stringValue)
    else if (dataType === 'String.Array') values[name] = parse(stringValue) ?? stringValue
    else values[name] = stringValue
  }
  return values
}

function own(values: Readonly<Record<string, Json>>, name: string): Json | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined
}

function isObject(value: Json | undefined): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}
