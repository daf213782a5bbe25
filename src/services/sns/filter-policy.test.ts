import { describe, expect, it } from 'vitest'
import { compileFilterPolicy } from './filter-policy.ts'

const text = (stringValue: string) => ({ dataType: 'String', stringValue })
const number = (stringValue: string) => ({ dataType: 'Number', stringValue })
const array = (...values: unknown[]) => ({ dataType: 'String.Array', stringValue: JSON.stringify(values) })
const attributes = {
  store: text('example_corp'),
  price: number('210.75'),
  interests: array('rugby', 'football'),
  empty: array(),
  ip: text('10.0.0.7'),
  bytes: { dataType: 'Binary', binaryValue: 'AAEC' },
}
const onAttributes = (policy: object) =>
  compileFilterPolicy(JSON.stringify(policy), 'MessageAttributes')({ body: 'text', attributes })
const body = {
  store: 'example_corp',
  price: 210.75,
  sale: null,
  open: true,
  owner: { name: 'Ann', pets: [{ kind: 'cat' }] },
}
const onBody = (policy: object, of: unknown = body) =>
  compileFilterPolicy(JSON.stringify(policy), 'MessageBody')({ body: JSON.stringify(of), attributes: {} })

describe('a policy on attributes', () => {
  it.each([
    [{}, true],
    [{ store: ['example_corp'] }, true],
    [{ store: ['Example_corp'] }, false],
    [{ store: ['other', 'example_corp'] }, true],
    [{ store: ['example_corp'], price: [1] }, false],
    [{ missing: ['x'] }, false],
    [{ store: [{ prefix: 'exa' }] }, true],
    [{ store: [{ suffix: '_corp' }] }, true],
    [{ store: [{ suffix: 'exa' }] }, false],
    [{ store: [{ 'equals-ignore-case': 'EXAMPLE_CORP' }] }, true],
    [{ store: [{ wildcard: 'ex*_c*p' }] }, true],
    [{ store: [{ wildcard: 'ex*_c' }] }, false],
    [{ store: [{ 'anything-but': 'other' }] }, true],
    [{ store: [{ 'anything-but': ['other', 'example_corp'] }] }, false],
    [{ store: [{ 'anything-but': { prefix: 'exa' } }] }, false],
    [{ missing: [{ 'anything-but': 'other' }] }, false],
    [{ price: [210.75] }, true],
    [{ price: ['210.75'] }, false],
    [{ price: [{ numeric: ['=', 210.75] }] }, true],
    [{ price: [{ numeric: ['>', 200, '<=', 210.75] }] }, true],
    [{ price: [{ numeric: ['<', 200] }] }, false],
    [{ price: [{ 'anything-but': [210.75] }] }, false],
    [{ store: [{ exists: true }] }, true],
    [{ missing: [{ exists: false }] }, true],
    [{ missing: [{ exists: true }] }, false],
    [{ interests: ['football'] }, true],
    [{ interests: [{ prefix: 'rug' }] }, true],
    [{ interests: ['tennis'] }, false],
    [{ empty: [{ exists: false }] }, true],
    [{ bytes: [{ exists: true }] }, false],
    [{ ip: [{ cidr: '10.0.0.0/24' }] }, true],
    [{ ip: [{ cidr: '10.0.1.0/24' }] }, false],
    [{ $or: [{ store: ['other'] }, { price: [{ numeric: ['>', 1] }] }] }, true],
    [{ $or: [{ store: ['other'] }, { price: [{ numeric: ['<', 1] }] }] }, false],
    [{ constructor: [{ exists: true }] }, false],
  ])('%j: %s', (policy, expected) => {
    expect(onAttributes(policy)).toBe(expected)
  })
})

describe('a policy on the body', () => {
  it.each([
    [{ store: ['example_corp'] }, true],
    [{ price: [210.75], open: [true], sale: [null] }, true],
    [{ open: [false] }, false],
    [{ owner: { name: [{ prefix: 'A' }] } }, true],
    [{ owner: { name: ['Bob'] } }, false],
    [{ owner: { pets: { kind: ['cat'] } } }, true],
    [{ owner: { pets: { kind: ['dog'] } } }, false],
    [{ nobody: { name: [{ exists: false }] } }, true],
    [{ nobody: { name: ['Ann'] } }, false],
  ])('%j: %s', (policy, expected) => {
    expect(onBody(policy)).toBe(expected)
  })

  it('wants a JSON object', () => {
    expect(onBody({ a: [{ exists: false }] }, ['a'])).toBe(false)
    expect(compileFilterPolicy('{"a":["b"]}', 'MessageBody')({ body: 'text', attributes: {} })).toBe(false)
  })
})

it.each([
  ['{', 'failed to parse JSON.'],
  ['[]', 'failed to parse JSON.'],
  ['{"a":"b"}', '"a" must be an object or an array'],
  ['{"a":[]}', 'Empty arrays are not allowed'],
  ['{"a":{"b":["c"]}}', 'does not support nested filter policy'],
  ['{"a":[{"nonsense":1}]}', 'Unrecognized match type nonsense'],
  ['{"a":[{"numeric":["!",1]}]}', 'Unrecognized numeric range operator: !'],
  ['{"a":[{"numeric":["<",1,">",0]}]}', 'Value of numeric'],
  ['{"a":[{"exists":1}]}', 'exists match pattern must be either true or false.'],
  ['{"a":[{"cidr":"10.0.0.0"}]}', 'Malformed CIDR'],
  ['{"a":[["b"]]}', 'Match value must be String, number, true, false, or null'],
  ['{"a":["1"],"b":["1"],"c":["1"],"d":["1"],"e":["1"],"f":["1"]}', 'can not have more than 5 keys'],
])('%s is refused', (policy, message) => {
  expect(() => compileFilterPolicy(policy, 'MessageAttributes')).toThrow(message)
})
