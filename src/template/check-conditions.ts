import { unsupportedFunction } from './evaluate.ts'
import { functionCallOf, isTemplateList, isTemplateObject } from './functions.ts'
import { located } from './located.ts'
import { functionCallsIn, referencesIn } from './references.ts'
import type { Template, TemplateValue } from './template.ts'
import { TemplateError } from './template.ts'

const IN_CONDITIONS: ReadonlySet<string> = new Set([
  'Fn::And',
  'Fn::Equals',
  'Fn::FindInMap',
  'Fn::If',
  'Fn::Join',
  'Fn::Not',
  'Fn::Or',
  'Fn::Select',
  'Fn::Split',
  'Fn::Sub',
  'Ref',
])

/** Conditions of conditions of conditions: more than anyone writes, and no danger to the stack. */
export const CONDITION_DEPTH_MAX = 200

/** Throws TemplateError for conditions that use resources, functions that cannot stand there, other conditions that do not exist, or themselves. */
export function checkConditions(template: Template): void {
  const conditions = template.Conditions ?? {}
  for (const [name, expression] of Object.entries(conditions)) {
    located(['Conditions', name], () => checkExpression(template, expression))
  }
  checkLoops(conditions)
}

function checkExpression(template: Template, expression: TemplateValue): void {
  if (functionCallOf(expression) === undefined && !isConditionName(expression) && typeof expression !== 'boolean')
    throw new TemplateError(
      'Template format error: Conditions can only be boolean operations on parameters and other conditions',
    )
  for (const call of functionCallsIn(expression, undefined)) {
    if (call.name === 'Fn::GetAtt' || call.name === 'Fn::ImportValue')
      throw new TemplateError(`Template error: Cannot use ${call.name} in Conditions.`)
    if (!IN_CONDITIONS.has(call.name)) throw new TemplateError(unsupportedFunction(call.name))
  }
  const unresolved = referencesIn(expression, undefined)
    .map(({ name }) => name)
    .filter((name) => !Object.hasOwn(template.Parameters ?? {}, name))
  if (unresolved.length > 0)
    throw new TemplateError(
      `Template format error: Unresolved dependencies [${[...new Set(unresolved)].join(', ')}]. Cannot reference resources in the Conditions block of the template`,
    )
}

/** Follows names depth first, each condition once; what is on the way from the start is in `pending`. */
function checkLoops(conditions: Readonly<Record<string, TemplateValue>>): void {
  const done = new Set<string>()
  const pending = new Set<string>()
  const visit = (name: string) => {
    if (done.has(name)) return
    if (pending.has(name))
      throw new TemplateError(`Template error: Found circular condition dependency: [${[...pending].join(', ')}]`)
    if (pending.size === CONDITION_DEPTH_MAX)
      throw new TemplateError(
        `Template error: conditions depend on each other over more than ${CONDITION_DEPTH_MAX} steps`,
      )
    pending.add(name)
    for (const next of namesIn(conditions[name] as TemplateValue)) {
      if (!Object.hasOwn(conditions, next))
        throw new TemplateError(
          `Template format error: Unresolved condition dependency ${next} in the Conditions block of the template`,
        )
      visit(next)
    }
    pending.delete(name)
    done.add(name)
  }
  for (const name of Object.keys(conditions)) located(['Conditions', name], () => visit(name))
}

function isConditionName(value: TemplateValue): boolean {
  return isTemplateObject(value) && typeof value['Condition'] === 'string' && Object.keys(value).length === 1
}

function namesIn(value: TemplateValue): readonly string[] {
  if (isTemplateList(value)) return value.flatMap(namesIn)
  if (!isTemplateObject(value)) return []
  if (isConditionName(value)) return [value['Condition'] as string]
  return Object.values(value).flatMap(namesIn)
}
