import { evaluate } from './evaluate.ts'
import { functionCallOf, isTemplateObject } from './functions.ts'
import { requireArguments, textOf } from './intrinsics/intrinsic.ts'
import type { Scope } from './scope.ts'
import type { TemplateValue } from './template.ts'
import { TemplateError } from './template.ts'
import type { Evaluated } from './unknown.ts'
import { hasUnknown, isEvaluatedList, Unknown, unknownBecauseOf } from './unknown.ts'

const EQUALS = 'Template error: every Fn::Equals object requires a list of 2 string parameters.'
const NOT = 'Template error: every Fn::Not object requires one boolean parameter.'
const manyOf = (name: string) =>
  `Template error: every ${name} object requires a list of at least 2 and at most 10 boolean parameters.`

export interface Conditions {
  /** Throws TemplateError for names that the template does not define, and for conditions that depend on themselves. */
  isTrue(name: string): boolean
}

export function createConditions(scope: () => Scope): Conditions {
  const known = new Map<string, boolean>()
  const pending: string[] = []
  const isTrue = (name: string): boolean => {
    const found = known.get(name)
    if (found !== undefined) return found
    if (pending.includes(name))
      throw new TemplateError(`Template error: Found circular condition dependency: [${pending.join(', ')}]`)
    const expressions = scope().template.Conditions ?? {}
    if (!Object.hasOwn(expressions, name))
      throw new TemplateError(`Template format error: Unresolved condition dependency [${name}]`)
    pending.push(name)
    try {
      const result = evaluateCondition(expressions[name] as TemplateValue, scope(), isTrue)
      known.set(name, result)
      return result
    } finally {
      pending.pop()
    }
  }
  return { isTrue }
}

/** Functions that yield a truth and may stand in rules only, by name. */
export type MoreTruths = (name: string, argument: TemplateValue) => boolean | undefined

/** Whether a boolean expression (`Fn::And`, `Fn::Equals`, `{Condition: X}` …) holds. Throws TemplateError for anything else. */
export function evaluateCondition(
  expression: TemplateValue,
  scope: Scope,
  isTrue: (name: string) => boolean,
  moreTruths: MoreTruths = () => undefined,
): boolean {
  const holds = (part: TemplateValue) => evaluateCondition(part, scope, isTrue, moreTruths)
  const condition = isTemplateObject(expression) ? expression['Condition'] : undefined
  if (typeof condition === 'string') return isTrue(condition)
  // The transform of SAM writes `{Condition: {Condition: X}}`, and CloudFormation takes it.
  if (isTemplateObject(condition)) return holds(condition)
  const call = functionCallOf(expression)
  switch (call?.name) {
    case 'Fn::Equals': {
      const [left = null, right = null] = requireArguments(call.argument, [2, 2], EQUALS)
      return comparable(left, scope) === comparable(right, scope)
    }
    case 'Fn::Not':
      return !holds(requireArguments(call.argument, [1, 1], NOT)[0] ?? null)
    case 'Fn::And':
      return requireArguments(call.argument, [2, 10], manyOf('Fn::And')).map(holds).every(Boolean)
    case 'Fn::Or':
      return requireArguments(call.argument, [2, 10], manyOf('Fn::Or')).map(holds).some(Boolean)
    default: {
      const more = call === undefined ? undefined : moreTruths(call.name, call.argument)
      return more ?? requireBoolean(expression, scope)
    }
  }
}

/** A literal, or what a mapping or parameter says. */
function requireBoolean(expression: TemplateValue, scope: Scope): boolean {
  const value = evaluate(expression, scope)
  if (value === true || value === 'true') return true
  if (value === false || value === 'false') return false
  throw new TemplateError(
    `Template error: a condition must be true or false, but this is ${JSON.stringify(expression)}`,
  )
}

/** Text that is equal where the values are: `1` and `"1"` are, as parameters are always text. */
function comparable(value: TemplateValue, scope: Scope): string {
  const result = evaluate(value, scope)
  if (hasUnknown(result)) {
    const causes = unknownBecauseOf([result as Evaluated]).causes.join(', ')
    throw new TemplateError(
      `Template format error: Unresolved dependencies [${causes}]. Cannot reference resources in the Conditions block of the template`,
    )
  }
  if (isEvaluatedList(result)) return JSON.stringify(result.map((item) => textOf(item) ?? item))
  const text = textOf(result)
  if (text === undefined || text instanceof Unknown) throw new TemplateError(EQUALS)
  return text
}
