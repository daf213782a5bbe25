import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeKey, encodeKey, type KeyPart, prefixRange, stringPrefixRange } from './keys.ts'

const text = fc.string({ unit: fc.constantFrom('a', 'b', '\0', 'é', '\u{1F600}', '\uffff', '/'), maxLength: 6 })
const number = fc.oneof(fc.nat(), fc.maxSafeNat())
const bytes = fc.uint8Array({ maxLength: 4 }).map((array) => Buffer.from(array))

describe('keys', () => {
  it('come back as the tuple they were made of', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(text, number, bytes), { maxLength: 5 }), (tuple) => {
        expect(decodeKey(encodeKey(tuple))).toEqual(tuple)
      }),
    )
  })

  it('sort as their tuples do: strings by their UTF-8 bytes, numbers by value', () => {
    const tuple = fc.tuple(text, number, text)
    fc.assert(
      fc.property(tuple, tuple, (a, b) => {
        expect(Math.sign(Buffer.compare(encodeKey(a), encodeKey(b)))).toBe(compareTuples(a, b))
      }),
    )
  })

  it('sort a key before those it is a prefix of', () => {
    expect(Buffer.compare(encodeKey(['a']), encodeKey(['a\0']))).toBe(-1)
    expect(Buffer.compare(encodeKey(['a', 'z']), encodeKey(['a\0', 'a']))).toBe(-1)
    expect(Buffer.compare(encodeKey(['a', 'z']), encodeKey(['ab']))).toBe(-1)
  })

  it('hold text of any length', () => {
    const long = 'x'.repeat(100_000)
    expect(decodeKey(encodeKey([long, 7, '\0'.repeat(9000)]))).toEqual([long, 7, '\0'.repeat(9000)])
  })

  it('do not share memory with keys made later', () => {
    const first = encodeKey(['first'])
    encodeKey(['other'])
    expect(decodeKey(first)).toEqual(['first'])
  })

  it('refuse numbers that would not keep their order', () => {
    for (const wrong of [-1, 0.5, 2 ** 53, Number.NaN]) expect(() => encodeKey([wrong])).toThrow(RangeError)
  })

  it('refuse bytes that are no key', () => {
    expect(() => decodeKey(Buffer.from([9]))).toThrow('not a key')
    expect(() => decodeKey(Buffer.from([2, 65]))).toThrow('does not end')
  })
})

describe('ranges', () => {
  const isInside = (range: { gte: Buffer; lt: Buffer }, tuple: KeyPart[]) => {
    const key = encodeKey(tuple)
    return Buffer.compare(key, range.gte) >= 0 && Buffer.compare(key, range.lt) < 0
  }

  it('of a prefix hold exactly the tuples that begin with it', () => {
    fc.assert(
      fc.property(text, fc.array(fc.oneof(text, number, bytes), { maxLength: 3 }), (first, rest) => {
        expect(isInside(prefixRange(['table', 'a']), ['table', first, ...rest])).toBe(first === 'a')
        expect(isInside(prefixRange(['table']), ['table', first, ...rest])).toBe(true)
        expect(isInside(prefixRange(['table']), ['tables', first, ...rest])).toBe(false)
      }),
    )
  })

  it('of a text prefix hold exactly the strings that begin with it', () => {
    fc.assert(
      fc.property(text, text, (prefix, key) => {
        expect(isInside(stringPrefixRange(['table'], prefix), ['table', key, 1])).toBe(key.startsWith(prefix))
      }),
    )
  })
})

function compareTuples(a: readonly (string | number)[], b: readonly (string | number)[]): number {
  for (const [index, left] of a.entries()) {
    const right = b[index] as string | number
    const order =
      typeof left === 'number'
        ? left - (right as number)
        : Buffer.compare(Buffer.from(left), Buffer.from(right as string))
    if (order !== 0) return Math.sign(order)
  }
  return 0
}
