import { invalidParameter } from '../errors.ts'
import type { MessageMatcher } from './pattern.ts'

type Predicate = (value: unknown) => boolean

const DEPTH_MAX = 20

/**
 * Compiles `{ ($.level = "ERROR" && $.code >= 500) || $.user.id NOT EXISTS }`. A message that is no JSON never matches.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html
 */
export function parseJsonPattern(text: string): MessageMatcher {
  if (!text.endsWith('}')) throw invalid()
  const predicate = new JsonPatternParser(tokenize(text.slice(1, -1))).parse()
  return (message) => {
    const trimmed = message.trimStart()
    if (!trimmed.startsWith('{') && !trimmed.startsWith('[')) return false
    let value: unknown
    try {
      value = JSON.parse(message)
    } catch {
      // A message that only looks like JSON.
      return false
    }
    return predicate(value)
  }
}

type Token =
  | { readonly kind: 'selector'; readonly path: readonly (string | number)[] }
  | { readonly kind: 'string' | 'word'; readonly text: string }
  | { readonly kind: 'symbol'; readonly text: string }

const TOKEN =
  /\s*(?:(\$(?:\.[A-Za-z0-9_-]+|\[\d+\]|\['[^']*'\])*)|"((?:[^"\\]|\\.)*)"|(&&|\|\||>=|<=|!=|[()=<>])|([^\s"()=<>!&|]+))/y

function tokenize(text: string): Token[] {
  const source = text.trimEnd()
  const tokens: Token[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < source.length) {
    const match = TOKEN.exec(source)
    if (match === null) throw invalid()
    const [, selector, quoted, symbol, word] = match
    if (selector !== undefined) tokens.push({ kind: 'selector', path: pathOf(selector) })
    else if (quoted !== undefined) tokens.push({ kind: 'string', text: quoted.replaceAll(/\\(.)/gs, '$1') })
    else if (symbol !== undefined) tokens.push({ kind: 'symbol', text: symbol })
    else tokens.push({ kind: 'word', text: word as string })
  }
  return tokens
}

function pathOf(selector: string): (string | number)[] {
  const path: (string | number)[] = []
  for (const [, name, index, quoted] of selector.matchAll(/\.([A-Za-z0-9_-]+)|\[(\d+)\]|\['([^']*)'\]/g)) {
    path.push(index !== undefined ? Number(index) : ((name ?? quoted) as string))
  }
  return path
}

/** or := and ('||' and)* · and := unit ('&&' unit)* · unit := '(' or ')' | comparison */
class JsonPatternParser {
  readonly #tokens: readonly Token[]
  #at = 0
  #depth = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  parse(): Predicate {
    const predicate = this.#or()
    if (this.#at !== this.#tokens.length) throw invalid()
    return predicate
  }

  #or(): Predicate {
    const parts = [this.#and()]
    while (this.#take('||')) parts.push(this.#and())
    return parts.length === 1 ? (parts[0] as Predicate) : (value) => parts.some((part) => part(value))
  }

  #and(): Predicate {
    const parts = [this.#unit()]
    while (this.#take('&&')) parts.push(this.#unit())
    return parts.length === 1 ? (parts[0] as Predicate) : (value) => parts.every((part) => part(value))
  }

  #unit(): Predicate {
    if (!this.#take('(')) return this.#comparison()
    if (++this.#depth > DEPTH_MAX) throw invalid()
    const predicate = this.#or()
    if (!this.#take(')')) throw invalid()
    this.#depth--
    return predicate
  }

  #comparison(): Predicate {
    const selector = this.#next()
    if (selector?.kind !== 'selector') throw invalid()
    const { path } = selector
    const operator = this.#next()
    if (operator?.kind === 'word') return this.#keyword(path, operator.text.toUpperCase())
    if (operator?.kind !== 'symbol') throw invalid()
    const operand = this.#next()
    if (operand?.kind !== 'string' && operand?.kind !== 'word') throw invalid()
    const test = comparison(operator.text, operand.text, operand.kind === 'string')
    return (value) => {
      const found = select(value, path)
      return found !== undefined && test(found)
    }
  }

  #keyword(path: readonly (string | number)[], keyword: string): Predicate {
    const operand = this.#next()
    const word = operand?.kind === 'word' ? operand.text.toUpperCase() : ''
    if (keyword === 'NOT' && word === 'EXISTS') return (value) => select(value, path) === undefined
    if (keyword !== 'IS') throw invalid()
    if (word === 'NULL') return (value) => select(value, path) === null
    if (word === 'TRUE') return (value) => select(value, path) === true
    if (word === 'FALSE') return (value) => select(value, path) === false
    throw invalid()
  }

  #next(): Token | undefined {
    return this.#tokens[this.#at++]
  }

  #take(symbol: string): boolean {
    const token = this.#tokens[this.#at]
    if (token?.kind !== 'symbol' || token.text !== symbol) return false
    this.#at++
    return true
  }
}

function comparison(operator: string, operand: string, isQuoted: boolean): Predicate {
  const number = isQuoted || operand === '' ? Number.NaN : Number(operand)
  switch (operator) {
    case '=':
      return equality(operand, number, isQuoted)
    case '!=': {
      const equals = equality(operand, number, isQuoted)
      return (value) => !equals(value)
    }
    case '>':
    case '<':
    case '>=':
    case '<=': {
      if (Number.isNaN(number)) throw invalid()
      const test = ORDERINGS[operator]
      return (value) => typeof value === 'number' && test(value, number)
    }
    default:
      throw invalid()
  }
}

const ORDERINGS = {
  '>': (a: number, b: number) => a > b,
  '<': (a: number, b: number) => a < b,
  '>=': (a: number, b: number) => a >= b,
  '<=': (a: number, b: number) => a <= b,
} as const

/** Strings compare as text in which `*` stands for anything; numbers as numbers. */
function equality(operand: string, number: number, isQuoted: boolean): Predicate {
  if (!isQuoted && operand.startsWith('%')) {
    throw invalidParameter('Regular expressions in filter patterns are not supported by Millrace.')
  }
  const parts = operand.split('*')
  return (value) => {
    if (typeof value === 'number') return value === number
    return typeof value === 'string' && (parts.length === 1 ? value === operand : matchesParts(value, parts))
  }
}

/** Glob without a regular expression: each part is found after the one before, the first and last at the ends. */
function matchesParts(value: string, parts: readonly string[]): boolean {
  const first = parts[0] as string
  const last = parts.at(-1) as string
  if (!value.startsWith(first) || value.length < first.length + last.length || !value.endsWith(last)) return false
  let at = first.length
  const end = value.length - last.length
  for (const part of parts.slice(1, -1)) {
    const found = value.indexOf(part, at)
    if (found === -1 || found + part.length > end) return false
    at = found + part.length
  }
  return at <= end
}

function select(value: unknown, path: readonly (string | number)[]): unknown {
  let found = value
  for (const step of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, step)) return undefined
    found = (found as Record<string | number, unknown>)[step]
  }
  return found
}

const invalid = () => invalidParameter('Invalid filter pattern')
