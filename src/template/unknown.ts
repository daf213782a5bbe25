import type { TemplateObject, TemplateValue } from './template.ts'

/** What change sets print where a value exists only once the stack is deployed. */
export const KNOWN_AFTER_APPLY = '{{changeSet:KNOWN_AFTER_APPLY}}'

/** A value that nobody can know yet, such as the ARN of a resource that is still to be made. Whatever is computed from it is unknown too. */
export class Unknown {
  /** What it hangs on: logical ids, `Id.Attribute`s, export names. */
  readonly causes: readonly string[]

  constructor(causes: readonly string[]) {
    this.causes = causes
  }
}

/** A template value in which intrinsic functions are computed, as far as their inputs are known. */
export type Evaluated = string | number | boolean | null | Unknown | readonly Evaluated[] | EvaluatedObject

export interface EvaluatedObject {
  readonly [name: string]: Evaluated
}

/** Unknown for the causes of all the given parts. */
export function unknownBecauseOf(parts: readonly Evaluated[]): Unknown {
  return new Unknown([...new Set(parts.flatMap(causesIn))])
}

/** Whether any part of a value is unknown. */
export function hasUnknown(value: Evaluated | undefined): boolean {
  if (value instanceof Unknown) return true
  if (Array.isArray(value)) return value.some(hasUnknown)
  return isEvaluatedObject(value) && Object.values(value).some(hasUnknown)
}

/** The value with {@link KNOWN_AFTER_APPLY} wherever something is unknown: what change sets show. */
export function markUnknown(value: Evaluated): TemplateValue {
  if (value instanceof Unknown) return KNOWN_AFTER_APPLY
  if (isEvaluatedList(value)) return value.map(markUnknown)
  if (isEvaluatedObject(value)) return markUnknownMembers(value)
  return value
}

/** {@link markUnknown} for the properties of a resource. */
export function markUnknownMembers(value: EvaluatedObject): TemplateObject {
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, markUnknown(member)]))
}

export function isEvaluatedList(value: Evaluated | undefined): value is readonly Evaluated[] {
  return Array.isArray(value)
}

export function isEvaluatedObject(value: Evaluated | undefined): value is EvaluatedObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Unknown)
}

function causesIn(value: Evaluated): readonly string[] {
  if (value instanceof Unknown) return value.causes
  if (isEvaluatedList(value)) return value.flatMap(causesIn)
  return isEvaluatedObject(value) ? Object.values(value).flatMap(causesIn) : []
}
