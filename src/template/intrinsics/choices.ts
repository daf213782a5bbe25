import { isTemplateObject } from '../functions.ts'
import type { TemplateValue } from '../template.ts'
import { TemplateError } from '../template.ts'
import { Unknown } from '../unknown.ts'
import type { Evaluation, Intrinsic } from './intrinsic.ts'
import { requireArguments, requireText } from './intrinsic.ts'

const IF = 'Template error: Fn::If requires a list argument with three elements'
const FIND_IN_MAP =
  'Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the attribute for return value'

/** The branch of an `Fn::If` that the conditions choose: its index in the argument and the branch. */
export function takenBranch(
  argument: TemplateValue,
  isTrue: (condition: string) => boolean,
): { readonly index: 1 | 2; readonly branch: TemplateValue } {
  const branches = requireArguments(argument, [3, 3], IF)
  const condition = branches[0]
  const name = typeof condition === 'string' ? condition : nameOfCondition(condition)
  const index = isTrue(name) ? 1 : 2
  return { index, branch: branches[index] as TemplateValue }
}

export const ifElse: Intrinsic = (argument, { scope, evaluate }) =>
  evaluate(takenBranch(argument, (name) => scope.conditions.isTrue(name)).branch)

/** With `{DefaultValue: …}` as fourth argument, as the language extensions have it. */
export const findInMap: Intrinsic = (argument, evaluation) => {
  const [map, first, second, options] = requireArguments(argument, [3, 4], FIND_IN_MAP)
  const keys = [map, first, second].map((key) => requireText(evaluation.evaluate(key ?? null), FIND_IN_MAP))
  const unknown = keys.find((key) => key instanceof Unknown)
  if (unknown !== undefined) return unknown
  const [mapName = '', topKey = '', secondKey = ''] = keys as string[]
  const hasDefault = isTemplateObject(options) && Object.hasOwn(options, 'DefaultValue')
  if (options !== undefined && !hasDefault) throw new TemplateError(FIND_IN_MAP)
  const found = lookUp(mapName, topKey, secondKey, evaluation)
  if (found !== undefined) return evaluation.evaluate(found)
  if (hasDefault) return evaluation.evaluate(options['DefaultValue'] as TemplateValue)
  throw new TemplateError(notFound(mapName, topKey, secondKey, evaluation))
}

function lookUp(map: string, first: string, second: string, { scope }: Evaluation): TemplateValue | undefined {
  const top = ownMember(scope.template.Mappings as TemplateValue | undefined, map)
  return ownMember(ownMember(top, first), second)
}

function ownMember(value: TemplateValue | undefined, name: string): TemplateValue | undefined {
  return isTemplateObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
}

function notFound(map: string, first: string, second: string, { scope }: Evaluation): string {
  return scope.template.Mappings !== undefined && Object.hasOwn(scope.template.Mappings, map)
    ? `Template error: Unable to get mapping for ${map}::${first}::${second}`
    : `Template error: Mapping named '${map}' is not present in the 'Mappings' section of template.`
}

function nameOfCondition(value: TemplateValue | undefined): string {
  const name = isTemplateObject(value) ? value['Condition'] : undefined
  if (typeof name !== 'string') throw new TemplateError(IF)
  return name
}
