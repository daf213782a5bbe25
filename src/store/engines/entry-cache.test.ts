import { describe, expect, it } from 'vitest'
import { EntryCache } from './entry-cache.ts'

const entry = (value: string, version = 1) => ({ key: Buffer.from('k'), value: Buffer.from(value), version })
const MIB = 1024 * 1024

describe('the cache of entries', () => {
  it('keeps what was read, and that there was nothing', () => {
    const cache = new EntryCache(MIB)
    cache.set('a', entry('1'))
    cache.set('b', null)
    expect([cache.get('a')?.value.toString(), cache.get('b'), cache.get('c')]).toEqual(['1', null, undefined])
    expect([cache.versionOf('a'), cache.versionOf('b'), cache.versionOf('c')]).toEqual([1, null, undefined])
    expect([cache.wasRead('a'), cache.wasRead('b'), cache.wasRead('c')]).toEqual([true, true, false])
  })

  it('knows only the version of a row that nobody has read', () => {
    const cache = new EntryCache(MIB)
    cache.setVersion('a', 7)
    expect([cache.versionOf('a'), cache.get('a'), cache.wasRead('a')]).toEqual([7, undefined, false])
    cache.setVersion('a', null)
    expect(cache.versionOf('a')).toBeUndefined()
  })

  it('forgets a deleted row of the older generation too', () => {
    const cache = new EntryCache(2000)
    cache.setVersion('a', 7)
    for (const key of ['b', 'c', 'd']) cache.set(key, null)
    cache.setVersion('a', null)
    expect(cache.versionOf('a')).toBeUndefined()
  })

  it('remembers nothing from a young generation over an older entry', () => {
    const cache = new EntryCache(2000)
    cache.set('a', entry('1'))
    for (const key of ['b', 'c']) cache.set(key, null)
    cache.set('a', null)
    expect([cache.get('a'), cache.wasRead('a')]).toEqual([null, true])
  })

  it('holds copies', () => {
    const cache = new EntryCache(MIB)
    const given = entry('1')
    cache.set('a', given)
    given.value.fill(0)
    expect(cache.get('a')?.value.toString()).toBe('1')
  })
})
