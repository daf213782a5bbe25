import type { PropertyDifference } from '@aws-sdk/client-cloudformation'
import { isTemplateObject } from '../../../template/functions.ts'
import type { TemplateObject, TemplateValue } from '../../../template/template.ts'

/**
 * Where a resource differs from what it was made of, as far as the template names its properties. What a dynamic reference stands for is
 * not compared. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html
 */
export function differencesOf(expected: TemplateObject, actual: TemplateObject): PropertyDifference[] {
  return Object.entries(expected).flatMap(([name, value]) => compare(`/${name}`, value, actual[name]))
}

/** The properties as they are, with the references of the template where it has some: what they stand for is not shown. */
export function withReferences(actual: TemplateObject, expected: TemplateObject): TemplateObject {
  return Object.fromEntries(Object.entries(actual).map(([name, value]) => [name, unresolved(value, expected[name])]))
}

function unresolved(actual: TemplateValue, expected: TemplateValue | undefined): TemplateValue {
  if (typeof expected === 'string' && expected.includes('{{resolve:')) return expected
  if (Array.isArray(actual) && Array.isArray(expected)) {
    const known = expected as readonly TemplateValue[]
    return (actual as readonly TemplateValue[]).map((item, index) => unresolved(item, known[index]))
  }
  return isTemplateObject(actual) && isTemplateObject(expected) ? withReferences(actual, expected) : actual
}

function compare(
  path: string,
  expected: TemplateValue | undefined,
  actual: TemplateValue | undefined,
): PropertyDifference[] {
  if (typeof expected === 'string' && expected.includes('{{resolve:')) return []
  if (expected === undefined) return [difference(path, 'ADD', undefined, actual)]
  if (actual === undefined) return [difference(path, 'REMOVE', expected, undefined)]
  if (Array.isArray(expected) && Array.isArray(actual)) return compareLists(path, expected, actual)
  if (isTemplateObject(expected) && isTemplateObject(actual)) {
    return Object.entries(expected).flatMap(([name, value]) => compare(`${path}/${name}`, value, actual[name]))
  }
  // Templates write numbers and booleans as text and as themselves.
  const isSame = typeof expected !== 'object' && typeof actual !== 'object' && String(expected) === String(actual)
  return isSame ? [] : [difference(path, 'NOT_EQUAL', expected, actual)]
}

/** Many lists are sets to their services, and come back in another order: what is equal somewhere is no difference. */
function compareLists(
  path: string,
  expected: readonly TemplateValue[],
  actual: readonly TemplateValue[],
): PropertyDifference[] {
  const rest = [...actual]
  const missing: { readonly index: number; readonly value: TemplateValue }[] = []
  expected.forEach((value, index) => {
    const at = rest.findIndex((other) => compare('', value, other).length === 0)
    if (at === -1) missing.push({ index, value })
    else rest.splice(at, 1)
  })
  return [
    ...missing.flatMap(({ index, value }) => compare(`${path}/${index}`, value, rest.shift())),
    ...rest.map((value, index) => difference(`${path}/${expected.length + index}`, 'ADD', undefined, value)),
  ]
}

function difference(
  path: string,
  kind: 'ADD' | 'REMOVE' | 'NOT_EQUAL',
  expected: TemplateValue | undefined,
  actual: TemplateValue | undefined,
): PropertyDifference {
  return { PropertyPath: path, DifferenceType: kind, ExpectedValue: text(expected), ActualValue: text(actual) }
}

const text = (value: TemplateValue | undefined): string =>
  value === undefined ? 'null' : typeof value === 'string' ? value : JSON.stringify(value)
