import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileArnPattern } from './arn-pattern.ts'
import { compilePattern } from './pattern.ts'

const nothing = () => undefined
const like = (pattern: string, text: string) =>
  compilePattern(pattern, { hasVariables: true, hasWildcards: true })(text, nothing)
const arn = (pattern: string, text: string) =>
  compileArnPattern(pattern, { hasVariables: true, hasWildcards: true })(text, nothing)

const letters = (units: string[], maxLength: number) =>
  fc.array(fc.constantFrom(...units), { maxLength }).map((chars) => chars.join(''))

describe('a glob', () => {
  it.each([
    ['*', '', true],
    ['a*', 'a', true],
    ['a*c', 'abbc', true],
    ['a*b*c', 'acb', false],
    ['ab*bc', 'abc', false],
    ['*ab', 'aab', true],
    ['?', '', false],
    ['a?c', 'abc', true],
    ['a?*c', 'ac', false],
    ['*a?b*', 'xaab', true],
    ['a*?b', 'axb', true],
    ['', '', true],
    ['', 'a', false],
    ['${*}', '*', true],
    ['${*}', 'a', false],
    ['${$}{x}', '${x}', true],
    ['${', '${', true],
  ])('%s against %s: %s', (pattern, text, expected) => {
    expect(like(pattern, text)).toBe(expected)
  })

  it('matches exactly what the regular expression of the same meaning matches', () => {
    fc.assert(
      fc.property(letters(['a', 'b', '*', '?'], 10), letters(['a', 'b'], 12), (pattern, text) => {
        const expression = pattern.replaceAll('?', '.').replace(/\*+/g, '.*')
        expect(like(pattern, text)).toBe(new RegExp(`^${expression}$`, 's').test(text))
      }),
    )
  })

  it('stays quick for hostile patterns', () => {
    expect(like(`${'a*'.repeat(200)}b`, 'a'.repeat(10_000))).toBe(false)
  })
})

describe('an ARN pattern', () => {
  it.each([
    ['*', '*', true],
    ['arn:aws:s3:::b', '*', false],
    ['arn:aws:s3:::b/*', 'arn:aws:s3:::b', false],
    ['arn:aws:s3:::b*', 'arn:aws:s3:::b', true],
    ['arn:aws:s3:::b*', 'arn:aws:s3:::bee/k', true],
    ['arn:aws:s3:::B', 'arn:aws:s3:::b', false],
    ['arn:*:s3:::b', 'arn:aws:s3:::b', true],
    ['arn:aws:lambda:*:1:function:f', 'arn:aws:lambda:us-east-1:1:function:f', true],
    // A wildcard stays within its part.
    ['arn:aws:*:1:function:f', 'arn:aws:lambda:us-east-1:1:function:f', false],
    ['arn:aws:lambda:us-*:1:function:f', 'arn:aws:lambda:us-east-1:1:function:f', true],
    ['arn:aws:lambda:us*:function:f', 'arn:aws:lambda:us-east-1:1:function:f', false],
    // A short pattern that ends in a star covers what follows.
    ['arn:aws:s3*', 'arn:aws:s3:::b/k', true],
    ['arn:aws:*', 'arn:aws:lambda:us-east-1:1:function:f', true],
    ['arn:aws:lambda:us-east-1:*', 'arn:aws:lambda:us-east-1:1:function:f:2', true],
    ['arn:aws:lambda:us-east-1', 'arn:aws:lambda:us-east-1:1:function:f', false],
    // In the last part it crosses everything.
    ['arn:aws:lambda:us-east-1:1:function:f:*', 'arn:aws:lambda:us-east-1:1:function:f:1', true],
    ['arn:aws:lambda:us-east-1:1:*', 'arn:aws:lambda:us-east-1:1:function:f:1', true],
    ['arn:aws:s3:::b/a?c', 'arn:aws:s3:::b/a/c', true],
  ])('%s against %s: %s', (pattern, text, expected) => {
    expect(arn(pattern, text)).toBe(expected)
  })

  it('does not let the value of a variable reach into the next part', () => {
    const matches = compileArnPattern('arn:aws:lambda:${aws:region}:1:function:f', {
      hasVariables: true,
      hasWildcards: true,
    })
    const text = 'arn:aws:lambda:us-east-1:1:function:f'
    expect(matches(text, () => 'us-east-1')).toBe(true)
    expect(matches(text, () => 'us-east-1:1')).toBe(false)
    expect(matches(text, () => '*')).toBe(false)
  })
})
