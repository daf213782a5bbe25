import { parseMatchExpression } from './expressions.ts'
import { exactly, type Matcher } from './matchers.ts'
import { PatternSyntaxError } from './syntax-error.ts'
import { JsonTokens, type Token } from './tokens.ts'

/** What one field of an event has to be: one of its values matches, or it is absent where that is asked for. */
export interface Leaf {
  readonly path: readonly string[]
  readonly matchers: readonly Matcher[]
  /** `{"exists": false}` is among them. */
  readonly mayBeAbsent: boolean
}

/** One way for an event to match: all of these fields. `$or` makes several. */
export type Branch = ReadonlyMap<string, Leaf>

/** More than these many combinations of `$or` are refused. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html */
const BRANCH_COUNT_MAX = 1000
/** Deeper nesting is no pattern anybody writes; the parser calls itself per level. */
const DEPTH_MAX = 100

/** Field names that would be read as matchers inside of `$or`. */
const RESERVED_INSIDE_OR = new Set([
  'exactly',
  'prefix',
  'suffix',
  'numeric',
  'anything-but',
  'exists',
  'cidr',
  'equals-ignore-case',
  'wildcard',
])

/** Reads a pattern as AWS does, to the branches of which one must match. Throws {@link PatternSyntaxError}. */
export function parseBranches(text: string): readonly Branch[] {
  const tokens = new JsonTokens(text)
  const first = tokens.next()
  if (first.kind !== '{') tokens.fail('Filter is not an object', first.position)
  const branches = readObject(tokens, [new Map()], [], false)
  tokens.next()
  return branches
}

function readObject(
  tokens: JsonTokens,
  before: readonly Branch[],
  path: readonly string[],
  isInsideOr: boolean,
): readonly Branch[] {
  if (path.length > DEPTH_MAX) throw new PatternSyntaxError('Event pattern is too deep')
  let branches = before
  let isEmpty = true
  for (;;) {
    const field = tokens.next()
    if (field.kind === '}') {
      if (isEmpty) tokens.fail('Empty objects are not allowed', field.position)
      return branches
    }
    isEmpty = false
    const name = field.text
    if (name === '$or') {
      branches = readOr(tokens, branches, path)
      continue
    }
    if (isInsideOr && RESERVED_INSIDE_OR.has(name)) {
      tokens.fail(`${name} is Ruler reserved fieldName which cannot be used inside $or.`, field.position)
    }
    // A dot in a name is the same as one more level.
    const at = [...path, ...name.split('.')]
    const value = tokens.next()
    if (value.kind === '{') branches = readObject(tokens, branches, at, isInsideOr)
    else if (value.kind === '[') branches = withLeaf(branches, readLeaf(tokens, at))
    else tokens.fail(`"${name}" must be an object or an array`, value.position)
  }
}

/** Each alternative continues each branch there was. */
function readOr(tokens: JsonTokens, before: readonly Branch[], path: readonly string[]): readonly Branch[] {
  const opening = tokens.next()
  if (opening.kind !== '[') tokens.fail('It must be an Array followed with $or.', opening.position)
  const branches: Branch[] = []
  let alternativeCount = 0
  for (;;) {
    const token = tokens.next()
    if (token.kind === ']') {
      if (alternativeCount < 2) {
        tokens.fail('There must have at least 2 Objects in $or relationship.', token.position)
      }
      return branches
    }
    alternativeCount++
    if (token.kind !== '{') tokens.fail('Only JSON object is allowed in array of $or relationship.', token.position)
    branches.push(...readObject(tokens, before, path, true))
    if (branches.length > BRANCH_COUNT_MAX)
      throw new PatternSyntaxError('Rule is too complex - try using fewer $or combinations')
  }
}

function readLeaf(tokens: JsonTokens, path: readonly string[]): Leaf {
  const matchers: Matcher[] = []
  let mayBeAbsent = false
  let isEmpty = true
  for (;;) {
    const token = tokens.next()
    if (token.kind === ']') {
      if (isEmpty) tokens.fail('Empty arrays are not allowed', token.position)
      return { path, matchers, mayBeAbsent }
    }
    isEmpty = false
    const matcher = token.kind === '{' ? parseMatchExpression(tokens) : exactly(scalarOf(tokens, token))
    if (matcher === 'absent') mayBeAbsent = true
    else matchers.push(matcher)
  }
}

function scalarOf(tokens: JsonTokens, token: Token): string | number | boolean | null {
  switch (token.kind) {
    case 'string':
      return token.text
    case 'number':
      return Number(token.text)
    case 'true':
    case 'false':
      return token.kind === 'true'
    case 'null':
      return null
    default:
      return tokens.fail('Match value must be String, number, true, false, or null', token.position)
  }
}

/** A field that is named twice counts as it was named last. */
function withLeaf(branches: readonly Branch[], leaf: Leaf): readonly Branch[] {
  const id = JSON.stringify(leaf.path)
  return branches.map((branch) => new Map(branch).set(id, leaf))
}
