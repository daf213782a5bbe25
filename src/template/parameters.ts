import type { Template } from './template.ts'

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

/** The SSM parameters that have to be read before {@link resolveParameters} can be called. */
export function ssmNamesOf(
  template: Template,
  given: readonly ParameterInput[],
  previous?: Readonly<Record<string, string>>,
): readonly string[] {
  throw new Error(`not resolved yet: ${Object.keys({ template, given, previous }).length}`)
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
  throw new Error(`not resolved yet: ${Object.keys({ template, given, sources }).length}`)
}
