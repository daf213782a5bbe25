import {
  anyValue,
  cidr,
  equalsIgnoreCase,
  exactly,
  inRange,
  type Matcher,
  noneOf,
  prefix,
  prefixIgnoreCase,
  suffix,
  suffixIgnoreCase,
  wildcard,
} from './matchers.ts'
import { PatternSyntaxError } from './syntax-error.ts'
import type { JsonTokens, Token } from './tokens.ts'

/** Reads `"prefix": "x"}` and its like, behind the brace. Throws PatternSyntaxError. */
export function parseMatchExpression(tokens: JsonTokens): Matcher | 'absent' {
  const name = tokens.next()
  if (name.kind !== 'field') tokens.fail('Match expression name not found', name.position)
  switch (name.text) {
    case 'exactly':
      return only(tokens, exactly(stringOf(tokens, tokens.next(), 'exact match pattern must be a string')))
    case 'prefix':
      return affix(tokens, 'prefix', prefix, prefixIgnoreCase)
    case 'suffix':
      return affix(tokens, 'suffix', suffix, suffixIgnoreCase)
    case 'equals-ignore-case': {
      const text = stringOf(tokens, tokens.next(), 'equals-ignore-case match pattern must be a string')
      return only(tokens, equalsIgnoreCase(text))
    }
    case 'wildcard':
      return only(tokens, wildcard(stringOf(tokens, tokens.next(), 'wildcard match pattern must be a string')))
    case 'cidr':
      // The text is AWS's own slip.
      return only(tokens, cidr(stringOf(tokens, tokens.next(), 'prefix match pattern must be a string')))
    case 'numeric':
      return numeric(tokens)
    case 'exists': {
      const value = tokens.next()
      if (value.kind !== 'true' && value.kind !== 'false') {
        tokens.fail('exists match pattern must be either true or false.', value.position)
      }
      return only(tokens, value.kind === 'true' ? anyValue : 'absent')
    }
    case 'anything-but':
      return anythingBut(tokens)
    default:
      return tokens.fail(`Unrecognized match type ${name.text}`, name.position)
  }
}

type OfText = (text: string) => Matcher

/** `"x"`, or `{"equals-ignore-case": "x"}`. */
function affix(tokens: JsonTokens, name: string, plain: OfText, ignoringCase: OfText): Matcher {
  const token = tokens.next()
  if (token.kind !== '{') return only(tokens, plain(stringOf(tokens, token, `${name} match pattern must be a string`)))
  const inner = tokens.next()
  if (inner.kind !== 'field' || inner.text !== 'equals-ignore-case') {
    tokens.fail(`Unsupported ${name} pattern: ${inner.text}`, inner.position)
  }
  const text = stringOf(tokens, tokens.next(), 'equals-ignore-case match pattern must be a string')
  end(tokens)
  return only(tokens, ignoringCase(text))
}

function anythingBut(tokens: JsonTokens): Matcher {
  const token = tokens.next()
  if (token.kind === '{') return anythingButExpression(tokens)
  if (token.kind === 'string') return only(tokens, noneOf([exactly(token.text)]))
  if (token.kind === 'number') return only(tokens, noneOf([exactly(Number(token.text))]))
  if (token.kind !== '[') {
    tokens.fail('Value of anything-but must be an array or single string/number value.', token.position)
  }
  const values: (string | number)[] = []
  for (;;) {
    const item = tokens.next()
    if (item.kind === ']') {
      const stringCount = values.filter((value) => typeof value === 'string').length
      if (values.length === 0 || (stringCount > 0 && stringCount < values.length)) {
        const rule = 'either all values are number or string, mixed type is not supported'
        tokens.fail(`Inside anything but list, ${rule}`, item.position)
      }
      return only(tokens, noneOf(values.map(exactly)))
    }
    if (item.kind === 'string') values.push(item.text)
    else if (item.kind === 'number') values.push(Number(item.text))
    else tokens.fail('Inside anything but list, start|null|boolean is not supported.', item.position)
  }
}

/** `{"prefix": "x"}`, with one text or a list of them. */
function anythingButExpression(tokens: JsonTokens): Matcher {
  const name = tokens.next()
  if (name.kind !== 'field') tokens.fail('Anything-But expression name not found', name.position)
  const isAffix = name.text === 'prefix' || name.text === 'suffix'
  const ofText = ANYTHING_BUT[name.text]
  if (ofText === undefined) return tokens.fail(`Unsupported anything-but pattern: ${name.text}`, name.position)
  const complaint = isAffix
    ? 'prefix/suffix match pattern must be a string'
    : name.text === 'wildcard'
      ? 'wildcard match pattern must be a string'
      : 'Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.'
  const readText = (token: Token): Matcher => {
    const text = stringOf(tokens, token, complaint)
    if (isAffix && text === '') tokens.fail('Null prefix/suffix not allowed', token.end)
    return ofText(text)
  }
  const token = tokens.next()
  if (token.kind === '{') {
    tokens.fail('Value of anything-but must be an array or single string/number value.', token.position)
  }
  const matchers: Matcher[] = []
  if (token.kind === '[') {
    for (let item = tokens.next(); item.kind !== ']'; item = tokens.next()) matchers.push(readText(item))
    if (matchers.length === 0) throw new PatternSyntaxError('Empty arrays are not allowed')
  } else matchers.push(readText(token))
  end(tokens)
  return only(tokens, noneOf(matchers))
}

const ANYTHING_BUT: Readonly<Record<string, OfText | undefined>> = {
  prefix,
  suffix,
  wildcard,
  'equals-ignore-case': equalsIgnoreCase,
}

/** `[">", 0, "<=", 5]` */
function numeric(tokens: JsonTokens): Matcher {
  const opening = tokens.next()
  if (opening.kind !== '[') tokens.fail('Value of numeric must be an array.', opening.position)
  const operator = tokens.next()
  if (operator.kind !== 'string') tokens.fail(`Invalid member in numeric match: ${operator.text}`, operator.end)
  if (!['=', '<', '<=', '>', '>='].includes(operator.text)) {
    tokens.fail(`Unrecognized numeric range operator: ${operator.text}`, operator.end)
  }
  const value = numberOf(tokens, operator.text === '=' ? 'equals' : operator.text)
  const next = tokens.next()
  if (next.kind !== ']' && !operator.text.startsWith('>')) {
    tokens.fail('Too many elements in numeric expression', next.position)
  }
  let bottom = operator.text.startsWith('<') ? Number.NEGATIVE_INFINITY : value
  let top = operator.text.startsWith('>') ? Number.POSITIVE_INFINITY : value
  const isBottomOpen = operator.text === '>'
  let isTopOpen = operator.text === '<'
  if (next.kind !== ']') {
    if (next.kind !== 'string') tokens.fail(`Bad value in numeric range: ${next.text}`, next.end)
    if (next.text !== '<' && next.text !== '<=') tokens.fail(`Bad numeric range operator: ${next.text}`, next.end)
    bottom = value
    top = numberOf(tokens, next.text)
    isTopOpen = next.text === '<'
    const closing = tokens.next()
    if (closing.kind !== ']') tokens.fail('Too many terms in numeric range expression', closing.position)
    if (!(bottom < top)) tokens.fail('Bottom must be less than top', closing.position)
  }
  const token = tokens.next()
  if (token.kind !== '}') tokens.fail('Too many elements in numeric expression', token.position)
  return inRange({ bottom, isBottomOpen, top, isTopOpen })
}

function numberOf(tokens: JsonTokens, operator: string): number {
  const token = tokens.next()
  if (token.kind !== 'number') tokens.fail(`Value of ${operator} must be numeric`, token.position)
  return Number(token.text)
}

function stringOf(tokens: JsonTokens, token: Token, complaint: string): string {
  if (token.kind !== 'string') tokens.fail(complaint, token.position)
  return token.text
}

function only<T>(tokens: JsonTokens, matcher: T): T {
  end(tokens)
  return matcher
}

function end(tokens: JsonTokens): void {
  const token = tokens.next()
  if (token.kind !== '}') tokens.fail('Only one key allowed in match expression', token.position)
}
