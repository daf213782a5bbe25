import type { Scope } from '../scope.ts'
import type { TemplateValue } from '../template.ts'
import { TemplateError } from '../template.ts'
import type { Evaluated } from '../unknown.ts'
import { isEvaluatedList, Unknown } from '../unknown.ts'

/** What an intrinsic function may use while it computes its value. */
export interface Evaluation {
  readonly scope: Scope
  /** Undefined for `AWS::NoValue`. */
  evaluate(value: TemplateValue): Evaluated | undefined
}

/** Undefined is `AWS::NoValue`. Throws TemplateError for wrong use. */
export type Intrinsic = (argument: TemplateValue, evaluation: Evaluation) => Evaluated | undefined

/** Scalars as text, Unknown as it is, undefined for anything else. */
export function textOf(value: Evaluated | undefined): string | Unknown | undefined {
  if (value instanceof Unknown) return value
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}

/** The evaluated value as text or Unknown; otherwise a TemplateError with the message. */
export function requireText(value: Evaluated | undefined, message: string): string | Unknown {
  const text = textOf(value)
  if (text === undefined) throw new TemplateError(message)
  return text
}

export function requireList(value: Evaluated | undefined, message: string): readonly Evaluated[] | Unknown {
  if (value instanceof Unknown || isEvaluatedList(value)) return value
  throw new TemplateError(message)
}

/** The arguments of a function that takes a list of them, unevaluated. */
export function requireArguments(
  argument: TemplateValue,
  counts: readonly [min: number, max: number],
  message: string,
): readonly TemplateValue[] {
  if (Array.isArray(argument) && argument.length >= counts[0] && argument.length <= counts[1]) return argument
  throw new TemplateError(message)
}
