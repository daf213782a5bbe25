import type { ContextLookup } from './request.ts'

/** A pattern of a policy element, compiled once; substituted variables are literal text. */
export type Matcher = (text: string, context: ContextLookup) => boolean

export interface PatternSyntax {
  /** `${aws:username}` and `${*}`: documents of version 2012-10-17 only. */
  readonly hasVariables: boolean
  /** `*` and `?`. */
  readonly hasWildcards: boolean
}

export type Token =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'any' }
  | { readonly kind: 'one' }
  | { readonly kind: 'variable'; readonly key: string; readonly fallback: string | undefined }

const ANY: Token = { kind: 'any' }
const ONE: Token = { kind: 'one' }

/** Splits a pattern into literal text, wildcards and variables. An unclosed `${` is text. */
export function tokensOf(pattern: string, syntax: PatternSyntax): Token[] {
  const tokens: Token[] = []
  let text = ''
  const flush = () => {
    if (text !== '') tokens.push({ kind: 'text', text })
    text = ''
  }
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at] as string
    if (syntax.hasWildcards && (char === '*' || char === '?')) {
      flush()
      tokens.push(char === '*' ? ANY : ONE)
      continue
    }
    const close = syntax.hasVariables && char === '$' && pattern[at + 1] === '{' ? pattern.indexOf('}', at) : -1
    if (close === -1) {
      text += char
      continue
    }
    const inner = pattern.slice(at + 2, close)
    if (inner === '*' || inner === '?' || inner === '$') text += inner
    else {
      flush()
      tokens.push(variableOf(inner))
    }
    at = close
  }
  flush()
  return tokens
}

/** `aws:username` or `aws:username, 'default'`. */
function variableOf(inner: string): Token {
  const comma = inner.indexOf(',')
  if (comma === -1) return { kind: 'variable', key: inner.trim().toLowerCase(), fallback: undefined }
  const quoted = inner.slice(comma + 1).trim()
  const fallback = quoted.startsWith("'") && quoted.endsWith("'") && quoted.length >= 2 ? quoted.slice(1, -1) : quoted
  return { kind: 'variable', key: inner.slice(0, comma).trim().toLowerCase(), fallback }
}

/** Compiles tokens into a matcher of the whole text. A variable without a single value makes the pattern match nothing. */
export function compileTokens(tokens: readonly Token[]): Matcher {
  if (tokens.length === 1 && tokens[0] === ANY) return () => true
  if (!tokens.some((token) => token.kind === 'variable')) {
    const segments = segmentsOf(tokens)
    const only = segments[0] as Segment
    if (segments.length === 1 && only.wild === undefined) return (text) => text === only.text
    return (text) => matchSegments(segments, text)
  }
  return (text, context) => {
    const resolved = resolve(tokens, context)
    return resolved !== undefined && matchSegments(segmentsOf(resolved), text)
  }
}

export function compilePattern(pattern: string, syntax: PatternSyntax): Matcher {
  return compileTokens(tokensOf(pattern, syntax))
}

function resolve(tokens: readonly Token[], context: ContextLookup): Token[] | undefined {
  const resolved: Token[] = []
  for (const token of tokens) {
    if (token.kind !== 'variable') {
      resolved.push(token)
      continue
    }
    const value = context(token.key)
    const text = typeof value === 'string' ? value : token.fallback
    if (text === undefined) return undefined
    if (text !== '') resolved.push({ kind: 'text', text })
  }
  return resolved
}

/** What stands between two `*`. `wild[i]` marks a `?`. */
interface Segment {
  readonly text: string
  readonly wild: readonly boolean[] | undefined
}

function segmentsOf(tokens: readonly Token[]): Segment[] {
  const segments: Segment[] = []
  let text = ''
  let wild: boolean[] = []
  const close = () => {
    segments.push({ text, wild: wild.includes(true) ? wild : undefined })
    text = ''
    wild = []
  }
  for (const token of tokens) {
    if (token.kind === 'any') close()
    else if (token.kind === 'one') {
      text += '?'
      wild.push(true)
    } else if (token.kind === 'text') {
      text += token.text
      for (let i = 0; i < token.text.length; i++) wild.push(false)
    }
  }
  close()
  return segments
}

function matchesAt(segment: Segment, text: string, at: number): boolean {
  const { wild } = segment
  if (wild === undefined) return text.startsWith(segment.text, at)
  if (at + wild.length > text.length) return false
  for (let i = 0; i < wild.length; i++) {
    if (!wild[i] && text.charCodeAt(at + i) !== segment.text.charCodeAt(i)) return false
  }
  return true
}

// The first segment is anchored at the start and the last at the end; taking the leftmost place for each one between is enough.
// Work is bounded by text × pattern, whatever a policy author writes.
function matchSegments(segments: readonly Segment[], text: string): boolean {
  const first = segments[0] as Segment
  const last = segments[segments.length - 1] as Segment
  if (segments.length === 1) return text.length === first.text.length && matchesAt(first, text, 0)
  const end = text.length - last.text.length
  let at = first.text.length
  if (end < at || !matchesAt(first, text, 0) || !matchesAt(last, text, end)) return false
  for (let i = 1; i < segments.length - 1; i++) {
    const segment = segments[i] as Segment
    const found = findFrom(segment, text, at, end)
    if (found === -1) return false
    at = found + segment.text.length
  }
  return true
}

function findFrom(segment: Segment, text: string, from: number, end: number): number {
  if (segment.wild === undefined) {
    const found = text.indexOf(segment.text, from)
    return found !== -1 && found + segment.text.length <= end ? found : -1
  }
  for (let at = from; at + segment.text.length <= end; at++) if (matchesAt(segment, text, at)) return at
  return -1
}
