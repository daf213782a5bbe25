import type { DependencyEdge, DependencyGraph } from './dependencies.ts'
import { TemplateError } from './template.ts'

/** Message: "Circular dependency between resources: [A, B]", as CloudFormation words it. */
export class CircularDependencyError extends TemplateError {
  /** One way round: each edge's `to` is the next one's `from`. */
  readonly cycle: readonly DependencyEdge[]
  /** A sentence per edge, and what its author can do about it. */
  readonly explanation: string

  constructor(message: string, cycle: readonly DependencyEdge[], explanation: string) {
    super(message)
    this.cycle = cycle
    this.explanation = explanation
  }
}

/** Every resource after all that it needs, otherwise in the template's order. Throws {@link CircularDependencyError}. */
export function deploymentOrder(graph: DependencyGraph): readonly string[] {
  throw new CircularDependencyError('not evaluated yet', graph.edges, '')
}
