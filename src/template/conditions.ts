import type { Scope } from './scope.ts'

export interface Conditions {
  /** Throws TemplateError for names that the template does not define, and for conditions that depend on themselves. */
  isTrue(name: string): boolean
}

export function createConditions(scope: () => Scope): Conditions {
  return {
    isTrue: (name) => {
      throw new Error(`not evaluated yet: ${name} ${typeof scope}`)
    },
  }
}
