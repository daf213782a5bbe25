import { BlockList, isIP } from 'node:net'
import { PatternSyntaxError } from './syntax-error.ts'

/** What a leaf of an event is: everything but objects and arrays. */
export type Scalar = string | number | boolean | null

export type Matcher = (value: Scalar) => boolean

export interface NumberRange {
  readonly bottom: number
  readonly isBottomOpen: boolean
  readonly top: number
  readonly isTopOpen: boolean
}

/** Wildcards in one pattern. AWS counts states of an automaton; five is what its documentation's examples stay below. */
const WILDCARD_COUNT_MAX = 5

export const anyValue: Matcher = () => true

export function exactly(expected: Scalar): Matcher {
  // Two addresses may be written differently and be the same.
  if (typeof expected === 'string' && isIP(expected) === 6) {
    const range = rangeOf(expected, 128)
    return (value) => value === expected || (typeof value === 'string' && range(value))
  }
  return (value) => value === expected
}

export function prefix(text: string): Matcher {
  return (value) => typeof value === 'string' && value.startsWith(text)
}

export function suffix(text: string): Matcher {
  return (value) => typeof value === 'string' && value.endsWith(text)
}

export function equalsIgnoreCase(text: string): Matcher {
  const folded = fold(text)
  return (value) => typeof value === 'string' && fold(value) === folded
}

export function prefixIgnoreCase(text: string): Matcher {
  const folded = fold(text)
  return (value) => typeof value === 'string' && fold(value).startsWith(folded)
}

export function suffixIgnoreCase(text: string): Matcher {
  const folded = fold(text)
  return (value) => typeof value === 'string' && fold(value).endsWith(folded)
}

export function inRange({ bottom, isBottomOpen, top, isTopOpen }: NumberRange): Matcher {
  return (value) =>
    typeof value === 'number' &&
    (isBottomOpen ? value > bottom : value >= bottom) &&
    (isTopOpen ? value < top : value <= top)
}

/** Any value that none of these match; of whatever type. */
export function noneOf(matchers: readonly Matcher[]): Matcher {
  return (value) => !matchers.some((matches) => matches(value))
}

/** `*` stands for any characters, `\*` and `\\` for themselves. Throws PatternSyntaxError. */
export function wildcard(text: string): Matcher {
  const [first = '', ...rest] = literalsOf(text)
  if (rest.length > WILDCARD_COUNT_MAX) {
    throw new PatternSyntaxError(
      'Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a wildcard character',
    )
  }
  const last = rest.pop()
  if (last === undefined) return exactly(first)
  return (value) => {
    if (typeof value !== 'string' || !value.startsWith(first)) return false
    let at = first.length
    for (const literal of rest) {
      const found = value.indexOf(literal, at)
      if (found < 0) return false
      at = found + literal.length
    }
    return value.length - last.length >= at && value.endsWith(last)
  }
}

/** Addresses of a block. Throws PatternSyntaxError. */
export function cidr(text: string): Matcher {
  const parts = text.split('/')
  const [address = '', mask = ''] = parts
  if (parts.length !== 2 || mask === '') throw new PatternSyntaxError("Malformed CIDR, one '/' required")
  if (!/^[+-]?\d+$/.test(mask)) throw new PatternSyntaxError('Malformed CIDR, mask bits must be an integer')
  const bits = Number(mask)
  if (bits < 0) throw new PatternSyntaxError('Malformed CIDR, mask bits must not be negative')
  const family = isIP(address)
  if (family === 0) throw new PatternSyntaxError(`Nonstandard IP address: ${address}`)
  const bitCount = family === 4 ? 32 : 128
  if (bits >= bitCount) throw new PatternSyntaxError(`IPv${family} mask bits must be < ${bitCount}`)
  const contains = rangeOf(address, bits)
  return (value) => typeof value === 'string' && contains(value)
}

function rangeOf(address: string, bits: number): (text: string) => boolean {
  const family = isIP(address)
  const block = new BlockList()
  const kind = family === 4 ? 'ipv4' : 'ipv6'
  block.addSubnet(address, bits, kind)
  return (text) => isIP(text) === family && block.check(text, kind)
}

/** The texts between the wildcards. */
function literalsOf(text: string): string[] {
  const literals: string[] = []
  let literal = ''
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string
    if (character === '*') {
      // AWS counts the quote before the text, and bytes.
      if (text[at + 1] === '*') {
        throw new PatternSyntaxError(
          `Consecutive wildcard characters at pos ${Buffer.byteLength(text.slice(0, at)) + 1}`,
        )
      }
      literals.push(literal)
      literal = ''
    } else if (character === '\\') {
      const escaped = text[at + 1]
      if (escaped !== '*' && escaped !== '\\') {
        throw new PatternSyntaxError(`Invalid escape character at pos ${Buffer.byteLength(text.slice(0, at)) + 1}`)
      }
      literal += escaped
      at++
    } else literal += character
  }
  literals.push(literal)
  return literals
}

function fold(text: string): string {
  return text.toUpperCase().toLowerCase()
}
