import type { Conditions } from './conditions.ts'
import { createConditions } from './conditions.ts'
import type { ResolvedParameters } from './parameters.ts'
import type { Template } from './template.ts'
import type { EvaluatedObject } from './unknown.ts'

export interface PseudoParameters {
  readonly accountId: string
  readonly region: string
  /** `aws` */
  readonly partition: string
  /** `amazonaws.com` */
  readonly urlSuffix: string
  readonly stackName: string
  readonly stackId: string
  readonly notificationArns: readonly string[]
}

/** What is known of a resource: what `Ref` and `Fn::GetAtt` of it give. */
export interface KnownResource {
  readonly physicalId: string
  /** By name; nested names are dotted (`Outputs.Url`) or members of members. */
  readonly attributes: EvaluatedObject
}

export interface ScopeInput {
  readonly template: Template
  readonly parameters: ResolvedParameters
  readonly pseudo: PseudoParameters
  /** Values of exports by name. A name that is missing does not exist. Undefined: none can be known yet. */
  readonly imports?: Readonly<Record<string, string>> | undefined
  /** By logical id. What refers to any other resource of the template is Unknown. */
  readonly resources?: Readonly<Record<string, KnownResource>> | undefined
}

/** All that the value of a template's part can depend on. */
export interface Scope extends ScopeInput {
  /** Computed when asked for, once. */
  readonly conditions: Conditions
}

export function createScope(input: ScopeInput): Scope {
  const scope: Scope = { ...input, conditions: createConditions(() => scope) }
  return scope
}

/** The same scope with other knowledge of resources; conditions, which cannot depend on those, are shared. */
export function withResources(scope: Scope, resources: Readonly<Record<string, KnownResource>>): Scope {
  return { ...scope, resources }
}
