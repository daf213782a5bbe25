import { describe, expect, it } from 'vitest'
import { compileCondition } from './condition.ts'
import { parseOperatorName } from './operators.ts'

type Value = string | readonly string[] | undefined

function holds(operator: string, policyValues: string | string[], requestValue: Value): boolean {
  const name = parseOperatorName(operator)
  if (name === undefined) throw new Error(`no operator ${operator}`)
  const condition = { ...name, key: 'x:y', values: [policyValues].flat() }
  return compileCondition(condition, true)((key) => (key === 'x:y' ? requestValue : undefined))
}

describe('an operator', () => {
  const rows: [operator: string, policy: string | string[], request: Value, expected: boolean][] = [
    ['StringEquals', ['a', 'b'], 'b', true],
    ['StringEquals', 'a', 'A', false],
    ['StringEquals', '*', 'a', false],
    ['StringEquals', 'a', undefined, false],
    ['StringEqualsIfExists', 'a', undefined, true],
    ['StringNotEquals', ['a', 'b'], 'b', false],
    ['StringNotEquals', ['a', 'b'], 'c', true],
    ['StringNotEquals', 'a', undefined, true],
    ['StringEqualsIgnoreCase', 'Ab', 'aB', true],
    ['StringNotEqualsIgnoreCase', 'Ab', 'aB', false],
    ['StringLike', 'a*', 'abc', true],
    ['StringNotLike', 'a*', 'abc', false],
    ['stringlike', 'a*', 'abc', true],
    ['NumericEquals', '5', '5.0', true],
    ['NumericNotEquals', '5', '6', true],
    ['NumericNotEquals', '5', 'x', false],
    ['NumericLessThan', '5', '4', true],
    ['NumericLessThan', '5', '5', false],
    ['NumericLessThanEquals', '5', '5', true],
    ['NumericGreaterThan', ['9', '5'], '6', true],
    ['NumericGreaterThanEquals', '5', 'x', false],
    ['NumericEquals', '', '', false],
    ['DateGreaterThan', '2026-01-01T00:00:00Z', '2026-06-01T12:00:00.000Z', true],
    ['DateLessThan', '2026-01-01', '2025-12-31T23:59:59Z', true],
    ['DateEquals', '1767225600', '2026-01-01T00:00:00Z', true],
    ['DateNotEquals', '2026-01-01', 'soon', false],
    ['Bool', 'true', 'True', true],
    ['Bool', 'false', 'true', false],
    ['Bool', 'false', undefined, false],
    ['BinaryEquals', 'aGk=', 'aGk', true],
    ['IpAddress', '10.0.0.0/8', '10.255.0.1', true],
    ['IpAddress', '10.0.0.0/8', '11.0.0.1', false],
    ['IpAddress', '10.0.0.1', '10.0.0.1', true],
    ['IpAddress', '0.0.0.0/0', '1.2.3.4', true],
    ['IpAddress', '10.0.0.0/8', '::ffff:10.0.0.1', true],
    ['IpAddress', '2001:db8::/32', '2001:db8:1::5', true],
    ['IpAddress', '2001:db8::/32', '2001:db9::5', false],
    ['IpAddress', '::1', '::1', true],
    ['IpAddress', '10.0.0.0/33', '10.0.0.1', false],
    ['NotIpAddress', '10.0.0.0/8', '11.0.0.1', true],
    ['NotIpAddress', '10.0.0.0/8', undefined, true],
    ['ArnEquals', 'arn:aws:s3:::b*', 'arn:aws:s3:::bucket', true],
    ['ArnLike', 'arn:aws:s3:*:*:b', 'arn:aws:s3:::b', true],
    ['ArnLike', '*', 'no arn', false],
    ['ArnNotLike', 'arn:aws:s3:::b', 'arn:aws:s3:::c', true],
    ['ArnNotEquals', 'arn:aws:s3:::b', undefined, true],
    ['Null', 'true', undefined, true],
    ['Null', 'true', 'a', false],
    ['Null', 'false', 'a', true],
    ['Null', 'false', [], false],
    ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'b'], true],
    ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'c'], false],
    ['ForAllValues:StringEquals', 'a', [], true],
    ['ForAllValues:StringEquals', 'a', 'a', true],
    ['ForAllValues:StringNotEquals', 'a', ['b', 'c'], true],
    ['ForAnyValue:StringEquals', 'a', ['b', 'a'], true],
    ['ForAnyValue:StringLike', 'a*', ['b', 'c'], false],
    ['ForAnyValue:StringNotEquals', 'a', ['a', 'b'], true],
    ['ForAnyValue:StringEquals', 'a', undefined, false],
    ['ForAnyValue:StringEqualsIfExists', 'a', undefined, true],
    ['StringEquals', 'a', ['a'], false],
    ['StringNotEquals', 'a', ['b'], false],
  ]
  it.each(rows)('%s %s against %s: %s', (operator, policy, request, expected) => {
    expect(holds(operator, policy, request)).toBe(expected)
  })
})
