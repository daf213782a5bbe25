import { compileTokens, type Matcher, type PatternSyntax, type Token, tokensOf } from './pattern.ts'
import type { ContextLookup } from './request.ts'

/** Parts of an ARN before its resource: `arn`, partition, service, region, account. */
const HEAD_PART_COUNT = 5

/**
 * Compiles an ARN pattern. The first five parts are compared one by one, so that a wildcard stays within its part; the rest is one
 * text in which `*` also crosses `:` and `/`. A pattern that is short and ends in `*` covers all that follows.
 * A text that is no ARN matches a lone `*` only.
 */
export function compileArnPattern(pattern: string, syntax: PatternSyntax): Matcher {
  const tokens = tokensOf(pattern, syntax)
  if (tokens.length === 1 && tokens[0]?.kind === 'any') return () => true
  const parts = partsOf(tokens)
  const isComplete = parts.length > HEAD_PART_COUNT
  if (!isComplete && parts.at(-1)?.at(-1)?.kind !== 'any') return () => false
  if (isComplete && parts.slice(0, HEAD_PART_COUNT).every(isLiteral)) {
    // A literal head compares the same as one text, without splitting.
    const whole = compileTokens(tokens)
    return (text, context) => isArn(text) && whole(text, context)
  }
  const heads = parts.slice(0, -1).map(compileTokens)
  const rest = compileTokens(parts.at(-1) as Token[])
  return (text, context) => isArn(text) && matchParts(heads, rest, text, context)
}

function matchParts(heads: readonly Matcher[], rest: Matcher, text: string, context: ContextLookup): boolean {
  let at = 0
  for (const head of heads) {
    const colon = text.indexOf(':', at)
    if (!head(text.slice(at, colon), context)) return false
    at = colon + 1
  }
  return rest(text.slice(at), context)
}

/** Starts with `arn:` and has all six parts. */
export function isArn(text: string): boolean {
  if (!text.startsWith('arn:')) return false
  let at = 3
  for (let part = 1; part < HEAD_PART_COUNT; part++) {
    at = text.indexOf(':', at + 1)
    if (at === -1) return false
  }
  return true
}

/** Splits at the first five colons of literal text; colons inside variables and their defaults do not count. */
function partsOf(tokens: readonly Token[]): Token[][] {
  const parts: Token[][] = [[]]
  for (const token of tokens) {
    if (token.kind !== 'text') {
      parts.at(-1)?.push(token)
      continue
    }
    let text = token.text
    for (;;) {
      const colon = parts.length > HEAD_PART_COUNT ? -1 : text.indexOf(':')
      const piece = colon === -1 ? text : text.slice(0, colon)
      if (piece !== '') parts.at(-1)?.push({ kind: 'text', text: piece })
      if (colon === -1) break
      parts.push([])
      text = text.slice(colon + 1)
    }
  }
  return parts
}

const isLiteral = (part: readonly Token[]): boolean => part.every((token) => token.kind === 'text')
