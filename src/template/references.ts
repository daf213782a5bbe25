import { functionCallOf, isTemplateList, isTemplateObject } from './functions.ts'
import { takenBranch } from './intrinsics/choices.ts'
import { isPseudoParameter } from './intrinsics/references.ts'
import type { TemplatePath } from './read.ts'
import { attributeOf } from './short-tags.ts'
import { parseSubText } from './sub-text.ts'
import type { TemplateValue } from './template.ts'

/** A use of the name of a parameter or resource. */
export interface Reference {
  readonly name: string
  readonly via: 'Ref' | 'Fn::GetAtt' | 'Fn::Sub'
  /** Of `Fn::GetAtt` and `${Id.Attribute}`; empty when it is computed. */
  readonly attribute: string | undefined
  readonly path: TemplatePath
}

export interface FoundCall {
  readonly name: string
  readonly argument: TemplateValue
  readonly path: TemplatePath
}

/** Follows `Fn::If` into the branch that is taken; undefined: into both. */
export type IsTrue = ((condition: string) => boolean) | undefined

/** Every use of an intrinsic function in a value, outer ones first. */
export function* functionCallsIn(value: TemplateValue, isTrue: IsTrue, path: TemplatePath = []): Generator<FoundCall> {
  const call = functionCallOf(value)
  if (call !== undefined) {
    yield { ...call, path }
    yield* callsInArgument(call.name, call.argument, isTrue, path)
  } else yield* callsInMembers(value, isTrue, path)
}

/** Every use of a parameter's or resource's name in a value, without pseudo parameters. */
export function referencesIn(value: TemplateValue, isTrue: IsTrue, path: TemplatePath = []): readonly Reference[] {
  return [...functionCallsIn(value, isTrue, path)].flatMap(referencesOf).filter(({ name }) => !isPseudoParameter(name))
}

function* callsInArgument(
  name: string,
  argument: TemplateValue,
  isTrue: IsTrue,
  path: TemplatePath,
): Generator<FoundCall> {
  if (name === 'Fn::If' && isTrue !== undefined) {
    const { index, branch } = takenBranch(argument, isTrue)
    yield* functionCallsIn(branch, isTrue, [...path, name, index])
  } else yield* functionCallsIn(argument, isTrue, [...path, name])
}

function* callsInMembers(value: TemplateValue, isTrue: IsTrue, path: TemplatePath): Generator<FoundCall> {
  if (isTemplateList(value)) {
    for (const [index, item] of value.entries()) yield* functionCallsIn(item, isTrue, [...path, index])
  } else if (isTemplateObject(value)) {
    for (const [name, member] of Object.entries(value)) yield* functionCallsIn(member, isTrue, [...path, name])
  }
}

function referencesOf({ name, argument, path }: FoundCall): readonly Reference[] {
  switch (name) {
    case 'Ref':
      return typeof argument === 'string' ? [{ name: argument, via: 'Ref', attribute: undefined, path }] : []
    case 'Fn::GetAtt': {
      const [to, attribute] =
        typeof argument === 'string' ? attributeOf(argument) : isTemplateList(argument) ? argument : []
      if (typeof to !== 'string') return []
      return [{ name: to, via: 'Fn::GetAtt', attribute: typeof attribute === 'string' ? attribute : '', path }]
    }
    case 'Fn::Sub':
      return subReferences(argument, path)
    default:
      return []
  }
}

/** Variables that the second argument does not define. What is in its values is found as calls of their own. */
function subReferences(argument: TemplateValue, path: TemplatePath): readonly Reference[] {
  const [text, variables] = isTemplateList(argument) ? argument : [argument]
  if (typeof text !== 'string') return []
  return parseSubText(text).flatMap((part) => {
    if (part.kind === 'text') return []
    if (isTemplateObject(variables) && Object.hasOwn(variables, part.written)) return []
    return [{ name: part.name, via: 'Fn::Sub' as const, attribute: part.attribute, path }]
  })
}
