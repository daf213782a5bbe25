import { explainCycle } from './cycle-explanation.ts'
import type { DependencyEdge, DependencyGraph } from './dependencies.ts'
import { TemplateError } from './template.ts'

/** Message: "Circular dependency between resources: [A, B]", as CloudFormation words it. */
export class CircularDependencyError extends TemplateError {
  /** One way round: each edge's `to` is the next one's `from`. */
  readonly cycle: readonly DependencyEdge[]
  /** A sentence per edge, and what the author can do about it. */
  readonly explanation: string

  constructor(resources: readonly string[], cycle: readonly DependencyEdge[], explanation: string) {
    super(`Circular dependency between resources: [${resources.join(', ')}]`)
    this.cycle = cycle
    this.explanation = explanation
  }
}

/** Every resource after all that it needs, otherwise in the template's order. Throws {@link CircularDependencyError}. */
export function deploymentOrder(graph: DependencyGraph): readonly string[] {
  const waitsFor = new Map(graph.resources.map((id) => [id, graph.dependenciesOf(id).length]))
  const rank = new Map(graph.resources.map((id, index) => [id, index]))
  const order: string[] = []
  let ready = graph.resources.filter((id) => waitsFor.get(id) === 0)
  while (ready.length > 0) {
    order.push(...ready)
    const next: string[] = []
    for (const dependent of ready.flatMap((id) => graph.dependentsOf(id))) {
      const left = (waitsFor.get(dependent) ?? 0) - 1
      waitsFor.set(dependent, left)
      if (left === 0) next.push(dependent)
    }
    ready = next.sort((a, b) => (rank.get(a) ?? 0) - (rank.get(b) ?? 0))
  }
  if (order.length === graph.resources.length) return order
  const left = new Set(graph.resources.filter((id) => (waitsFor.get(id) ?? 0) > 0))
  throw circularDependency(graph, left)
}

/** `left` holds what is in circles and what waits for those. */
function circularDependency(graph: DependencyGraph, left: ReadonlySet<string>): CircularDependencyError {
  const cycle = shortestCycle(graph, left)
  const start = cycle[0]?.from ?? ''
  const reachable = reach(start, (id) => graph.dependenciesOf(id))
  const reaching = reach(start, (id) => graph.dependentsOf(id))
  const members = graph.resources.filter((id) => reachable.has(id) && reaching.has(id))
  return new CircularDependencyError(members, cycle, explainCycle(graph, cycle))
}

/** The fewest edges that lead back to where they began: the easiest circle to understand. */
function shortestCycle(graph: DependencyGraph, within: ReadonlySet<string>): readonly DependencyEdge[] {
  let best: readonly DependencyEdge[] | undefined
  const edgesFrom = Map.groupBy(
    graph.edges.filter(({ from, to }) => within.has(from) && within.has(to)),
    ({ from }) => from,
  )
  for (const start of within) {
    const cycle = cycleThrough(edgesFrom, start)
    if (cycle !== undefined && (best === undefined || cycle.length < best.length)) best = cycle
  }
  return best ?? []
}

/** Breadth first, so the way back to the start is a shortest one. */
function cycleThrough(
  edgesFrom: ReadonlyMap<string, readonly DependencyEdge[]>,
  start: string,
): readonly DependencyEdge[] | undefined {
  const cameBy = new Map<string, DependencyEdge>()
  let front = [start]
  while (front.length > 0) {
    const next: string[] = []
    for (const edge of front.flatMap((id) => edgesFrom.get(id) ?? [])) {
      if (edge.to === start) return wayBack(cameBy, start, edge)
      if (cameBy.has(edge.to)) continue
      cameBy.set(edge.to, edge)
      next.push(edge.to)
    }
    front = next
  }
  return undefined
}

function wayBack(cameBy: ReadonlyMap<string, DependencyEdge>, start: string, last: DependencyEdge): DependencyEdge[] {
  const edges = [last]
  for (let edge = last; edge.from !== start; ) {
    edge = cameBy.get(edge.from) as DependencyEdge
    edges.unshift(edge)
  }
  return edges
}

function reach(start: string, step: (id: string) => readonly string[]): ReadonlySet<string> {
  const seen = new Set([start])
  for (const id of seen) for (const next of step(id)) seen.add(next)
  return seen
}
