import { invalidParameter } from '../errors.ts'
import { parseJsonPattern } from './json-pattern.ts'

export type MessageMatcher = (message: string) => boolean

const PATTERN_TERMS_MAX = 100

/**
 * Compiles a filter pattern: words that must all occur, `?word` (one of these must), `-word` (must not), phrases in quotes, or a JSON
 * selector in braces. Case matters. Throws InvalidParameterException, also for what Millrace does not evaluate: space-delimited patterns
 * in brackets and regular expressions between percent signs.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
 */
export function parseFilterPattern(pattern: string): MessageMatcher {
  const text = pattern.trim()
  if (text === '') return () => true
  if (text.startsWith('{')) return parseJsonPattern(text)
  if (text.startsWith('[')) throw invalidParameter('Space-delimited filter patterns are not supported by Millrace.')
  const terms = readTerms(text)
  if (terms.length > PATTERN_TERMS_MAX) throw invalidParameter('Invalid filter pattern: too many terms')
  const ofKind = (kind: Term['kind']) => terms.filter((term) => term.kind === kind).map((term) => term.text)
  const required = ofKind('all')
  const optional = ofKind('any')
  const excluded = ofKind('none')
  return (message) =>
    required.every((term) => message.includes(term)) &&
    !excluded.some((term) => message.includes(term)) &&
    // Beside required words, optional ones decide nothing.
    (optional.length === 0 || required.length > 0 || optional.some((term) => message.includes(term)))
}

interface Term {
  readonly kind: 'all' | 'any' | 'none'
  readonly text: string
}

const TERM = /([?-]?)(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))\s*/y
/** Anything else beside letters, digits and underscores must be quoted. */
const PLAIN_WORD = /^[\p{L}\p{N}_]+$/u

function readTerms(text: string): Term[] {
  const terms: Term[] = []
  TERM.lastIndex = 0
  while (TERM.lastIndex < text.length) {
    const match = TERM.exec(text)
    if (match === null) throw invalidParameter('Invalid filter pattern')
    const [, sign, quoted, word] = match
    if (word?.startsWith('%'))
      throw invalidParameter('Regular expressions in filter patterns are not supported by Millrace.')
    if (word !== undefined && !PLAIN_WORD.test(word)) {
      throw invalidParameter(`Invalid character(s) in term '${word}'`)
    }
    const term = quoted === undefined ? (word as string) : quoted.replaceAll(/\\(.)/gs, '$1')
    terms.push({ kind: sign === '?' ? 'any' : sign === '-' ? 'none' : 'all', text: term })
  }
  return terms
}
