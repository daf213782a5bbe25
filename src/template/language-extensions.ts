import { evaluate } from './evaluate.ts'
import { unrollLoops } from './for-each.ts'
import { functionCallOf, isTemplateList, isTemplateObject } from './functions.ts'
import { takenBranch } from './intrinsics/choices.ts'
import { textOf } from './intrinsics/intrinsic.ts'
import type { ResolvedParameters } from './parameters.ts'
import type { PseudoParameters, Scope } from './scope.ts'
import { createScope } from './scope.ts'
import type { Template, TemplateObject, TemplateValue } from './template.ts'
import { TemplateError } from './template.ts'
import { hasUnknown, isEvaluatedList, Unknown } from './unknown.ts'

/** The name in `Transform` that asks for {@link expandLanguageExtensions}. */
export const LANGUAGE_EXTENSIONS = 'AWS::LanguageExtensions'

/**
 * The transform `AWS::LanguageExtensions`: loops (`Fn::ForEach`) are unrolled, `Fn::Length`, `Fn::ToJsonString` and `Fn::FindInMap` with a default
 * are computed, names in `Ref` and `Fn::GetAtt` and policies (`DeletionPolicy`, `UpdateReplacePolicy`) may be functions of parameters. The result
 * does not name the transform any more. Throws TemplateError.
 */
export function expandLanguageExtensions(
  template: Template,
  parameters: ResolvedParameters,
  pseudo: PseudoParameters,
): Template {
  const scopeOf = (of: Template) => createScope({ template: of, parameters, pseudo })
  const unrolled = unrollLoops(template, scopeOf(template))
  const scope = scopeOf(unrolled)
  const expanded = mapMembers(unrolled as unknown as TemplateObject, (member, name) =>
    name === 'Resources' || name === 'Outputs' || name === 'Conditions' ? compute(member, scope) : member,
  )
  const { Transform, ...rest } = expanded
  const transforms = (isTemplateList(Transform) ? Transform : [Transform ?? null]).filter(
    (name) => name !== LANGUAGE_EXTENSIONS && name !== null,
  )
  const result = {
    ...rest,
    Resources: mapMembers(rest['Resources'] as TemplateObject, (one) => withPolicies(one, scope)),
  }
  const named = transforms.length === 0 ? result : { ...result, Transform: transforms }
  return named as unknown as Template
}

/** Computes what only the extensions know, innermost first. */
function compute(value: TemplateValue, scope: Scope): TemplateValue {
  if (isTemplateList(value)) return value.map((item) => compute(item, scope))
  if (!isTemplateObject(value)) return value
  const call = functionCallOf(value)
  switch (call?.name) {
    case 'Fn::Length':
      return lengthOf(call.argument, scope)
    case 'Fn::ToJsonString':
      return toJsonString(compute(call.argument, scope), scope)
    case 'Fn::FindInMap':
      return findInMap(value, call.argument, scope)
    case 'Ref':
      return typeof call.argument === 'string' ? value : { Ref: nameOf(call.argument, scope) }
    case 'Fn::GetAtt':
      return { 'Fn::GetAtt': isTemplateList(call.argument) ? target(call.argument, scope) : call.argument }
    default:
      return mapMembers(value, (member) => compute(member, scope))
  }
}

function lengthOf(argument: TemplateValue, scope: Scope): number {
  const list = evaluate(argument, scope)
  if (!isEvaluatedList(list))
    throw new TemplateError(
      'Template error: every Fn::Length object requires a list, or a function of parameters that returns a list',
    )
  return list.length
}

function findInMap(written: TemplateValue, argument: TemplateValue, scope: Scope): TemplateValue {
  const [map, first, second, options] = isTemplateList(argument) ? argument : []
  // A default may be any value, also one that hangs on resources; it is kept as it is written.
  const fallback = isTemplateObject(options) ? options['DefaultValue'] : undefined
  if (fallback === undefined) return evaluateNow(written, scope)
  try {
    return evaluateNow({ 'Fn::FindInMap': [map ?? null, first ?? null, second ?? null] }, scope)
  } catch (error) {
    if (error instanceof TemplateError) return compute(fallback, scope)
    throw error
  }
}

function target(argument: readonly TemplateValue[], scope: Scope): readonly TemplateValue[] {
  return argument.map((part) => (typeof part === 'string' ? part : nameOf(part, scope)))
}

function nameOf(value: TemplateValue, scope: Scope): string {
  const name = textOf(evaluate(value, scope))
  if (typeof name === 'string') return name
  throw new TemplateError('Template error: names in Ref and Fn::GetAtt can only be functions of parameters')
}

function evaluateNow(value: TemplateValue, scope: Scope): TemplateValue {
  const result = evaluate(value, scope)
  if (result === undefined || hasUnknown(result))
    throw new TemplateError(`Template error: only parameters can be used in ${Object.keys(value as object).join(', ')}`)
  return result as TemplateValue
}

/** The text, or an Fn::Join of its pieces where parts are known only when the stack deploys; those parts are taken for strings. */
function toJsonString(value: TemplateValue, scope: Scope): TemplateValue {
  if (!isTemplateList(value) && !isTemplateObject(value))
    throw new TemplateError('Template error: every Fn::ToJsonString object requires an object or a list')
  const pieces = (jsonPieces(value, scope) ?? []).reduce<TemplateValue[]>((joined, piece) => {
    const last = joined.at(-1)
    if (typeof piece === 'string' && typeof last === 'string') joined[joined.length - 1] = last + piece
    else joined.push(piece)
    return joined
  }, [])
  return pieces.length === 1 && typeof pieces[0] === 'string' ? pieces[0] : { 'Fn::Join': ['', pieces] }
}

/** Undefined for `AWS::NoValue`. */
function jsonPieces(value: TemplateValue, scope: Scope): readonly TemplateValue[] | undefined {
  const call = functionCallOf(value)
  if (call?.name === 'Fn::If')
    return jsonPieces(takenBranch(call.argument, (name) => scope.conditions.isTrue(name)).branch, scope)
  if (call !== undefined) {
    const result = evaluate(value, scope)
    if (result === undefined) return undefined
    return result instanceof Unknown || hasUnknown(result) ? ['"', value, '"'] : [JSON.stringify(result)]
  }
  if (isTemplateList(value)) {
    const items = value.map((item) => jsonPieces(item, scope)).filter((item) => item !== undefined)
    return ['[', ...separate(items), ']']
  }
  if (!isTemplateObject(value)) return [JSON.stringify(value)]
  const members = Object.entries(value).flatMap(([name, member]) => {
    const pieces = jsonPieces(member, scope)
    return pieces === undefined ? [] : [[`${JSON.stringify(name)}:`, ...pieces]]
  })
  return ['{', ...separate(members), '}']
}

function separate(groups: readonly (readonly TemplateValue[])[]): readonly TemplateValue[] {
  return groups.flatMap((group, index) => (index === 0 ? group : [',', ...group]))
}

function withPolicies(resource: TemplateValue, scope: Scope): TemplateValue {
  if (!isTemplateObject(resource)) return resource
  return mapMembers(resource, (member, name) => {
    if (name !== 'DeletionPolicy' && name !== 'UpdateReplacePolicy') return member
    return evaluate(member, scope) as TemplateValue | undefined
  })
}

function mapMembers(
  value: TemplateObject,
  change: (member: TemplateValue, name: string) => TemplateValue | undefined,
): TemplateObject {
  const members = Object.entries(value).map(([name, member]) => [name, change(member, name)] as const)
  return Object.fromEntries(members.filter((pair): pair is readonly [string, TemplateValue] => pair[1] !== undefined))
}
