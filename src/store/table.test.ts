import { describe, expect, it } from 'vitest'
import { MemoryStore } from './engines/memory.ts'
import { json, raw, Table } from './table.ts'
import { transact } from './transaction.ts'

const collect = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

describe('a table', () => {
  it('puts, gets, lists and deletes rows by typed keys', async () => {
    const store = new MemoryStore()
    const table = new Table<[string, number], { name: string }>('things')
    await transact(store, async (tx) => {
      for (const index of [3, 1, 2]) table.put(tx, ['a', index], { name: `a${index}` })
      table.put(tx, ['b', 1], { name: 'b1' })
    })
    expect(await table.get(store, ['a', 2])).toEqual({ name: 'a2' })
    expect(await table.get(store, ['a', 9])).toBeUndefined()
    const names = async (options: object) =>
      (await table.list(store, { limit: 10, ...options })).map((row) => row.value.name)
    expect(await names({})).toEqual(['a1', 'a2', 'a3', 'b1'])
    expect(await names({ prefix: ['a'], after: ['a', 1] })).toEqual(['a2', 'a3'])
    expect(await names({ prefix: ['a'], after: ['a', 3], reverse: true })).toEqual(['a2', 'a1'])
    expect((await table.list(store, { prefix: ['b'], limit: 1 }))[0]?.key).toEqual(['b', 1])
    await transact(store, async (tx) => table.delete(tx, ['a', 2]))
    expect(await names({ prefix: ['a'] })).toEqual(['a1', 'a3'])
  })

  it('scans more rows than fit a page, and not those of other tables', async () => {
    const store = new MemoryStore()
    const table = new Table<[number], number>('numbers')
    const other = new Table<[number], number>('numbers2')
    await transact(store, async (tx) => {
      for (let index = 0; index < 25; index++) table.put(tx, [index], index)
      other.put(tx, [1], 1)
    })
    expect((await collect(table.scan(store, [], 10))).map((row) => row.value)).toEqual(
      Array.from({ length: 25 }, (_, index) => index),
    )
  })

  it('reads values of every older format, and refuses those of a newer one', async () => {
    const store = new MemoryStore()
    const first = new Table<[string], { size: string }>('things', json())
    const third = new Table<[string], { bytes: number; kind: string }>(
      'things',
      json([
        (old: { size: string }) => ({ bytes: Number(old.size) }),
        (old: { bytes: number }) => ({ ...old, kind: 'file' }),
      ]),
    )
    await transact(store, async (tx) => first.put(tx, ['old'], { size: '12' }))
    expect(await third.get(store, ['old'])).toEqual({ bytes: 12, kind: 'file' })
    await transact(store, async (tx) => third.put(tx, ['new'], { bytes: 1, kind: 'link' }))
    expect(await third.get(store, ['new'])).toEqual({ bytes: 1, kind: 'link' })
    await expect(first.get(store, ['new'])).rejects.toThrow('value of format 3, this version knows up to 1')
  })

  it('keeps raw bytes', async () => {
    const store = new MemoryStore()
    const table = new Table<[string], Uint8Array>('bytes', raw)
    await transact(store, async (tx) => table.put(tx, ['x'], Buffer.from([0, 1, 255])))
    expect(Buffer.from((await table.get(store, ['x'])) as Uint8Array)).toEqual(Buffer.from([0, 1, 255]))
  })
})
