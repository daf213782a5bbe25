import { describe, expect, it } from 'vitest'
import { AwsError } from '../../../protocol/errors.ts'
import { parseFilterPattern } from './pattern.ts'

const JSON_LINE = JSON.stringify({
  level: 'ERROR',
  code: 502,
  ok: false,
  none: null,
  user: { id: 'u-17', tags: ['a', 'b'] },
})

describe('filter patterns', () => {
  it.each([
    ['', 'anything', true],
    ['ERROR', '[ERROR] boom', true],
    ['ERROR', '[error] boom', false],
    ['ERROR boom', 'boom: ERROR', true],
    ['ERROR boom', 'ERROR', false],
    ['?ERROR ?WARN', 'a WARN', true],
    ['?ERROR ?WARN', 'an INFO', false],
    ['ERROR ?WARN', 'ERROR alone', true],
    ['ERROR -timeout', 'ERROR timeout', false],
    ['ERROR -timeout', 'ERROR other', true],
    ['-INFO', 'x', true],
    ['"Task timed out"', 'Task timed out after 3.00 seconds', true],
    ['"Task timed out"', 'timed Task out', false],
    ['-"a b"', 'a b', false],
    ['"say \\"x\\""', 'say "x"', true],
    ['REPORT_1', 'REPORT_1 RequestId', true],
  ])('%s on %s is %s', (pattern, message, expected) => {
    expect(parseFilterPattern(pattern)(message)).toBe(expected)
  })

  it.each([
    ['{ $.level = "ERROR" }', true],
    ['{$.level="ERROR"}', true],
    ['{ $.level = ERROR }', true],
    ['{ $.level != "ERROR" }', false],
    ['{ $.absent != "ERROR" }', false],
    ['{ $.level = "ERR*" }', true],
    ['{ $.level = "*R*R" }', true],
    ['{ $.level = "*RO" }', false],
    ['{ $.code >= 500 }', true],
    ['{ $.code = 502 }', true],
    ['{ $.code < 500 }', false],
    ['{ $.level > 5 }', false],
    ['{ $.user.id = "u-*" && $.user.tags[1] = "b" }', true],
    ['{ $[\'user\'].id = "u-17" }', true],
    ['{ $.none IS NULL }', true],
    ['{ $.ok IS FALSE }', true],
    ['{ $.ok IS TRUE }', false],
    ['{ $.gone NOT EXISTS }', true],
    ['{ $.level NOT EXISTS }', false],
    ['{ ($.code = 1 || $.code = 502) && $.level = "ERROR" }', true],
    ['{ $.code = 502 && ($.level = "x" || $.ok IS TRUE) }', false],
    ['{ $.toString = "x" }', false],
  ])('%s on a JSON line is %s', (pattern, expected) => {
    expect(parseFilterPattern(pattern)(JSON_LINE)).toBe(expected)
    expect(parseFilterPattern(pattern)('no json')).toBe(false)
    expect(parseFilterPattern(pattern)('{broken')).toBe(false)
  })

  it.each([
    '[ip, user]',
    '%regex%',
    '{ $.a = %x% }',
    '{ $.a',
    '{ $.a = }',
    '{ a = 1 }',
    '{ $.a > "x" }',
    '{ ($.a = 1 }',
    '"open',
    'a:b',
    '{ $.a ~ 1 }',
  ])('refuses %s', (pattern) => {
    expect(() => parseFilterPattern(pattern)).toThrow(AwsError)
  })
})
