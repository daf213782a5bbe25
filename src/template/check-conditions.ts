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

/** Throws TemplateError for conditions that use resources, functions that cannot stand there, other conditions that do not exist, or themselves. */
export function checkConditions(template: Template): void {
  const conditions = template.Conditions ?? {}
  for (const [name, expression] of Object.entries(conditions)) {
    located(['Conditions', name], () => {
      checkExpression(template, expression)
      checkLoop(conditions, name)
    })
  }
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

/** Follows names depth first; a template may be large, so each condition is visited once per start. */
function checkLoop(conditions: Readonly<Record<string, TemplateValue>>, start: string): void {
  const seen = new Set<string>()
  const visit = (name: string) => {
    if (!Object.hasOwn(conditions, name))
      throw new TemplateError(
        `Template format error: Unresolved condition dependency ${name} in the Conditions block of the template`,
      )
    for (const next of namesIn(conditions[name] as TemplateValue)) {
      if (next === start)
        throw new TemplateError(`Template error: Found circular condition dependency: [${[start, ...seen].join(', ')}]`)
      if (seen.has(next)) continue
      seen.add(next)
      visit(next)
    }
  }
  visit(start)
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
