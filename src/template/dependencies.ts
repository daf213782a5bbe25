import type { TemplatePath } from './read.ts'
import { referencesIn } from './references.ts'
import type { Scope } from './scope.ts'
import type { TemplateObject, TemplateResource } from './template.ts'

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
  typeOf(logicalId: string): string
  /** Direct ones, each once. */
  dependenciesOf(logicalId: string): readonly string[]
  dependentsOf(logicalId: string): readonly string[]
}

/** Who needs whom, after untaken branches of `Fn::If` and resources whose condition is false are dropped. */
export function resourceDependencies(scope: Scope): DependencyGraph {
  const resources = presentResources(scope)
  const isTrue = (name: string) => scope.conditions.isTrue(name)
  const edges = [...resources]
    .flatMap(([from, resource]) => edgesOf(from, resource, isTrue))
    // A resource that waits for one that is not made (its condition is false) does not wait.
    .filter(({ to }) => resources.has(to))
  const forwards = neighbours(edges, 'from', 'to')
  const backwards = neighbours(edges, 'to', 'from')
  return {
    resources: [...resources.keys()],
    edges,
    typeOf: (logicalId) => resources.get(logicalId)?.Type ?? '',
    dependenciesOf: (logicalId) => [...(forwards.get(logicalId) ?? [])],
    dependentsOf: (logicalId) => [...(backwards.get(logicalId) ?? [])],
  }
}

/** The resources that the stack has: those whose conditions hold. */
export function presentResources(scope: Scope): ReadonlyMap<string, TemplateResource> {
  return new Map(
    Object.entries(scope.template.Resources).filter(
      ([, { Condition }]) => Condition === undefined || scope.conditions.isTrue(Condition),
    ),
  )
}

function edgesOf(
  from: string,
  resource: TemplateResource,
  isTrue: (condition: string) => boolean,
): readonly DependencyEdge[] {
  const { DependsOn = [], Properties = {}, Metadata = {}, CreationPolicy = {}, UpdatePolicy = {} } = resource
  const parts: TemplateObject = { Properties, Metadata, CreationPolicy, UpdatePolicy }
  const waits = typeof DependsOn === 'string' ? [DependsOn] : DependsOn
  return [
    ...waits.map((to) => ({ from, to, path: ['DependsOn'], via: 'DependsOn', attribute: undefined }) as const),
    ...referencesIn(parts, isTrue).map(({ name, via, attribute, path }) => ({ from, to: name, path, via, attribute })),
  ]
}

function neighbours(
  edges: readonly DependencyEdge[],
  near: 'from' | 'to',
  far: 'from' | 'to',
): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>()
  for (const edge of edges) {
    const of = found.get(edge[near]) ?? new Set()
    found.set(edge[near], of.add(edge[far]))
  }
  return found
}
