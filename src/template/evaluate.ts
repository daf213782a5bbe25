import { functionCallOf } from './functions.ts'
import { INTRINSICS } from './intrinsics/intrinsics.ts'
import type { Scope } from './scope.ts'
import type { TemplateObject, TemplateValue } from './template.ts'
import { TemplateError } from './template.ts'
import type { Evaluated, EvaluatedObject } from './unknown.ts'
import { hasUnknown, unknownBecauseOf } from './unknown.ts'

/**
 * The value with every intrinsic function computed; what hangs on things not known yet is `Unknown`. Undefined for `AWS::NoValue`; members and
 * items that are `AWS::NoValue` are left out. Throws TemplateError for wrong use, in CloudFormation's words.
 */
export function evaluate(value: TemplateValue, scope: Scope): Evaluated | undefined {
  const call = functionCallOf(value)
  if (call !== undefined) {
    const intrinsic = INTRINSICS.get(call.name)
    if (intrinsic === undefined) throw new TemplateError(unsupportedFunction(call.name))
    return intrinsic(call.argument, { scope, evaluate: (part) => evaluate(part, scope) })
  }
  if (Array.isArray(value)) {
    return value.map((item) => evaluate(item, scope)).filter((item) => item !== undefined)
  }
  if (typeof value === 'object' && value !== null) return evaluateMembers(value as TemplateObject, scope)
  return value as string | number | boolean | null
}

/** {@link evaluate} for the properties of a resource; none is `{}`. */
export function evaluateProperties(properties: TemplateObject | undefined, scope: Scope): EvaluatedObject {
  const value = evaluate(properties ?? {}, scope)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TemplateError('Template error: the properties of a resource must be an object')
  return value as EvaluatedObject
}

/** {@link evaluateProperties} when every resource referred to is known, as it is while a stack deploys in order. Throws TemplateError if one is not. */
export function evaluateKnownProperties(properties: TemplateObject | undefined, scope: Scope): TemplateObject {
  const value = evaluateProperties(properties, scope)
  if (!hasUnknown(value)) return value as TemplateObject
  const causes = unknownBecauseOf([value]).causes.join(', ')
  throw new TemplateError(`Template error: these values do not exist yet: [${causes}]`)
}

/** What CloudFormation says of a function that it does not have, or not in this place. */
export function unsupportedFunction(name: string): string {
  const supported = [...INTRINSICS.keys()].filter((known) => known !== 'Ref').sort()
  return `Template format error: Encountered unsupported function: ${name} Supported functions are: [${supported.join(', ')}]`
}

function evaluateMembers(value: TemplateObject, scope: Scope): EvaluatedObject {
  const members = Object.entries(value).flatMap(([name, member]) => {
    const result = evaluate(member, scope)
    return result === undefined ? [] : [[name, result] as const]
  })
  return Object.fromEntries(members)
}
