import { unsupportedFunction } from './evaluate.ts'
import { isTemplateList, isTemplateObject } from './functions.ts'
import { INTRINSICS } from './intrinsics/intrinsics.ts'
import { functionCallsIn, referencesIn } from './references.ts'
import type { Template, TemplateValue } from './template.ts'
import { TemplateError } from './template.ts'

type Block = 'Resources' | 'Outputs'

/** Throws TemplateError for functions that do not exist, or not in resources and outputs. */
export function checkFunctions(template: Template): void {
  for (const value of [...blockValues(template, 'Resources'), ...blockValues(template, 'Outputs')]) {
    for (const call of functionCallsIn(value, undefined)) {
      if (!INTRINSICS.has(call.name)) throw new TemplateError(unsupportedFunction(call.name))
      if (call.name === 'Ref' && typeof call.argument !== 'string')
        throw new TemplateError('Template format error: All References must be of type string')
    }
  }
}

/** Throws TemplateError for names of parameters, resources and conditions that the template does not have. */
export function checkReferences(template: Template): void {
  for (const block of ['Resources', 'Outputs'] as const) {
    checkNames(template, block)
    checkConditionNames(template, block)
  }
}

function checkNames(template: Template, block: Block): void {
  const references = blockValues(template, block).flatMap((value) => referencesIn(value, undefined))
  const isResource = (name: string) => Object.hasOwn(template.Resources, name)
  const unresolved = new Set<string>()
  for (const { name, attribute, via } of references) {
    if (via === 'Fn::GetAtt' && !isResource(name))
      throw new TemplateError(`Template error: instance of Fn::GetAtt references undefined resource ${name}`)
    const isKnown = isResource(name) || (attribute === undefined && Object.hasOwn(template.Parameters ?? {}, name))
    if (!isKnown) unresolved.add(name)
  }
  if (unresolved.size > 0)
    throw new TemplateError(
      `Template format error: Unresolved resource dependencies [${[...unresolved].join(', ')}] in the ${block} block of the template`,
    )
}

function checkConditionNames(template: Template, block: Block): void {
  const exists = (name: TemplateValue | undefined) =>
    typeof name === 'string' && Object.hasOwn(template.Conditions ?? {}, name)
  for (const member of Object.values(template[block] ?? {}) as TemplateValue[]) {
    const name = isTemplateObject(member) ? member['Condition'] : undefined
    if (name !== undefined && !exists(name))
      throw new TemplateError(
        `Template format error: Unresolved condition dependency ${name} in the ${block} block of the template`,
      )
  }
  for (const value of blockValues(template, block)) {
    for (const { name, argument } of functionCallsIn(value, undefined)) {
      if (name !== 'Fn::If') continue
      if (!isTemplateList(argument) || argument.length !== 3)
        throw new TemplateError('Template error: Fn::If requires a list argument with three elements')
      const condition = isTemplateObject(argument[0]) ? argument[0]['Condition'] : argument[0]
      if (!exists(condition))
        throw new TemplateError(`Template error: unresolved condition dependency ${condition} in Fn::If`)
    }
  }
}

/** What is evaluated in a block: metadata of resources is, too. */
function blockValues(template: Template, block: Block): readonly TemplateValue[] {
  return Object.values(template[block] ?? {}) as TemplateValue[]
}
