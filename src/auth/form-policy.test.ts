import { describe, expect, it } from 'vitest'
import { sourceFrom } from '../std/byte-source.ts'
import { checkFormPolicy, parseFormPolicy, sizedFile } from './form-policy.ts'

const NOW_MS = Date.parse('2026-01-31T10:00:00Z')

function policy(conditions: unknown, expiration: unknown = '2026-01-31T11:00:00Z') {
  return parseFormPolicy(Buffer.from(JSON.stringify({ expiration, conditions })).toString('base64'))
}

function check(conditions: unknown, fields: Record<string, string>, nowMs = NOW_MS): string {
  try {
    checkFormPolicy(policy(conditions), new Map(Object.entries(fields)), nowMs)
    return 'ok'
  } catch (error) {
    return (error as Error).message
  }
}

describe('the policy of a form', () => {
  it.each([
    ['equal values', [{ bucket: 'b' }, ['eq', '$key', 'k']], { bucket: 'b', key: 'k' }, 'ok'],
    [
      'names and operators in any case',
      [{ bUcKeT: 'b' }, ['StArTs-WiTh', '$KeY', 'user/']],
      { bucket: 'b', key: 'user/1' },
      'ok',
    ],
    ['an empty prefix', [['starts-with', '$x-amz-meta-a', '']], { 'x-amz-meta-a': 'anything' }, 'ok'],
    [
      'another value',
      [['eq', '$key', 'x']],
      { key: 'y' },
      'Invalid according to Policy: Policy Condition failed: ["eq", "$key", "x"]',
    ],
    [
      'another value of a simple condition',
      [{ acl: 'private' }],
      { acl: 'public-read' },
      'Invalid according to Policy: Policy Condition failed: ["eq", "$acl", "private"]',
    ],
    [
      'a missing field',
      [['starts-with', '$x-amz-meta-a', 'b']],
      {},
      'Invalid according to Policy: Policy Condition failed: ["starts-with", "$x-amz-meta-a", "b"]',
    ],
    ['a list of types', [['starts-with', '$Content-Type', 'image/']], { 'content-type': 'image/png,image/gif' }, 'ok'],
    [
      'a list with one wrong type',
      [['starts-with', '$Content-Type', 'image/']],
      { 'content-type': 'image/png,text/html' },
      'Invalid according to Policy: Policy Condition failed: ["starts-with", "$Content-Type", "image/"]',
    ],
    ['an escaped dollar', [['eq', '$key', '\\$a']], { key: '$a' }, 'ok'],
    [
      'fields that vouch for themselves or are to be ignored',
      [],
      { policy: 'p', 'x-amz-signature': 's', 'x-amz-date': 'd', 'x-ignore-me': '1' },
      'ok',
    ],
    [
      'a field without a condition',
      [{ bucket: 'b' }],
      { bucket: 'b', key: 'k', acl: 'private' },
      'Invalid according to Policy: Extra input fields: key, acl',
    ],
  ])('decides on %s', (_, conditions, fields, expected) => {
    expect(check(conditions, fields as Record<string, string>)).toBe(expected)
  })

  it('ends at its expiration', () => {
    expect(check([], {}, NOW_MS + 3_600_000)).toBe('ok')
    expect(check([], {}, NOW_MS + 3_600_001)).toBe('Invalid according to Policy: Policy expired.')
  })

  it.each([
    ['no expiration', { conditions: [] }, 'Policy missing expiration.'],
    ['a date without a time', { expiration: '2026-01-31', conditions: [] }, "Invalid 'expiration' value: '2026-01-31'"],
    ['no conditions', { expiration: '2026-01-31T11:00:00Z' }, 'Policy missing conditions.'],
    [
      'a condition of two properties',
      { expiration: '2026-01-31T11:00:00Z', conditions: [{ a: '1', b: '2' }] },
      'Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.',
    ],
    [
      'an empty condition',
      { expiration: '2026-01-31T11:00:00Z', conditions: [{}] },
      'Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.',
    ],
    [
      'an unknown operator',
      { expiration: '2026-01-31T11:00:00Z', conditions: [['ends-with', '$key', 'x']] },
      'Invalid Condition: ["ends-with","$key","x"]',
    ],
    [
      'half a range',
      { expiration: '2026-01-31T11:00:00Z', conditions: [['content-length-range', 1]] },
      'Invalid content-length-range: it needs two numbers of bytes.',
    ],
    [
      'a negative range',
      { expiration: '2026-01-31T11:00:00Z', conditions: [['content-length-range', -1, 5]] },
      'Invalid content-length-range: it needs two numbers of bytes.',
    ],
  ])('is refused with %s', (_, document, message) => {
    const base64 = Buffer.from(JSON.stringify(document)).toString('base64')
    expect(() => parseFormPolicy(base64)).toThrow(
      expect.objectContaining({ code: 'InvalidPolicyDocument', message: `Invalid Policy: ${message}` }),
    )
  })

  it('is refused when it is no JSON', () => {
    expect(() => parseFormPolicy('!!!')).toThrow('Invalid Policy: Invalid JSON.')
  })
})

async function* twelve() {
  yield Buffer.from('123456')
  yield Buffer.from('789012')
}
const size = (min: number, max: number) => policy([['content-length-range', min, max]]).size

describe('the size of a file', () => {
  it('may be what the policy says, including its bounds', async () => {
    expect((await sizedFile(sourceFrom(twelve()), size(12, 12)).collect(100)).length).toBe(12)
  })

  it('is counted to its end when it is too large', async () => {
    await expect(sizedFile(sourceFrom(twelve()), size(5, 10)).collect(100)).rejects.toMatchObject({
      code: 'EntityTooLarge',
      fields: { ProposedSize: 12, MaxSizeAllowed: 10 },
    })
  })

  it('is refused when it is too small', async () => {
    await expect(sizedFile(sourceFrom(twelve()), size(13, 20)).collect(100)).rejects.toMatchObject({
      code: 'EntityTooSmall',
      fields: { ProposedSize: 12, MinSizeAllowed: 13 },
    })
  })
})
