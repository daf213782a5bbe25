import type { Scope } from './scope.ts'
import type { TemplateObject, TemplateValue } from './template.ts'
import type { Evaluated, EvaluatedObject } from './unknown.ts'

/**
 * The value with every intrinsic function computed; what hangs on things not known yet is `Unknown`. Undefined for `AWS::NoValue`, members and
 * items that are `AWS::NoValue` are left out. Throws TemplateError for wrong use, in CloudFormation's words.
 */
export function evaluate(value: TemplateValue, scope: Scope): Evaluated | undefined {
  throw new Error(`not evaluated yet: ${typeof value} ${typeof scope}`)
}

/** {@link evaluate} for the properties of a resource; none is `{}`. */
export function evaluateProperties(properties: TemplateObject | undefined, scope: Scope): EvaluatedObject {
  throw new Error(`not evaluated yet: ${typeof properties} ${typeof scope}`)
}

/** {@link evaluateProperties} when every resource referred to is known, as it is while a stack deploys in order. Throws TemplateError if one is not. */
export function evaluateKnownProperties(properties: TemplateObject | undefined, scope: Scope): TemplateObject {
  throw new Error(`not evaluated yet: ${typeof properties} ${typeof scope}`)
}
