import type { Scalar } from './matchers.ts'
import { type Branch, type Leaf, parseBranches } from './parse.ts'

export { PatternSyntaxError } from './syntax-error.ts'

/** An event pattern, read once; rules and filters ask it about each event. */
export interface EventPattern {
  matches(event: unknown): boolean
  /** Why an event does not match, naming the first field that stands in the way; undefined when it does. */
  mismatch(event: unknown): string | undefined
}

/** Fields by their names, level by level. */
interface Tree {
  leaf?: Leaf
  readonly children: Map<string, Tree>
}

/** Reads a pattern. Throws PatternSyntaxError with AWS's reason. Needs no service: SQS filters use it as rules do. */
export function parsePattern(text: string): EventPattern {
  const branches = parseBranches(text)
  const trees = branches.map(treeOf)
  return {
    matches(event) {
      const plain = withoutDots(event)
      return trees.some((tree) => treeMatches(tree, plain, plain))
    },
    mismatch(event) {
      const plain = withoutDots(event)
      if (trees.some((tree) => treeMatches(tree, plain, plain))) return undefined
      return explain(branches, plain)
    },
  }
}

/**
 * Fields of one object must match in one element where the event has an array of objects: `[{"a":1},{"b":2}]` has no element with a and b.
 * Absence is a matter of the whole event.
 */
function treeMatches(tree: Tree, value: unknown, event: unknown): boolean {
  if (Array.isArray(value) && tree.children.size > 0) {
    const elements = value as unknown[]
    if (elements.length > 0) return elements.some((element) => treeMatches(tree, element, event))
  }
  if (tree.leaf !== undefined && !leafMatches(tree.leaf, value, event)) return false
  const fields = isObject(value) ? value : undefined
  for (const [name, child] of tree.children) {
    if (!treeMatches(child, ownField(fields, name), event)) return false
  }
  return true
}

function leafMatches(leaf: Leaf, value: unknown, event: unknown): boolean {
  if (someScalar(value, (scalar) => leaf.matchers.some((matches) => matches(scalar)))) return true
  return leaf.mayBeAbsent && !someAt(event, leaf.path, 0, () => true)
}

/** Whether a value, or anything in a list of them, passes. Objects have no value of their own. */
function someScalar(value: unknown, passes: (scalar: Scalar) => boolean): boolean {
  if (Array.isArray(value)) return (value as unknown[]).some((element) => someScalar(element, passes))
  if (value === undefined || isObject(value)) return false
  return passes(value as Scalar)
}

function someAt(value: unknown, path: readonly string[], at: number, passes: (scalar: Scalar) => boolean): boolean {
  if (at === path.length) return someScalar(value, passes)
  if (Array.isArray(value)) return (value as unknown[]).some((element) => someAt(element, path, at, passes))
  return isObject(value) && someAt(ownField(value, path[at] as string), path, at + 1, passes)
}

function explain(branches: readonly Branch[], event: unknown): string {
  for (const leaf of branches[0]?.values() ?? []) {
    const matches = someAt(event, leaf.path, 0, (scalar) => leaf.matchers.some((matcher) => matcher(scalar)))
    if (matches || (leaf.mayBeAbsent && !someAt(event, leaf.path, 0, () => true))) continue
    const found: Scalar[] = []
    someAt(event, leaf.path, 0, (scalar) => found.push(scalar) > 3)
    const name = leaf.path.join('.')
    return found.length === 0 ? `${name} is absent` : `${name} is ${found.map(shown).join(', ')}`
  }
  return 'no element of an array matches all of its fields'
}

function shown(scalar: Scalar): string {
  const text = JSON.stringify(scalar)
  return text.length > 100 ? `${text.slice(0, 100)}…` : text
}

function treeOf(branch: Branch): Tree {
  const root: Tree = { children: new Map() }
  for (const leaf of branch.values()) {
    let tree = root
    for (const step of leaf.path) {
      let child = tree.children.get(step)
      if (child === undefined) tree.children.set(step, (child = { children: new Map() }))
      tree = child
    }
    tree.leaf = leaf
  }
  return root
}

/** The event with every dot in a name as a level, as patterns have it. The same object where there are no dots. */
function withoutDots(value: unknown): unknown {
  if (Array.isArray(value)) {
    const elements = value as unknown[]
    const plain = elements.map(withoutDots)
    return plain.some((element, index) => element !== elements[index]) ? plain : value
  }
  if (!isObject(value)) return value
  const entries = Object.entries(value)
  const plain = entries.map(([name, part]) => [name, withoutDots(part)] as const)
  if (plain.every(([name, part], index) => !name.includes('.') && part === entries[index]?.[1])) return value
  const result: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  for (const [name, part] of plain) put(result, name.split('.'), part)
  return result
}

function put(into: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [first = '', ...rest] = path
  const present = into[first]
  if (rest.length === 0 && !isObject(value)) {
    // A value beside an object of the same name: both count.
    into[first] = present === undefined ? value : [present, value]
    return
  }
  const child: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  if (isObject(present)) Object.assign(child, present)
  if (rest.length > 0) put(child, rest, value)
  else for (const [name, part] of Object.entries(value as Record<string, unknown>)) put(child, [name], part)
  into[first] = present === undefined || isObject(present) ? child : [present, child]
}

function ownField(fields: Readonly<Record<string, unknown>> | undefined, name: string): unknown {
  return fields !== undefined && Object.hasOwn(fields, name) ? fields[name] : undefined
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
