import { compileArnPattern } from './arn-pattern.ts'
import { type CompiledCondition, compileCondition } from './condition.ts'
import type { PolicyDocument, Statement } from './document.ts'
import { compilePattern, type Matcher, tokensOf } from './pattern.ts'
import { compilePrincipals, type PrincipalMatcher } from './principals.ts'
import type { ContextLookup } from './request.ts'

/** A statement with its patterns compiled. */
export interface CompiledStatement {
  readonly name: string
  readonly effect: 'Allow' | 'Deny'
  /** Undefined in identity policies: they speak of whom they are attached to. */
  readonly principals: PrincipalMatcher | undefined
  /** Action (lower case), resource and conditions. */
  matches(action: string, resource: string, context: ContextLookup): boolean
}

const compiledDocuments = new WeakMap<PolicyDocument, readonly CompiledStatement[]>()

/** Compiles a document the first time it is used; a document object never changes. */
export function compiledStatements(document: PolicyDocument): readonly CompiledStatement[] {
  let compiled = compiledDocuments.get(document)
  if (compiled === undefined) {
    const hasVariables = document.version === '2012-10-17'
    compiled = document.statements.map((statement) => compileStatement(statement, hasVariables))
    compiledDocuments.set(document, compiled)
  }
  return compiled
}

function compileStatement(statement: Statement, hasVariables: boolean): CompiledStatement {
  const { actions, resources, effect } = statement
  const actionMatchers = actions.patterns.map((pattern) =>
    compilePattern(pattern.toLowerCase(), { hasVariables: false, hasWildcards: true }),
  )
  const resourceMatchers = resources?.patterns.map((pattern) =>
    compileArnPattern(pattern, { hasVariables, hasWildcards: true }),
  )
  const notResource = resources?.not === true
  const conditions: readonly CompiledCondition[] = statement.conditions.map((condition) =>
    compileCondition(condition, hasVariables),
  )
  // Whom NotResource spares depends on a variable that the request may lack. An Allow must not grow by that, a Deny must not shrink.
  const unresolvable =
    notResource && effect === 'Allow' && hasVariables ? variablesIn(resources?.patterns ?? []) : undefined
  return {
    name: statement.name,
    effect,
    principals: statement.principals === undefined ? undefined : compilePrincipals(statement.principals),
    matches(action, resource, context) {
      if (some(actionMatchers, action, context) === actions.not) return false
      if (resourceMatchers !== undefined && some(resourceMatchers, resource, context) === notResource) return false
      if (unresolvable?.some((key) => typeof context(key) !== 'string') === true) return false
      for (const holds of conditions) if (!holds(context)) return false
      return true
    },
  }
}

function some(matchers: readonly Matcher[], text: string, context: ContextLookup): boolean {
  for (const matches of matchers) if (matches(text, context)) return true
  return false
}

/** Keys of the variables without a default. */
function variablesIn(patterns: readonly string[]): string[] {
  return patterns
    .flatMap((pattern) => tokensOf(pattern, { hasVariables: true, hasWildcards: true }))
    .flatMap((token) => (token.kind === 'variable' && token.fallback === undefined ? [token.key] : []))
}
