import { evaluate } from './evaluate.ts'
import { isTemplateObject } from './functions.ts'
import { textOf } from './intrinsics/intrinsic.ts'
import { functionCallsIn } from './references.ts'
import { presentResources } from './dependencies.ts'
import type { Scope } from './scope.ts'
import type { TemplateObject, TemplateValue } from './template.ts'
import { TemplateError } from './template.ts'
import { Unknown } from './unknown.ts'

export interface StackOutput {
  readonly name: string
  /** Unknown while resources are still to be made. */
  readonly value: string | Unknown
  readonly description: string | undefined
  /** Undefined when it is not exported. */
  readonly exportName: string | Unknown | undefined
}

/** The outputs whose conditions hold, in the template's order. Throws TemplateError for values that are no strings. */
export function evaluateOutputs(scope: Scope): readonly StackOutput[] {
  return presentOutputs(scope).map(([name, output]) => {
    const exported = output['Export']
    const description = output['Description']
    return {
      name,
      value: textIn(output['Value'] as TemplateValue, scope, 'Value'),
      description: typeof description === 'string' ? description : undefined,
      exportName: isTemplateObject(exported) ? textIn(exported['Name'] as TemplateValue, scope, 'Export') : undefined,
    }
  })
}

/**
 * Names of the exports that the template imports, where conditions hold: sorted, each once. Throws TemplateError for names that hang on resources or
 * on other imports.
 */
export function importsOf(scope: Scope): readonly string[] {
  const isTrue = (name: string) => scope.conditions.isTrue(name)
  const parts = [...presentResources(scope).values(), ...presentOutputs(scope).map(([, output]) => output)]
  const names = (parts as unknown as TemplateValue[]).flatMap((part) =>
    [...functionCallsIn(part, isTrue)]
      .filter(({ name }) => name === 'Fn::ImportValue')
      .map(({ argument }) => importedName(argument, scope)),
  )
  return [...new Set(names)].sort()
}

function importedName(argument: TemplateValue, scope: Scope): string {
  const name = textOf(evaluate(argument, scope))
  if (typeof name === 'string') return name
  throw new TemplateError(
    name instanceof Unknown
      ? 'Template error: the attribute in Fn::ImportValue must not depend on any resources, imported values, or Fn::GetAZs'
      : 'Template error: the attribute in Fn::ImportValue must be a string or a function that returns a string',
  )
}

function presentOutputs(scope: Scope): readonly (readonly [string, TemplateObject])[] {
  return Object.entries(scope.template.Outputs ?? {}).filter(([, { Condition }]) => {
    return typeof Condition !== 'string' || scope.conditions.isTrue(Condition)
  })
}

function textIn(value: TemplateValue, scope: Scope, field: 'Value' | 'Export'): string | Unknown {
  const text = textOf(evaluate(value, scope))
  if (text === undefined)
    throw new TemplateError(
      `Template format error: The ${field} field of every Outputs member must evaluate to a String.`,
    )
  return text
}
