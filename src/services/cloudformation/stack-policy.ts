import type { Change } from '@aws-sdk/client-cloudformation'
import { validationError } from './errors.ts'

/** A statement as far as it decides. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/protect-stack-resources.html */
interface Statement {
  readonly effect: 'Allow' | 'Deny'
  readonly actions: Patterns
  readonly resources: Patterns
  /** Of resource types; undefined: all. */
  readonly types: readonly string[] | undefined
}

interface Patterns {
  readonly not: boolean
  readonly patterns: readonly string[]
}

type UpdateAction = 'Update:Modify' | 'Update:Replace' | 'Update:Delete'

/** Throws ValidationError for a text that is no stack policy. */
export function assertStackPolicy(text: string): void {
  parseStackPolicy(text)
}

/**
 * Throws ValidationError naming every change that the policy does not allow. With a policy, what no statement allows is denied.
 * A replacement that only the deployment decides counts as one.
 */
export function requireAllowedByPolicy(text: string, changes: readonly Change[]): void {
  const statements = parseStackPolicy(text)
  const denials = changes.flatMap(({ ResourceChange: change }) => {
    const { LogicalResourceId: logicalId, ResourceType: type } = change ?? {}
    const action = change === undefined ? undefined : actionOf(change.Action, change.Replacement)
    if (action === undefined || logicalId === undefined || type === undefined) return []
    const denial = denialOf(statements, action, logicalId, type)
    return denial === undefined ? [] : [`Action denied by stack policy: ${denial} for resource [${logicalId}]`]
  })
  if (denials.length > 0) throw validationError(denials.join('\n'))
}

function actionOf(action: string | undefined, replacement: string | undefined): UpdateAction | undefined {
  if (action === 'Remove') return 'Update:Delete'
  if (action !== 'Modify') return undefined
  return replacement === 'False' ? 'Update:Modify' : 'Update:Replace'
}

function denialOf(
  statements: readonly Statement[],
  action: UpdateAction,
  logicalId: string,
  type: string,
): string | undefined {
  const applies = ({ actions, resources, types }: Statement) =>
    holds(actions, action) &&
    holds(resources, `LogicalResourceId/${logicalId}`) &&
    (types === undefined || types.some((pattern) => isMatch(pattern, type)))
  const denying = statements.findIndex((statement) => statement.effect === 'Deny' && applies(statement))
  if (denying !== -1) return `Statement [#${denying + 1}] does not allow [${action}]`
  const isAllowed = statements.some((statement) => statement.effect === 'Allow' && applies(statement))
  return isAllowed ? undefined : `no statement allows [${action}]`
}

const holds = ({ not, patterns }: Patterns, text: string): boolean =>
  patterns.some((pattern) => isMatch(pattern, text)) !== not

function isMatch(pattern: string, text: string): boolean {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's').test(text)
}

function parseStackPolicy(text: string): readonly Statement[] {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    throw invalid('it is no JSON')
  }
  const { Statement: statements } = object(document, 'the policy')
  if (statements === undefined) throw invalid('it has no Statement')
  return (Array.isArray(statements) ? statements : [statements]).map(parseStatement)
}

function parseStatement(value: unknown): Statement {
  const { Effect, Action, NotAction, Principal, Resource, NotResource, Condition } = object(value, 'a statement')
  if (Effect !== 'Allow' && Effect !== 'Deny') throw invalid('an Effect is Allow or Deny')
  if (Principal !== '*') throw invalid('the Principal of a statement is "*"')
  return {
    effect: Effect,
    actions: patternsOf(Action, NotAction, 'Action'),
    resources: patternsOf(Resource, NotResource, 'Resource'),
    types: Condition === undefined ? undefined : typesOf(Condition),
  }
}

function patternsOf(yes: unknown, no: unknown, name: string): Patterns {
  if ((yes === undefined) === (no === undefined)) throw invalid(`a statement has either ${name} or Not${name}`)
  return { not: yes === undefined, patterns: texts(yes ?? no, name) }
}

function typesOf(condition: unknown): readonly string[] {
  const operators = Object.entries(object(condition, 'a Condition'))
  return operators.flatMap(([operator, keys]) => {
    if (operator !== 'StringEquals' && operator !== 'StringLike') {
      throw invalid('a Condition has StringEquals or StringLike')
    }
    const { ResourceType, ...others } = object(keys, operator)
    if (ResourceType === undefined || Object.keys(others).length > 0) throw invalid('a Condition is about ResourceType')
    return texts(ResourceType, 'ResourceType')
  })
}

function texts(value: unknown, name: string): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  return list.map((item) => {
    if (typeof item !== 'string') throw invalid(`${name} is text`)
    return item
  })
}

function object(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(`${name} is no object`)
  return value as Readonly<Record<string, unknown>>
}

const invalid = (why: string) => validationError(`Error validating stack policy: ${why}`)
