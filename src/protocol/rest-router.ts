import { type Form, formValue } from './form.ts'
import type { OperationSchema } from './schema.ts'

/** One operation among those that share method and path, with what its query and headers must say. */
interface Candidate {
  readonly operation: OperationSchema
  /** `?acl`, `?list-type=2`; value '' asks for presence only. */
  readonly literals: readonly (readonly [name: string, value: string])[]
  readonly requiredQuery: readonly string[]
  readonly requiredHeaders: readonly string[]
}

interface PathNode {
  readonly literals: Map<string, PathNode>
  label: { readonly name: string; readonly node: PathNode } | undefined
  /** A label that takes the whole rest of the path. */
  greedy: { readonly name: string; readonly candidates: Map<string, Candidate[]> } | undefined
  readonly candidates: Map<string, Candidate[]>
}

export interface RestMatch {
  readonly operation: OperationSchema
  /** Still percent-encoded. */
  readonly labels: Record<string, string>
}

/**
 * Routes by one rule: among the operations of a method and path take the one with most of its literal query arguments given,
 * then with most of its required query and header members. `x-id` is decoration and never routes.
 */
export class RestRouter {
  readonly #root: PathNode = newNode()

  constructor(operations: Iterable<OperationSchema>) {
    for (const operation of operations) this.#add(operation)
  }

  /** Undefined: no operation has this method and path. A trailing slash does not matter. */
  match(
    method: string,
    path: string,
    query: Form,
    headers: Readonly<Record<string, string | undefined>>,
  ): RestMatch | undefined {
    const segments = segmentsOf(path)
    const labels: Record<string, string> = {}
    const candidates = this.#find(this.#root, segments, 0, method, labels)
    if (candidates === undefined) return undefined
    const operation = chooseCandidate(candidates, query, headers)
    return operation === undefined ? undefined : { operation, labels }
  }

  #add(operation: OperationSchema): void {
    const { path, candidate } = candidateOf(operation)
    let node = this.#root
    for (const segment of segmentsOf(path)) {
      const label = /^\{(\w+)(\+?)\}$/.exec(segment)
      if (label === null) {
        let next = node.literals.get(segment)
        if (next === undefined) {
          next = newNode()
          node.literals.set(segment, next)
        }
        node = next
      } else if (label[2] === '+') {
        node.greedy ??= { name: label[1] as string, candidates: new Map() }
        add(node.greedy.candidates, operation.method, candidate)
        return
      } else {
        // One name per position: operations that share a prefix of labels call them alike.
        node.label ??= { name: label[1] as string, node: newNode() }
        if (node.label.name !== label[1])
          throw new Error(`${operation.name}: label ${label[1]} is ${node.label.name} elsewhere`)
        node = node.label.node
      }
    }
    add(node.candidates, operation.method, candidate)
  }

  #find(
    node: PathNode,
    segments: readonly string[],
    at: number,
    method: string,
    labels: Record<string, string>,
  ): Candidate[] | undefined {
    const segment = segments[at]
    if (segment === undefined) return node.candidates.get(method)
    const literal = node.literals.get(segment)
    if (literal !== undefined) {
      const found = this.#find(literal, segments, at + 1, method, labels)
      if (found !== undefined) return found
    }
    if (node.label !== undefined && segment !== '') {
      const found = this.#find(node.label.node, segments, at + 1, method, labels)
      if (found !== undefined) {
        labels[node.label.name] = segment
        return found
      }
    }
    const greedy = node.greedy?.candidates.get(method)
    if (node.greedy !== undefined && greedy !== undefined) labels[node.greedy.name] = segments.slice(at).join('/')
    return greedy
  }
}

/**
 * The rule itself, shared with the bucket router. Undefined: every candidate insists on a literal that was not given.
 * `completeOnly` also rules out a candidate without literals that lacks a required member.
 */
export function chooseCandidate(
  candidates: readonly Candidate[],
  query: Form,
  headers: Readonly<Record<string, string | undefined>>,
  completeOnly = false,
): OperationSchema | undefined {
  let best: Candidate | undefined
  let bestScore = -1
  for (const candidate of candidates) {
    const score = scoreOf(candidate, query, headers)
    if (completeOnly && score < COMPLETE) continue
    if (score > bestScore) {
      best = candidate
      bestScore = score
    }
  }
  return best?.operation
}

const COMPLETE = 1_000

/** -1: not meant. Literals weigh most, then a complete candidate beats one that lacks something it requires. */
function scoreOf(candidate: Candidate, query: Form, headers: Readonly<Record<string, string | undefined>>): number {
  for (const [name, value] of candidate.literals) {
    const given = formValue(query, name)
    if (given === undefined || (value !== '' && given !== value)) return -1
  }
  const required = candidate.requiredQuery.length + candidate.requiredHeaders.length
  let met = 0
  for (const name of candidate.requiredQuery) if (formValue(query, name) !== undefined) met++
  for (const name of candidate.requiredHeaders) if (headers[name] !== undefined) met++
  return candidate.literals.length * 10_000 + (met === required ? COMPLETE + met : met)
}

export function candidateOf(operation: OperationSchema): { path: string; candidate: Candidate } {
  const [path = '/', queryText = ''] = operation.uri.split('?')
  const literals = queryText
    .split('&')
    .filter((pair) => pair !== '' && !pair.startsWith('x-id='))
    .map((pair) => {
      const [name = '', value = ''] = pair.split('=')
      return [name, value] as const
    })
  const required = operation.input?.members.filter((member) => member.required) ?? []
  return {
    path,
    candidate: {
      operation,
      literals,
      requiredQuery: required.flatMap((member) => member.traits.httpQuery ?? []),
      requiredHeaders: required.flatMap((member) => member.traits.httpHeader?.toLowerCase() ?? []),
    },
  }
}

function add(candidates: Map<string, Candidate[]>, method: string, candidate: Candidate): void {
  const list = candidates.get(method)
  if (list === undefined) candidates.set(method, [candidate])
  else list.push(candidate)
}

function newNode(): PathNode {
  return { literals: new Map(), label: undefined, greedy: undefined, candidates: new Map() }
}

function segmentsOf(path: string): string[] {
  const segments = path.split('/')
  segments.shift()
  if (segments.at(-1) === '') segments.pop()
  return segments
}

export type { Candidate }
