import type { TemplatePath } from './read.ts'
import type { Scope } from './scope.ts'

/** `from` needs `to`. */
export interface DependencyEdge {
  readonly from: string
  readonly to: string
  /** Within the resource `from`: `['Properties', 'Role']`, `['DependsOn']`. */
  readonly path: TemplatePath
  readonly via: 'Ref' | 'Fn::GetAtt' | 'Fn::Sub' | 'DependsOn'
  /** Of `Fn::GetAtt` and `${Id.Attribute}`. */
  readonly attribute: string | undefined
}

export interface DependencyGraph {
  /** Logical ids of the resources whose conditions hold, in the template's order. */
  readonly resources: readonly string[]
  readonly edges: readonly DependencyEdge[]
  /** Direct ones, each once. */
  dependenciesOf(logicalId: string): readonly string[]
  dependentsOf(logicalId: string): readonly string[]
}

/** Who needs whom, after untaken branches of `Fn::If` and resources whose condition is false are dropped. */
export function resourceDependencies(scope: Scope): DependencyGraph {
  throw new Error(`not evaluated yet: ${typeof scope}`)
}
