/** A policy document, parsed and validated once; evaluation never looks at JSON again. Filled in by parse.ts. */
export interface PolicyDocument {
  readonly version: '2008-10-17' | '2012-10-17'
  readonly id: string | undefined
  readonly statements: readonly Statement[]
}

export interface Statement {
  /** `Sid`, or `#n` counted from 0. */
  readonly name: string
  readonly effect: 'Allow' | 'Deny'
  readonly principals: PrincipalMatch | undefined
  readonly actions: { readonly not: boolean; readonly patterns: readonly string[] }
  /** Absent in trust policies. */
  readonly resources: { readonly not: boolean; readonly patterns: readonly string[] } | undefined
  readonly conditions: readonly Condition[]
}

export interface PrincipalMatch {
  readonly not: boolean
  readonly everyone: boolean
  readonly aws: readonly string[]
  readonly service: readonly string[]
  readonly federated: readonly string[]
  readonly canonicalUser: readonly string[]
}

export interface Condition {
  readonly operator: string
  readonly ifExists: boolean
  readonly set: 'ForAllValues' | 'ForAnyValue' | undefined
  /** Lower case. */
  readonly key: string
  readonly values: readonly string[]
}

/** A document and what to call it in decisions: a managed policy's ARN, an inline policy's name, or the resource's ARN. */
export interface NamedPolicy {
  readonly name: string
  readonly document: PolicyDocument
}
