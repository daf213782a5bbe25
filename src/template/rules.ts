import type { Scope } from './scope.ts'

/** Throws TemplateError with the descriptions of all assertions that the parameters fail. Call it after the parameters are resolved. */
export function evaluateRules(scope: Scope): void {
  throw new Error(`not evaluated yet: ${typeof scope}`)
}
