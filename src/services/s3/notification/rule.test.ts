import { describe, expect, it } from 'vitest'
import { formEncode } from '../object-keys.ts'
import { isConfigurableEvent } from './event-names.ts'
import { overlapMessage } from './overlap.ts'
import { type FilterRule, mismatch, type NotificationRule } from './rule.ts'

const ALL = 's3:ObjectCreated:*'
const PUT = 's3:ObjectCreated:Put'

function rule(events: string | string[], prefix?: string, suffix?: string, id = 'r'): NotificationRule {
  const filter: FilterRule[] = []
  if (prefix !== undefined) filter.push({ name: 'Prefix', value: prefix })
  if (suffix !== undefined) filter.push({ name: 'Suffix', value: suffix })
  const list = typeof events === 'string' ? [events] : events
  return { id, targetArn: 'arn', events: list, filter: filter.length === 0 ? null : filter }
}

describe('two rules', () => {
  const first = 'Configurations overlap. Configurations on the same bucket cannot share a common event type.'
  const second =
    'Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are overlapping for the same event type.'
  it.each<[string, NotificationRule, NotificationRule, string | undefined]>([
    ['no filters', rule(ALL), rule(ALL), first],
    ['one filter', rule(ALL), rule(ALL, 'images'), second],
    ['suffixes inside each other', rule(ALL, undefined, 'jpg'), rule(PUT, undefined, 'pg'), second],
    ['a missing prefix', rule(ALL, 'images', 'jpg'), rule(PUT, undefined, 'jpg'), second],
    ['other prefixes', rule(PUT, 'images/'), rule(PUT, 'logs/'), undefined],
    ['other suffixes', rule(PUT, undefined, '.jpg'), rule(PUT, undefined, '.png'), undefined],
    ['one prefix, other suffixes', rule(PUT, 'images', '.jpg'), rule(PUT, 'images', '.png'), undefined],
    ['other events', rule(PUT, 'image/'), rule('s3:ObjectRemoved:*', 'image/'), undefined],
    ['siblings', rule(PUT), rule('s3:ObjectCreated:Post'), undefined],
    ['an empty filter value', rule(ALL, ''), rule(ALL), first],
  ])('with %s', (_name, a, b, message) => {
    expect(overlapMessage([a, b])).toBe(message)
    expect(overlapMessage([b, a])).toBe(message)
  })

  it('may not be one rule that names an event twice, or a wildcard and its member', () => {
    expect(overlapMessage([rule([PUT, PUT])])).toBe(first)
    expect(overlapMessage([rule([ALL, PUT])])).toBe(first)
    expect(overlapMessage([rule([PUT, 's3:ObjectRemoved:*'])])).toBeUndefined()
  })
})

describe('a rule matches', () => {
  it.each<[string, NotificationRule, string, string, boolean]>([
    ['its event', rule(PUT), 'ObjectCreated:Put', 'k', true],
    ['any event of its wildcard', rule(ALL), 'ObjectCreated:Copy', 'k', true],
    ['no event of another family', rule(ALL), 'ObjectRemoved:Delete', 'k', false],
    ['no other event', rule(PUT), 'ObjectCreated:Copy', 'k', false],
    ['prefix and suffix', rule(ALL, 'images/', '.jpg'), 'ObjectCreated:Put', 'images/a.jpg', true],
    ['not the prefix alone', rule(ALL, 'images/', '.jpg'), 'ObjectCreated:Put', 'images/a.png', false],
    ['not the suffix alone', rule(ALL, 'images/', '.jpg'), 'ObjectCreated:Put', 'logs/a.jpg', false],
    ['a prefix and suffix that overlap in the key', rule(ALL, 'ab', 'b'), 'ObjectCreated:Put', 'ab', true],
    ['empty values', rule(ALL, '', ''), 'ObjectCreated:Put', 'k', true],
    ['case exactly', rule(ALL, 'Images/'), 'ObjectCreated:Put', 'images/a', false],
    ['a folder placeholder', rule(ALL, 'images/'), 'ObjectCreated:Put', 'images/', true],
    ['the encoded key', rule(ALL, 'schemaVersion%3D1/'), 'ObjectCreated:Put', 'schemaVersion=1/x', true],
    ['not the raw key', rule(ALL, 'schemaVersion=1/'), 'ObjectCreated:Put', 'schemaVersion=1/x', false],
    ['a space as plus', rule(ALL, 'my+file'), 'ObjectCreated:Put', 'my file.txt', true],
    ['no wildcards', rule(ALL, '*'), 'ObjectCreated:Put', 'a', false],
    ['both ends', rule(ALL, 'testupload/', 'testfile.txt'), 'ObjectCreated:Put', 'testupload/dir1/testfile.txt', true],
    ['nothing else', rule(ALL, 'testupload/', 'testfile.txt'), 'ObjectCreated:Put', '/testdata', false],
  ])('%s', (_name, one, event, key, expected) => {
    expect(mismatch(one, event, key) === undefined).toBe(expected)
  })
})

describe('an encoded key', () => {
  it.each([
    ['red flower.jpg', 'red+flower.jpg'],
    ['a@b', 'a%40b'],
    ['testupload/dir1/testfile.txt', 'testupload/dir1/testfile.txt'],
    ['my file (1)+v2.txt', 'my+file+%281%29%2Bv2.txt'],
    ['dt=2024-01-01/part,0001.parquet', 'dt%3D2024-01-01/part%2C0001.parquet'],
    ['日本/写真.jpg', '%E6%97%A5%E6%9C%AC/%E5%86%99%E7%9C%9F.jpg'],
    ['a%2Fb', 'a%252Fb'],
    ["!'()~*", '%21%27%28%29%7E*'],
    ['date=1/ x', 'date%3D1/+x'],
  ])('%s', (key, encoded) => {
    expect(formEncode(key)).toBe(encoded)
    expect(decodeURIComponent(encoded.replaceAll('+', ' '))).toBe(key)
  })
})

describe('events', () => {
  it.each([
    's3:*',
    's3:ObjectAccessed:Get',
    's3:ObjectAcl:*',
    's3:LifecycleTransition:*',
    's3:TestEvent',
    'ObjectCreated:Put',
  ])('%s cannot be configured', (name) => {
    expect(isConfigurableEvent(name)).toBe(false)
  })
})
