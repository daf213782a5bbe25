import { describe, expect, it } from 'vitest'
import { DAY_MS } from './days.ts'
import {
  type DueAction,
  dueAbort,
  dueAction,
  dueMs,
  expirationHeader,
  type LifecycleRule,
  type VersionFacts,
} from './rule.ts'

const CREATED_MS = Date.parse('2026-01-15T10:30:00Z')
const BIG = 200 * 1024

function rule(change: Partial<LifecycleRule>): LifecycleRule {
  return { id: 'r', isEnabled: true, filter: { form: 'single' }, ...change }
}

function due(
  rules: readonly LifecycleRule[],
  change: Partial<VersionFacts>,
  now: string | number,
  transitionMinimum: 'all_storage_classes_128K' | 'varies_by_storage_class' = 'all_storage_classes_128K',
): string {
  const version = { key: 'logs/a', size: BIG, modifiedMs: CREATED_MS, ...change }
  const action = dueAction({ rules, transitionMinimum }, version, typeof now === 'number' ? now : Date.parse(now))
  return describeAction(action)
}

function describeAction(action: DueAction | undefined): string {
  if (action === undefined) return 'nothing'
  return action.kind === 'transition' ? `${action.ruleId} to ${action.storageClass}` : `${action.ruleId} ${action.kind}`
}

describe('an expiration', () => {
  it('after days is due at the midnight that follows', () => {
    expect(new Date(dueMs({ days: 3 }, CREATED_MS)).toISOString()).toBe('2026-01-19T00:00:00.000Z')
    const rules = [rule({ expiration: { days: 3 } })]
    expect(due(rules, {}, '2026-01-18T23:59:59Z')).toBe('nothing')
    expect(due(rules, {}, '2026-01-19T00:00:00Z')).toBe('r expire')
  })

  it('at a date is due from then on', () => {
    const rules = [rule({ expiration: { atMs: Date.parse('2026-02-01T00:00:00Z') } })]
    expect(due(rules, {}, '2026-01-31T23:59:59Z')).toBe('nothing')
    expect(due(rules, {}, '2027-01-01T00:00:00Z')).toBe('r expire')
  })

  it('does nothing in a rule that is switched off', () => {
    expect(due([rule({ expiration: { days: 1 }, isEnabled: false })], {}, '2027-01-01T00:00:00Z')).toBe('nothing')
  })

  it.each([
    ['its prefix', { prefix: 'logs/' }, 'r expire'],
    ['another prefix', { prefix: 'log/' }, 'nothing'],
    ['all its tags', { tags: [['a', '1']] }, 'r expire'],
    [
      'a tag it lacks',
      {
        tags: [
          ['a', '1'],
          ['c', '3'],
        ],
      },
      'nothing',
    ],
    ['another value of a tag', { tags: [['a', '2']] }, 'nothing'],
    ['a size above', { sizeGreaterThan: BIG - 1 }, 'r expire'],
    ['exactly the size above which', { sizeGreaterThan: BIG }, 'nothing'],
    ['exactly the size below which', { sizeLessThan: BIG }, 'nothing'],
    ['all at once', { prefix: 'logs/', tags: [['b', '2']], sizeLessThan: BIG + 1 }, 'r expire'],
  ])('concerns an object with %s', (_, filter, expected) => {
    const rules = [rule({ expiration: { days: 1 }, filter: { form: 'and', ...filter } as LifecycleRule['filter'] })]
    const tags = [
      ['a', '1'],
      ['b', '2'],
    ] as const
    expect(due(rules, { tags }, '2027-01-01T00:00:00Z')).toBe(expected)
  })

  it('is announced, the earliest of several', () => {
    const rules = [
      rule({ id: 'late', expiration: { days: 30 } }),
      rule({ id: 'a b', expiration: { days: 3 } }),
      rule({ id: 'other', expiration: { days: 1 }, filter: { form: 'single', prefix: 'x' } }),
    ]
    const version = { key: 'k', size: 1, modifiedMs: CREATED_MS }
    expect(expirationHeader(rules, version)).toBe('expiry-date="Mon, 19 Jan 2026 00:00:00 GMT", rule-id="a%20b"')
    expect(expirationHeader([], version)).toBeUndefined()
  })
})

describe('a transition', () => {
  const rules = [
    rule({
      transitions: [
        { days: 30, storageClass: 'STANDARD_IA' },
        { days: 60, storageClass: 'GLACIER' },
      ],
    }),
  ]

  it('moves an object once it is old enough, and only down', () => {
    expect(due(rules, {}, CREATED_MS + 29 * DAY_MS)).toBe('nothing')
    expect(due(rules, {}, CREATED_MS + 31 * DAY_MS)).toBe('r to STANDARD_IA')
    expect(due(rules, { storageClass: 'STANDARD_IA' }, CREATED_MS + 31 * DAY_MS)).toBe('nothing')
    expect(due(rules, { storageClass: 'STANDARD_IA' }, CREATED_MS + 61 * DAY_MS)).toBe('r to GLACIER')
    expect(due(rules, { storageClass: 'DEEP_ARCHIVE' }, CREATED_MS + 61 * DAY_MS)).toBe('nothing')
  })

  it('goes straight to the cheapest class that is due', () => {
    expect(due(rules, {}, CREATED_MS + 61 * DAY_MS)).toBe('r to GLACIER')
  })

  it('gives way to an expiration', () => {
    expect(due([...rules, rule({ id: 'e', expiration: { days: 60 } })], {}, CREATED_MS + 61 * DAY_MS)).toBe('e expire')
  })

  it('leaves small objects where they are, unless the rule speaks of sizes or archives are cheaper for all', () => {
    const small = { size: 1000 }
    expect(due(rules, small, CREATED_MS + 61 * DAY_MS)).toBe('nothing')
    expect(due(rules, small, CREATED_MS + 61 * DAY_MS, 'varies_by_storage_class')).toBe('r to GLACIER')
    expect(due(rules, small, CREATED_MS + 31 * DAY_MS, 'varies_by_storage_class')).toBe('nothing')
    const sized = [rule({ ...rules[0], filter: { form: 'single', sizeGreaterThan: 500 } })]
    expect(due(sized, small, CREATED_MS + 31 * DAY_MS)).toBe('r to STANDARD_IA')
  })
})

const since = (newerVersionCount: number) => ({ noncurrent: { sinceMs: CREATED_MS, newerVersionCount } })

describe('older versions', () => {
  it('go when they have not been current for long enough', () => {
    const rules = [rule({ expiration: { days: 1 }, noncurrentExpiration: { days: 10 } })]
    expect(due(rules, since(0), CREATED_MS + 9 * DAY_MS)).toBe('nothing')
    expect(due(rules, since(0), CREATED_MS + 11 * DAY_MS)).toBe('r delete-version')
  })

  it('stay as long as few enough are newer', () => {
    const rules = [rule({ noncurrentExpiration: { days: 1, newerVersions: 2 } })]
    expect(due(rules, since(1), CREATED_MS + 99 * DAY_MS)).toBe('nothing')
    expect(due(rules, since(2), CREATED_MS + 99 * DAY_MS)).toBe('r delete-version')
  })

  it('move like current ones, by their own rule', () => {
    const rules = [rule({ noncurrentTransitions: [{ days: 5, storageClass: 'GLACIER_IR' }] })]
    expect(due(rules, since(0), CREATED_MS + 6 * DAY_MS)).toBe('r to GLACIER_IR')
    expect(due(rules, {}, CREATED_MS + 6 * DAY_MS)).toBe('nothing')
  })
})

describe('a delete marker', () => {
  const marker = { isDeleteMarker: true, size: 0 }

  it('stays while it hides older versions', () => {
    const rules = [rule({ expiresMarkers: true, expiration: { days: 1 } })]
    expect(due(rules, { ...marker, isOnlyVersion: false }, '2027-01-01T00:00:00Z')).toBe('nothing')
  })

  it('goes when nothing else is left of its key', () => {
    expect(due([rule({ expiresMarkers: true })], { ...marker, isOnlyVersion: true }, CREATED_MS)).toBe(
      'r delete-version',
    )
    expect(due([rule({ expiration: { days: 3 } })], { ...marker, isOnlyVersion: true }, CREATED_MS)).toBe('nothing')
    expect(due([rule({ expiration: { days: 3 } })], { ...marker, isOnlyVersion: true }, CREATED_MS + 5 * DAY_MS)).toBe(
      'r delete-version',
    )
  })
})

describe('an upload that nobody completes', () => {
  it('is aborted by the rule of its prefix', () => {
    const rules = [rule({ abortUploadDays: 7, filter: { form: 'single', prefix: 'logs/' } })]
    const upload = { key: 'logs/x', initiatedMs: CREATED_MS }
    expect(dueAbort(rules, upload, CREATED_MS + 7 * DAY_MS)).toBeUndefined()
    expect(dueAbort(rules, upload, CREATED_MS + 8 * DAY_MS)?.id).toBe('r')
    expect(dueAbort(rules, { ...upload, key: 'x' }, CREATED_MS + 8 * DAY_MS)).toBeUndefined()
  })
})
