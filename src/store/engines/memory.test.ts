import { describe, expect, it } from 'vitest'
import { CommitUnknownError } from '../store.ts'
import { describeStore } from '../store.contract.ts'
import { MemoryStore } from './memory.ts'
import { SortedKeys } from './sorted-keys.ts'

describeStore('memory', async () => ({ open: async () => new MemoryStore(), cleanUp: async () => {} }))

describe('faults of the memory store', () => {
  const commit = { checks: [], puts: [[Buffer.from('a'), Buffer.from('1')] as const], deletes: [] }

  it('answers conflict as often as asked, and writes nothing then', async () => {
    const store = new MemoryStore()
    store.faults.conflicts = 1
    expect((await store.commit(commit)).ok).toBe(false)
    expect(await store.get(Buffer.from('a'))).toBeUndefined()
    expect((await store.commit(commit)).ok).toBe(true)
  })

  it('applies a commit whose answer it loses', async () => {
    const store = new MemoryStore()
    store.faults.lostAnswers = 1
    await expect(store.commit(commit)).rejects.toThrow(CommitUnknownError)
    expect((await store.get(Buffer.from('a')))?.value.toString()).toBe('1')
  })

  it('throws what it is told, with nothing written', async () => {
    const store = new MemoryStore()
    store.faults.errors.push(new Error('disk on fire'))
    await expect(store.commit(commit)).rejects.toThrow('disk on fire')
    expect(await store.get(Buffer.from('a'))).toBeUndefined()
  })
})

describe('sorted keys', () => {
  it('stay sorted over many chunks, insertions in any order, and deletions', () => {
    const keys = new SortedKeys()
    const texts = Array.from({ length: 5000 }, (_, index) => String((index * 7919) % 5000).padStart(4, '0'))
    for (const text of texts) keys.add(text)
    for (const text of texts) if (Number(text) % 3 === 0) keys.delete(text)
    const expected = [...texts].sort().filter((text) => Number(text) % 3 !== 0)
    expect(keys.range('', 'x', 10_000, false)).toEqual(expected)
    expect(keys.range('1000', '2000', 3, true)).toEqual(['1999', '1997', '1996'])
  })
})
