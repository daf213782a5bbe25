import { compileArnPattern } from './arn-pattern.ts'
import type { Condition } from './document.ts'
import { isInIpRange } from './ip-range.ts'
import { findOperator, type Operator } from './operators.ts'
import { compilePattern, type Matcher } from './pattern.ts'
import type { ContextLookup } from './request.ts'
import { assert, assertNever } from '../std/assert.ts'

export type CompiledCondition = (context: ContextLookup) => boolean

/**
 * Compiles one operator-key pair. Its values are alternatives; a negated operator holds when none of them matches.
 * A key the request lacks: positive operators fail, negated ones hold, `…IfExists` holds, `ForAllValues` holds.
 */
export function compileCondition(condition: Condition, hasVariables: boolean): CompiledCondition {
  const operator = findOperator(condition.operator)
  assert(operator !== undefined, `the parser let the operator ${condition.operator} pass`)
  const { key, ifExists, set } = condition
  if (operator.family === 'null') return compileNull(condition)
  const holds = compileComparison(operator, condition.values, hasVariables)
  if (set === undefined) {
    return (context) => {
      const value = context(key)
      if (value === undefined) return ifExists || operator.isNegated
      return typeof value === 'string' && holds(value, context)
    }
  }
  const isForAll = set === 'ForAllValues'
  return (context) => {
    const value = context(key)
    const values = typeof value === 'string' ? [value] : (value ?? [])
    if (values.length === 0) return isForAll || ifExists
    return isForAll ? values.every((one) => holds(one, context)) : values.some((one) => holds(one, context))
  }
}

function compileNull(condition: Condition): CompiledCondition {
  const wantsAbsent = condition.values.some((value) => value.toLowerCase() === 'true')
  const wantsPresent = condition.values.some((value) => value.toLowerCase() === 'false')
  return (context) => {
    const value = context(condition.key)
    const isAbsent = value === undefined || (typeof value !== 'string' && value.length === 0)
    return isAbsent ? wantsAbsent : wantsPresent
  }
}

/** Whether one request value satisfies the operator, negation included. */
function compileComparison(operator: Operator, values: readonly string[], hasVariables: boolean): Matcher {
  const { family, isNegated } = operator
  switch (family) {
    case 'string':
      return anyOf(
        values.map((value) => compilePattern(value, { hasVariables, hasWildcards: false })),
        isNegated,
      )
    case 'stringIgnoreCase':
      return anyOf(
        values.map((value) => ignoreCase(value, hasVariables)),
        isNegated,
      )
    case 'like':
      return anyOf(
        values.map((value) => compilePattern(value, { hasVariables, hasWildcards: true })),
        isNegated,
      )
    case 'arn':
      return anyOf(
        values.map((value) => arn(value, hasVariables)),
        isNegated,
      )
    case 'numeric':
      return ordered(operator, values.map(parseNumber), parseNumber)
    case 'date':
      return ordered(operator, values.map(parseDate), parseDate)
    case 'bool':
      return anyOf(
        values.map((value) => (text: string) => text.toLowerCase() === value.toLowerCase()),
        isNegated,
      )
    case 'binary':
      return anyOf(values.map(binary), isNegated)
    case 'ip':
      return anyOf(
        values.map((value) => (text: string) => isInIpRange(text, value) === true),
        isNegated,
      )
    case 'null':
      throw new Error('Null compares nothing')
    default:
      return assertNever(family)
  }
}

function anyOf(matchers: readonly Matcher[], isNegated: boolean): Matcher {
  const only = matchers.length === 1 ? matchers[0] : undefined
  if (only !== undefined) return isNegated ? (text, context) => !only(text, context) : only
  return (text, context) => matchers.some((matches) => matches(text, context)) !== isNegated
}

function ignoreCase(value: string, hasVariables: boolean): Matcher {
  // Variable names are kept in lower case anyway, so the whole pattern may be lowered; their values are lowered as they come.
  const matches = compilePattern(value.toLowerCase(), { hasVariables, hasWildcards: false })
  return (text, context) =>
    matches(text.toLowerCase(), (key) => {
      const found = context(key)
      return typeof found === 'string' ? found.toLowerCase() : found
    })
}

function arn(value: string, hasVariables: boolean): Matcher {
  const matches = compileArnPattern(value, { hasVariables, hasWildcards: true })
  return (text, context) => text.startsWith('arn:') && matches(text, context)
}

function binary(value: string): Matcher {
  const bytes = Buffer.from(value, 'base64')
  return (text) => Buffer.from(text, 'base64').equals(bytes)
}

/** Numbers and dates: what cannot be read as one satisfies no operator, not even a negated one. */
function ordered(operator: Operator, values: readonly number[], parse: (text: string) => number): Matcher {
  const { order, isNegated } = operator
  assert(order !== undefined, 'numeric and date operators carry their comparison')
  return (text) => {
    const request = parse(text)
    if (Number.isNaN(request)) return false
    return values.some((value) => !Number.isNaN(value) && order(request, value)) !== isNegated
  }
}

function parseNumber(text: string): number {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : Number.NaN
}

/** ISO 8601, or seconds since 1970; in ms. */
function parseDate(text: string): number {
  const seconds = parseNumber(text)
  // A bare four-digit year is ISO 8601 (W3C profile), longer digit runs are epoch seconds.
  if (!Number.isNaN(seconds) && !/^\d{4}$/.test(text)) return seconds * 1000
  return /^\d{4}(-\d{2}(-\d{2}(T[\d:.]+(Z|[+-]\d{2}:?\d{2})?)?)?)?$/i.test(text) ? Date.parse(text) : Number.NaN
}
