import { checkParameterValue } from './parameter-constraints.ts'
import { declarationOf, isListType, ssmValueTypeOf } from './parameter-declarations.ts'
import type { ParameterDeclaration } from './parameter-declarations.ts'
import type { Template } from './template.ts'
import { TemplateError } from './template.ts'

/** What a caller gives for one parameter. */
export interface ParameterInput {
  readonly name: string
  readonly value?: string | undefined
  readonly usePreviousValue?: boolean | undefined
}

export interface ResolvedParameter {
  readonly name: string
  /** As declared: `String`, `List<Number>`, `AWS::SSM::Parameter::Value<String>` … */
  readonly type: string
  /** What `Ref` gives: lists for list types. */
  readonly value: string | readonly string[]
  /** As given, or the default: what `DescribeStacks` calls ParameterValue. For SSM types this is the parameter's name. */
  readonly text: string
  /** SSM `Value` types only: what the name stood for (`ResolvedValue`). */
  readonly resolvedText: string | undefined
  /** Show `****` for it. */
  readonly noEcho: boolean
}

export type ResolvedParameters = Readonly<Record<string, ResolvedParameter>>

export interface ParameterSources {
  /** Texts that the stack has now, by name; what `usePreviousValue` means. */
  readonly previous?: Readonly<Record<string, string>> | undefined
  /** SSM values, by SSM name: those of {@link ssmNamesOf}. A name that is missing here does not exist in SSM. */
  readonly ssmValues?: Readonly<Record<string, string>> | undefined
}

/**
 * The SSM parameters that have to be read before {@link resolveParameters} can be called. Throws TemplateError as that does for wrong names and
 * missing values.
 */
export function ssmNamesOf(
  template: Template,
  given: readonly ParameterInput[],
  previous?: Readonly<Record<string, string>>,
): readonly string[] {
  const names = textsOf(template, given, previous)
    .filter(([declaration]) => ssmValueTypeOf(declaration.type) !== undefined)
    .map(([, text]) => text)
  return [...new Set(names)].sort()
}

/**
 * Values for all parameters of a template: given, previous or default. Throws TemplateError: unknown names, missing values, values that break
 * a constraint.
 */
export function resolveParameters(
  template: Template,
  given: readonly ParameterInput[],
  sources: ParameterSources = {},
): ResolvedParameters {
  const resolved = textsOf(template, given, sources.previous).map(([declaration, text]) => {
    checkParameterValue(declaration, text)
    return [declaration.name, resolve(declaration, text, sources.ssmValues ?? {})] as const
  })
  return Object.fromEntries(resolved)
}

function textsOf(
  template: Template,
  given: readonly ParameterInput[],
  previous: Readonly<Record<string, string>> = {},
): readonly (readonly [ParameterDeclaration, string])[] {
  const declarations = Object.entries(template.Parameters ?? {}).map(([name, value]) => declarationOf(name, value))
  const inputs = inputsByName(given)
  const unknown = [...inputs.keys()].filter((name) => !declarations.some((declaration) => declaration.name === name))
  if (unknown.length > 0) throw new TemplateError(`Parameters: [${unknown.join(', ')}] do not exist in the template`)
  const texts = declarations.map((declaration) => [declaration, textFor(declaration, inputs, previous)] as const)
  const missing = texts.filter(([, text]) => text === undefined).map(([{ name }]) => name)
  if (missing.length > 0) throw new TemplateError(`Parameters: [${missing.join(', ')}] must have values`)
  return texts as readonly (readonly [ParameterDeclaration, string])[]
}

function inputsByName(given: readonly ParameterInput[]): ReadonlyMap<string, ParameterInput> {
  const inputs = new Map<string, ParameterInput>()
  for (const input of given) {
    if (inputs.has(input.name)) throw new TemplateError(`Duplicate parameter: ${input.name}`)
    if (input.usePreviousValue === true && input.value !== undefined)
      throw new TemplateError(
        `Invalid input for parameter key ${input.name}. Cannot specify usePreviousValue as true and non empty value for a parameter`,
      )
    inputs.set(input.name, input)
  }
  return inputs
}

function textFor(
  declaration: ParameterDeclaration,
  inputs: ReadonlyMap<string, ParameterInput>,
  previous: Readonly<Record<string, string>>,
): string | undefined {
  const input = inputs.get(declaration.name)
  if (input?.usePreviousValue === true) {
    if (!Object.hasOwn(previous, declaration.name))
      throw new TemplateError(
        `Invalid input for parameter key ${declaration.name}. Cannot specify usePreviousValue as true for a parameter key not in the previous template`,
      )
    return previous[declaration.name]
  }
  return input?.value ?? declaration.defaultText
}

function resolve(
  { name, type, noEcho }: ParameterDeclaration,
  text: string,
  ssmValues: Readonly<Record<string, string>>,
): ResolvedParameter {
  const ssmType = ssmValueTypeOf(type)
  if (ssmType === undefined) return { name, type, value: split(text, type), text, resolvedText: undefined, noEcho }
  const resolvedText = Object.hasOwn(ssmValues, text) ? ssmValues[text] : undefined
  if (resolvedText === undefined)
    throw new TemplateError(`Unable to fetch parameters [${text}] from parameter store for this account.`)
  return { name, type, value: split(resolvedText, ssmType), text, resolvedText, noEcho }
}

function split(text: string, type: string): string | readonly string[] {
  return isListType(type) ? text.split(',').map((item) => item.trim()) : text
}
