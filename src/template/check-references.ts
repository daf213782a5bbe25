import { unsupportedFunction } from './evaluate.ts'
import { isTemplateList, isTemplateObject } from './functions.ts'
import { INTRINSICS } from './intrinsics/intrinsics.ts'
import { located } from './located.ts'
import type { TemplatePath } from './read.ts'
import type { FoundCall } from './references.ts'
import { functionCallsIn, referencesIn } from './references.ts'
import type { Template, TemplateValue } from './template.ts'
import { TemplateError } from './template.ts'
import type { Unresolved } from './unresolved.ts'
import { unresolvedDependencies } from './unresolved.ts'

type Block = 'Resources' | 'Outputs'
const BLOCKS: readonly Block[] = ['Resources', 'Outputs']

/** Throws TemplateError for functions that do not exist, or not in resources and outputs. */
export function checkFunctions(template: Template): void {
  for (const block of BLOCKS) {
    for (const call of callsIn(template, block)) located(call.path, () => checkFunction(call))
  }
}

/** Throws TemplateError for names of parameters, resources and conditions that the template does not have. */
export function checkReferences(template: Template): void {
  for (const block of BLOCKS) {
    checkNames(template, block)
    checkConditionNames(template, block)
  }
}

function checkFunction({ name, argument }: FoundCall): void {
  if (!INTRINSICS.has(name)) throw new TemplateError(unsupportedFunction(name))
  if (name === 'Ref' && typeof argument !== 'string')
    throw new TemplateError('Template format error: All References must be of type string')
}

function checkNames(template: Template, block: Block): void {
  const isResource = (name: string) => Object.hasOwn(template.Resources, name)
  const unresolved: Unresolved[] = []
  for (const [path, value] of members(template, block)) {
    for (const reference of located(path, () => referencesIn(value, undefined, path))) {
      const { name, attribute, via } = reference
      if (via === 'Fn::GetAtt' && !isResource(name))
        throw new TemplateError(
          `Template error: instance of Fn::GetAtt references undefined resource ${name}`,
          undefined,
          reference.path,
        )
      const isKnown = isResource(name) || (attribute === undefined && Object.hasOwn(template.Parameters ?? {}, name))
      if (!isKnown) unresolved.push([name, reference.path])
    }
  }
  if (unresolved.length > 0) throw unresolvedDependencies(unresolved, block)
}

function checkConditionNames(template: Template, block: Block): void {
  const exists = (name: TemplateValue | undefined) =>
    typeof name === 'string' && Object.hasOwn(template.Conditions ?? {}, name)
  for (const [path, member] of members(template, block)) {
    const name = isTemplateObject(member) ? member['Condition'] : undefined
    if (name !== undefined && !exists(name))
      throw new TemplateError(
        `Template format error: Unresolved condition dependency ${name} in the ${block} block of the template`,
        undefined,
        [...path, 'Condition'],
      )
  }
  for (const { name, argument, path } of callsIn(template, block)) {
    if (name === 'Fn::If') located(path, () => checkIf(argument, exists))
  }
}

function checkIf(argument: TemplateValue, exists: (name: TemplateValue | undefined) => boolean): void {
  if (!isTemplateList(argument) || argument.length !== 3)
    throw new TemplateError('Template error: Fn::If requires a list argument with three elements')
  const condition = isTemplateObject(argument[0]) ? argument[0]['Condition'] : argument[0]
  if (!exists(condition))
    throw new TemplateError(`Template error: unresolved condition dependency ${condition} in Fn::If`)
}

function callsIn(template: Template, block: Block): readonly FoundCall[] {
  return members(template, block).flatMap(([path, value]) => [...functionCallsIn(value, undefined, path)])
}

/** What is evaluated in a block: metadata of resources is, too. */
function members(template: Template, block: Block): readonly (readonly [TemplatePath, TemplateValue])[] {
  return Object.entries(template[block] ?? {}).map(([name, value]) => [[block, name], value as TemplateValue] as const)
}
