import { describe, expect, it } from 'vitest'
import { lifecycleOutput, parseLifecycle } from './configuration.ts'

const MIDNIGHT = new Date('2026-03-01T00:00:00Z')
const base = { ID: 'r', Status: 'Enabled' as const, Filter: { Prefix: '' } }

type Rules = NonNullable<Parameters<typeof parseLifecycle>[0]['LifecycleConfiguration']>['Rules']

/** What clients send need not be what the types say. */
function parse(...rules: unknown[]) {
  return parseLifecycle({ Bucket: 'b', LifecycleConfiguration: { Rules: rules as Rules } })
}

describe('a lifecycle configuration', () => {
  it.each([
    [{ ID: 'a', Status: 'Enabled', Prefix: '', Expiration: { Days: 1 } }],
    [{ ID: 'a', Status: 'Disabled', Filter: {}, Expiration: { Date: MIDNIGHT } }],
    [{ ...base, Expiration: { ExpiredObjectDeleteMarker: true } }],
    [{ ...base, Filter: { Tag: { Key: 'a', Value: '1' } }, Expiration: { Days: 9 } }],
    [{ ...base, Filter: { ObjectSizeGreaterThan: 5 }, Expiration: { Days: 9 } }],
    [
      {
        ...base,
        Filter: {
          And: { Prefix: 'x', ObjectSizeGreaterThan: 5, ObjectSizeLessThan: 9, Tags: [{ Key: 'a', Value: '1' }] },
        },
        Expiration: { Days: 90 },
        Transitions: [
          { Days: 30, StorageClass: 'STANDARD_IA' },
          { Days: 60, StorageClass: 'GLACIER' },
        ],
        NoncurrentVersionExpiration: { NoncurrentDays: 5, NewerNoncurrentVersions: 3 },
        NoncurrentVersionTransitions: [{ NoncurrentDays: 1, StorageClass: 'GLACIER_IR' }],
      },
    ],
    [{ ...base, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 } }],
  ])('is answered as it was put: %j', (rule) => {
    expect(lifecycleOutput(parse(rule).rules)).toEqual([rule])
  })

  it('gives rules without an id one', () => {
    expect(parse({ ...base, ID: undefined, Expiration: { Days: 1 } }).rules[0]?.id).toMatch(/^[\w-]{36}$/)
  })

  const expiration = { Expiration: { Days: 1 } }
  it.each([
    ['no rule', [], 'MalformedXML'],
    ['neither filter nor prefix', [{ ID: 'r', Status: 'Enabled', ...expiration }], 'MalformedXML'],
    ['both', [{ ...base, Prefix: '', ...expiration }], 'MalformedXML'],
    ['an unknown status', [{ ...base, Status: 'enabled', ...expiration }], 'MalformedXML'],
    [
      'two conditions outside And',
      [{ ...base, Filter: { Prefix: 'a', ObjectSizeLessThan: 5 }, ...expiration }],
      'MalformedXML',
    ],
    ['one condition inside And', [{ ...base, Filter: { And: { Prefix: 'a' } }, ...expiration }], 'MalformedXML'],
    ['days and a marker flag', [{ ...base, Expiration: { Days: 1, ExpiredObjectDeleteMarker: true } }], 'MalformedXML'],
    ['an empty expiration', [{ ...base, Expiration: {} }], 'MalformedXML'],
    [
      'a date that is no midnight',
      [{ ...base, Expiration: { Date: new Date(MIDNIGHT.getTime() + 1000) } }],
      "'Date' must be at midnight GMT",
    ],
    ['zero days', [{ ...base, Expiration: { Days: 0 } }], "'Days' for Expiration action must be a positive integer"],
    ['no action', [base], 'At least one action needs to be specified in a rule'],
    [
      'equal ids',
      [
        { ...base, ...expiration },
        { ...base, ...expiration },
      ],
      'Rule ID must be unique. Found same ID for more than one rule',
    ],
    [
      'a long id',
      [{ ...base, ID: 'x'.repeat(256), ...expiration }],
      'ID length should not exceed allowed limit of 255',
    ],
    [
      'a tag key twice',
      [
        {
          ...base,
          Filter: {
            And: {
              Tags: [
                { Key: 'a', Value: '1' },
                { Key: 'a', Value: '2' },
              ],
            },
          },
          ...expiration,
        },
      ],
      'Duplicate Tag Keys are not allowed.',
    ],
    [
      'sizes that exclude each other',
      [{ ...base, Filter: { And: { ObjectSizeGreaterThan: 5, ObjectSizeLessThan: 5 } }, ...expiration }],
      "'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'",
    ],
    ['an unknown class', [{ ...base, Transitions: [{ Days: 1, StorageClass: 'STANDARD' }] }], 'MalformedXML'],
    [
      'infrequent access too early',
      [{ ...base, Transitions: [{ Days: 29, StorageClass: 'STANDARD_IA' }] }],
      "'Days' in Transition action must be greater than or equal to 30 for storageClass 'STANDARD_IA'",
    ],
    [
      'a class twice',
      [
        {
          ...base,
          Transitions: [
            { Days: 1, StorageClass: 'GLACIER' },
            { Days: 2, StorageClass: 'GLACIER' },
          ],
        },
      ],
      "'StorageClass' must be different for 'Transition' actions in same 'Rule'",
    ],
    [
      'dates and days mixed',
      [{ ...base, Expiration: { Date: MIDNIGHT }, Transitions: [{ Days: 1, StorageClass: 'GLACIER' }] }],
      "Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule for prefix ''",
    ],
    [
      'an expiration before a transition',
      [{ ...base, Expiration: { Days: 5 }, Transitions: [{ Days: 5, StorageClass: 'GLACIER' }] }],
      "'Days' in the Expiration action for filter '(prefix=)' must be greater than 'Days' in the Transition action",
    ],
    [
      'uploads by tag',
      [
        {
          ...base,
          Filter: { Tag: { Key: 'a', Value: '1' } },
          AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
        },
      ],
      'AbortIncompleteMultipartUpload cannot be specified with Tags.',
    ],
    [
      'markers by size',
      [{ ...base, Filter: { ObjectSizeLessThan: 1 }, Expiration: { ExpiredObjectDeleteMarker: true } }],
      'ExpiredObjectDeleteMarker cannot be specified with Object Size.',
    ],
    [
      '101 newer versions',
      [{ ...base, NoncurrentVersionExpiration: { NoncurrentDays: 1, NewerNoncurrentVersions: 101 } }],
      "'NewerNoncurrentVersions' must be between 1 and 100",
    ],
    [
      '1001 rules',
      Array.from({ length: 1001 }, (_, at) => ({ ...base, ID: `r${at}`, ...expiration })),
      'The number of lifecycle rules must not exceed the allowed limit of 1000 rules',
    ],
  ])('is refused with %s', (_, rules, expected) => {
    const error = expected === 'MalformedXML' ? { code: expected } : { message: expected }
    expect(() => parse(...rules)).toThrow(expect.objectContaining(error))
  })
})
