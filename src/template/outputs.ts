import type { Scope } from './scope.ts'
import type { Evaluated } from './unknown.ts'

export interface StackOutput {
  readonly name: string
  /** A string, or Unknown while resources are still to be made. */
  readonly value: Evaluated
  readonly description: string | undefined
  /** Undefined when it is not exported. */
  readonly exportName: Evaluated | undefined
}

/** The outputs whose conditions hold, in the template's order. Throws TemplateError for values that are no strings. */
export function evaluateOutputs(scope: Scope): readonly StackOutput[] {
  throw new Error(`not evaluated yet: ${typeof scope}`)
}

/** Names of the exports that the template imports, where conditions hold: sorted, each once. Names must not hang on resources. */
export function importsOf(scope: Scope): readonly string[] {
  throw new Error(`not evaluated yet: ${typeof scope}`)
}
