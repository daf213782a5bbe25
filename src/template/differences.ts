import type { TemplatePath } from './read.ts'
import type { Evaluated } from './unknown.ts'
import { isEvaluatedList, isEvaluatedObject, Unknown } from './unknown.ts'

/** One place where two values differ; undefined where there is nothing. */
export interface Difference {
  readonly path: TemplatePath
  readonly before: Evaluated | undefined
  readonly after: Evaluated | undefined
}

/**
 * The deepest places at which two values differ; what is unknown may be the same, and counts as different. Numbers and truths equal their text,
 * because CloudFormation takes either for the other. Lists are compared item by item.
 */
export function differencesBetween(
  before: Evaluated | undefined,
  after: Evaluated | undefined,
  path: TemplatePath = [],
): readonly Difference[] {
  if (isEvaluatedObject(before) && isEvaluatedObject(after)) {
    const names = new Set([...Object.keys(before), ...Object.keys(after)])
    return [...names].flatMap((name) => differencesBetween(own(before, name), own(after, name), [...path, name]))
  }
  if (isEvaluatedList(before) && isEvaluatedList(after)) {
    const indexes = Array.from({ length: Math.max(before.length, after.length) }, (_, index) => index)
    return indexes.flatMap((index) => differencesBetween(before[index], after[index], [...path, index]))
  }
  return isSame(before, after) ? [] : [{ path, before, after }]
}

function isSame(before: Evaluated | undefined, after: Evaluated | undefined): boolean {
  if (before instanceof Unknown || after instanceof Unknown) return false
  if (before === after) return true
  return isScalar(before) && isScalar(after) && String(before) === String(after)
}

function isScalar(value: Evaluated | undefined): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

function own(value: { readonly [name: string]: Evaluated }, name: string): Evaluated | undefined {
  return Object.hasOwn(value, name) ? value[name] : undefined
}
