import { compileOnce } from './compile.ts'
import { AwsError } from './errors.ts'
import { isAggregate } from './json.ts'
import type { ListSchema, MapSchema, Member, Rule, Schema, StructureSchema } from './schema.ts'

/** Whether and how a service complains about input that fits its types and not its constraints. */
export type ValidationStyle =
  /** S3: each operation has its own codes. */
  | { readonly kind: 'none' }
  /** "1 validation error detected: Value 'x' at 'roleName' failed to satisfy constraint: Member must …" */
  | { readonly kind: 'constraints'; readonly code: string }
  /** SQS, CloudWatch: "The request must contain the parameter QueueName." Only missing members. */
  | { readonly kind: 'missing-parameter' }
  /** SNS: "Invalid parameter: TopicArn Reason: no value for required parameter". Only missing members. */
  | { readonly kind: 'invalid-parameter' }

interface Violation {
  readonly path: string
  readonly value: unknown
  readonly constraint: string
  readonly isMissing: boolean
  /** The message names the member, and does not repeat what it was given. */
  readonly isSensitive: boolean
}

type Check = (value: unknown, path: string, found: Violation[]) => void

/** Throws AwsError 400 with every violation of the input. */
export function validateInput(
  schema: StructureSchema,
  input: Readonly<Record<string, unknown>>,
  style: ValidationStyle,
): void {
  if (style.kind === 'none') return
  const found: Violation[] = []
  structureCheck(schema)(input, '', found)
  if (style.kind === 'constraints') {
    if (found.length > 0) throw new AwsError(style.code, 400, messageOf(found))
    return
  }
  const missing = found.find((violation) => violation.isMissing)
  if (missing === undefined) return
  const name = missing.path.replace(/(^|\.)([a-z])/g, (_, dot: string, letter: string) => dot + letter.toUpperCase())
  throw style.kind === 'missing-parameter'
    ? new AwsError('MissingParameter', 400, `The request must contain the parameter ${name}.`)
    : new AwsError('InvalidParameter', 400, `Invalid parameter: ${name} Reason: no value for required parameter`)
}

function messageOf(found: readonly Violation[]): string {
  const count = found.length === 1 ? '1 validation error detected' : `${found.length} validation errors detected`
  const parts = found.map(({ path, value, constraint, isSensitive }) => {
    const shown = value === undefined ? 'null ' : isSensitive ? '' : `'${printed(value)}' `
    return `Value ${shown}at '${path}' failed to satisfy constraint: ${constraint}`
  })
  return `${count}: ${parts.join('; ')}`
}

/** As Java prints values, cut: they come from outside. */
function printed(value: unknown): string {
  const text = print(value)
  return text.length > PRINTED_CHARACTERS_MAX ? text.slice(0, PRINTED_CHARACTERS_MAX) : text
}

const PRINTED_CHARACTERS_MAX = 1024

function print(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(print).join(', ')}]`
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array)
    return `java.nio.HeapByteBuffer[pos=0 lim=${value.byteLength} cap=${value.byteLength}]`
  if (typeof value !== 'object' || value === null) return String(value)
  const entries = Object.entries(value).map(([name, part]) => `${name}=${print(part)}`)
  return `{${entries.join(', ')}}`
}

const structureCheck = compileOnce<[unknown, string, Violation[]], void>((schema) => {
  const { members } = schema as StructureSchema
  const checks = members.map((member) => ({
    name: member.name,
    label: lowerFirst(member.name),
    required: member.required,
    check: memberCheck(member),
  }))
  return (value, path, found) => {
    for (const { name, label, required, check } of checks) {
      const part = (value as Record<string, unknown>)[name]
      if (part !== undefined && part !== null) {
        check?.(part, path + label, found)
      } else if (required) {
        found.push({
          path: path + label,
          value: undefined,
          constraint: 'Member must not be null',
          isMissing: true,
          isSensitive: false,
        })
      }
    }
  }
})

function memberCheck(member: Member): Check | undefined {
  const own = ruleCheck(member.rule, member)
  const inner = innerCheck(member)
  if (own === undefined || inner === undefined) return own ?? inner
  return (value, path, found) => {
    own(value, path, found)
    inner(value, path, found)
  }
}

function innerCheck({ schema }: Member): Check | undefined {
  switch (schema.kind) {
    case 'structure':
    case 'union': {
      const check = structureCheck(schema)
      return (value, path, found) => check(value, `${path}.`, found)
    }
    case 'list':
      return listCheck(schema)
    case 'map':
      return mapCheck(schema)
    default:
      return undefined
  }
}

/** Lists of scalars report the list with all constraints of its items; lists of structures report the item's member. */
function listCheck(schema: ListSchema): Check | undefined {
  const { member } = schema
  if (isAggregate(member.schema)) {
    const check = memberCheck(member)
    return (value, path, found) => {
      const items = value as unknown[]
      items.forEach((item, index) => check?.(item, `${path}.${index + 1}.member`, found))
    }
  }
  const tests = testsOf(member.rule, member)
  if (tests.length === 0) return undefined
  const isSensitive = isSecret(schema)
  const constraint = `Member must satisfy constraint: [${[...tests.map((test) => test.constraint), 'Member must not be null'].join(', ')}]`
  return (value, path, found) => {
    if ((value as unknown[]).some((item) => tests.some((test) => !test.holds(item))))
      found.push({ path, value, constraint, isMissing: false, isSensitive })
  }
}

function mapCheck(schema: MapSchema): Check | undefined {
  const keyTests = testsOf(schema.key.rule, schema.key)
  const valueTests = isAggregate(schema.value.schema) ? [] : testsOf(schema.value.rule, schema.value)
  const inner = isAggregate(schema.value.schema) ? memberCheck(schema.value) : undefined
  const isSensitive = isSecret(schema)
  const list = (tests: readonly Test[]) =>
    [...tests.map((test) => test.constraint), 'Member must not be null'].join(', ')
  return (value, path, found) => {
    const map = value as Record<string, unknown>
    const keys = Object.keys(map)
    if (keys.some((key) => keyTests.some((test) => !test.holds(key)))) {
      found.push({
        path,
        value,
        constraint: `Map keys must satisfy constraint: [${list(keyTests)}]`,
        isMissing: false,
        isSensitive,
      })
    }
    if (keys.some((key) => valueTests.some((test) => !test.holds(map[key])))) {
      found.push({
        path,
        value: isFraction(schema.value) ? withFractions(map) : value,
        constraint: `Map value must satisfy constraint: [${list(valueTests)}]`,
        isMissing: false,
        isSensitive,
      })
    }
    if (inner !== undefined) for (const key of keys) inner(map[key], `${path}.${key}.member`, found)
  }
}

function ruleCheck(rule: Rule | undefined, member: Member): Check | undefined {
  const tests = testsOf(rule, member)
  if (tests.length === 0) return undefined
  const isSensitive = isSecret(member.schema)
  return (value, path, found) => {
    for (const test of tests)
      if (!test.holds(value)) found.push({ path, value, constraint: test.constraint, isMissing: false, isSensitive })
  }
}

/** Whether a value of the schema, or a part of it that messages would print, is to be kept secret. */
function isSecret(schema: Schema): boolean {
  switch (schema.kind) {
    case 'list':
      return schema.traits.sensitive === 1 || isSecret(schema.member.schema)
    case 'map':
      return schema.traits.sensitive === 1 || isSecret(schema.key.schema) || isSecret(schema.value.schema)
    case 'structure':
    case 'union':
      return schema.traits.sensitive === 1
    default:
      return schema.sensitive === true
  }
}

function isFraction({ schema, rule }: Member): boolean {
  return schema.kind === 'number' && rule?.integer === undefined
}

/** Java writes the fraction of a double, also of a whole one. */
function fraction(value: unknown): unknown {
  return Number.isInteger(value) ? `${value}.0` : value
}

function withFractions(map: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, fraction(value)]))
}

interface Test {
  readonly constraint: string
  holds(value: unknown): boolean
}

function testsOf(rule: Rule | undefined, member: Member): readonly Test[] {
  if (rule === undefined) return []
  const tests: Test[] = []
  const { minLength, maxLength, min, max, pattern } = rule
  const shown = (bound: number) => (isFraction(member) ? fraction(bound) : bound)
  if (maxLength !== undefined) {
    tests.push({
      constraint: `Member must have length less than or equal to ${maxLength}`,
      holds: (value) => lengthOf(value) <= maxLength,
    })
  }
  if (minLength !== undefined) {
    tests.push({
      constraint: `Member must have length greater than or equal to ${minLength}`,
      holds: (value) => lengthOf(value) >= minLength,
    })
  }
  if (max !== undefined)
    tests.push({
      constraint: `Member must have value less than or equal to ${shown(max)}`,
      holds: (value) => Number(value) <= max,
    })
  if (min !== undefined)
    tests.push({
      constraint: `Member must have value greater than or equal to ${shown(min)}`,
      holds: (value) => Number(value) >= min,
    })
  if (pattern !== undefined && member.schema.kind === 'string') {
    const expression = wholeMatch(pattern)
    tests.push({
      constraint: `Member must satisfy regular expression pattern: ${pattern}`,
      holds: (value) => expression.test(value as string),
    })
  }
  if (rule.enum !== undefined) {
    const values = new Set(rule.enum)
    tests.push({
      constraint: `Member must satisfy enum value set: [${rule.enum.join(', ')}]`,
      holds: (value) => values.has(value as string),
    })
  }
  return tests
}

/** AWS counts characters (code points) of strings, bytes of blobs, entries of lists and maps. */
function lengthOf(value: unknown): number {
  if (typeof value === 'string') {
    // Astral characters are two units of a JavaScript string.
    let count = value.length
    for (let index = 0; index < value.length; index++) {
      const unit = value.charCodeAt(index)
      if (unit >= 0xd800 && unit <= 0xdbff) count--
    }
    return count
  }
  if (Array.isArray(value)) return value.length
  if (value instanceof Uint8Array) return value.byteLength
  return Object.keys(value as object).length
}

/** Patterns are Java's; where the stricter Unicode mode refuses an escape that Java allows, the plain mode reads it. */
function wholeMatch(pattern: string): RegExp {
  const whole = `^(?:${pattern})$`
  try {
    return new RegExp(whole, 'u')
  } catch {
    return new RegExp(whole)
  }
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1)
}
