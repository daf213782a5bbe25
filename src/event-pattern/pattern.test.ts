import { describe, expect, it } from 'vitest'
import { parsePattern, PatternSyntaxError } from './pattern.ts'

const matches = (pattern: object, event: unknown) => parsePattern(JSON.stringify(pattern)).matches(event)

const either = (name: string) => ({ $or: Array.from({ length: 11 }, (_, index) => ({ [name]: [index] })) })

function reason(text: string): string {
  try {
    parsePattern(text)
  } catch (error) {
    if (error instanceof PatternSyntaxError) return error.message
    throw error
  }
  return 'valid'
}

describe('a pattern', () => {
  it.each([
    ['a number however it is written', { a: [300] }, { a: 3e2 }, true],
    ['no number that is a text', { a: [300] }, { a: '300' }, false],
    ['an IPv6 address however it is written', { a: ['2001:db8::1'] }, { a: '2001:0db8:0:0:0:0:0:1' }, true],
    ['an escaped wildcard as a star', { a: [{ wildcard: 'a\\**' }] }, { a: 'a*b' }, true],
    ['text between wildcards once only', { a: [{ wildcard: 'ab*ba' }] }, { a: 'aba' }, false],
    ['any other case of a prefix', { a: [{ prefix: { 'equals-ignore-case': 'AB' } }] }, { a: 'abc' }, true],
    ['anything but several prefixes', { a: [{ 'anything-but': { prefix: ['x', 'y'] } }] }, { a: 'yes' }, false],
    ['an empty list as absence', { a: [{ exists: false }] }, { a: [] }, true],
    ['no object as a value', { a: [{ exists: true }] }, { a: { b: 1 } }, false],
    ['absence in the whole event only', { d: { a: [1], b: [{ exists: false }] } }, { d: [{ a: 1 }, { b: 2 }] }, false],
    ['one alternative', { s: ['x'], $or: [{ a: [1] }, { b: [2] }] }, { s: 'x', b: 2 }, true],
    ['no alternative without the rest', { s: ['x'], $or: [{ a: [1] }, { b: [2] }] }, { b: 2 }, false],
    ['names that are no fields of objects', { toString: [{ exists: false }] }, {}, true],
    ['a dotted name beside an object', { a: { b: [1], c: [2] } }, { 'a.b': 1, a: { c: 2 } }, true],
  ])('takes %s', (_, pattern, event, expected) => {
    expect(matches(pattern, event)).toBe(expected)
  })

  it.each([
    ['[]', 'Filter is not an object\n at [Source: (String)"[]"; line: 1, column: 2]'],
    ['{}', 'Empty objects are not allowed\n at [Source: (String)"{}"; line: 1, column: 3]'],
    [
      '{"source":["test.event-pattern"],"detail":{"lenderId":"LenderA"}}',
      '"lenderId" must be an object or an array\n at [Source: (String)"{"source":["test.event-pattern"],"detail":{"lenderId":"LenderA"}}"; line: 1, column: 56]',
    ],
    [
      'this is not json',
      `Unrecognized token 'this': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')\n at [Source: (String)"this is not json"; line: 1, column: 5]`,
    ],
    ['{"a":[{"prefix":"a","suffix":"b"}]}', expect.stringMatching(/^Only one key allowed in match expression\n/)],
    ['{"a":[1]', expect.stringMatching(/^Unexpected end-of-input\n/)],
    ['{"a":[1]} x', expect.stringMatching(/^Unexpected character \('x' \(code 120\)\)/)],
    ['{"$or":[{"a":[1]}]}', expect.stringMatching(/^There must have at least 2 Objects in \$or relationship\.\n/)],
    ['{"a":[{"numeric":[">",5,"<",5]}]}', expect.stringMatching(/^Bottom must be less than top\n/)],
    ['{"a":[{"cidr":"10.0.0.0/32"}]}', 'IPv4 mask bits must be < 32'],
  ])('that is %s is refused with the place', (text, expected) => {
    expect(reason(text)).toEqual(expected)
  })

  it('says only the beginning of a long text', () => {
    expect(reason(`{"${'a'.repeat(600)}":1}`)).toMatch(/"\[truncated 106 chars\]; line: 1, column: 606\]$/)
  })

  it('refuses more combinations than anybody needs', () => {
    const text = JSON.stringify({ a: either('x'), b: either('y'), c: either('z') })
    expect(reason(text)).toMatch(/^Rule is too complex/)
  })

  it('does not recurse without end', () => {
    expect(reason(`${'{"a":'.repeat(5000)}[1]${'}'.repeat(5000)}`)).toBe('Event pattern is too deep')
  })
})

describe('why an event does not match', () => {
  it.each([
    [{ a: ['x'] }, { a: 'y' }, 'a is "y"'],
    [{ a: { b: ['x'] } }, { a: {} }, 'a.b is absent'],
    [{ d: { a: [1], b: [2] } }, { d: [{ a: 1 }, { b: 2 }] }, 'no element of an array matches all of its fields'],
    [{ a: ['x'] }, { a: 'x' }, undefined],
  ])('%j %j', (pattern, event, expected) => {
    expect(parsePattern(JSON.stringify(pattern)).mismatch(event)).toBe(expected)
  })
})
