import { describe, expect, it } from 'vitest'
import { MemoryStore } from '../../store/engines/memory.ts'
import { json, Table } from '../../store/table.ts'
import { transact } from '../../store/transaction.ts'
import { PAGE_ITEMS, pageOf, sliceOf } from './page.ts'

const rows = new Table<readonly [owner: string, index: number], number>('test', json<number>())

describe('pages', () => {
  it('go on where the last one ended', async () => {
    const store = new MemoryStore()
    await transact(store, async (tx) => {
      for (let index = 0; index < PAGE_ITEMS + 1; index++) rows.put(tx, ['mine', index], index)
      rows.put(tx, ['other', 0], 0)
    })
    const first = await pageOf(store, rows, ['mine'], undefined)
    expect(first.items).toHaveLength(PAGE_ITEMS)
    const second = await pageOf(store, rows, ['mine'], first.nextToken)
    expect(second.items.map(({ value }) => value)).toEqual([PAGE_ITEMS])
    expect(second.nextToken).toBeUndefined()
  })

  it('refuse a token of another owner, and what is none', async () => {
    const store = new MemoryStore()
    const token = Buffer.from(JSON.stringify(['other', 1])).toString('base64url')
    await expect(pageOf(store, rows, ['mine'], token)).rejects.toThrow('The specified NextToken is invalid.')
    await expect(pageOf(store, rows, ['mine'], 'x')).rejects.toThrow('The specified NextToken is invalid.')
    expect(() => sliceOf([], '-1')).toThrow('The specified NextToken is invalid.')
  })

  it('cut what is all in hand', () => {
    const all = Array.from({ length: PAGE_ITEMS + 2 }, (_, index) => index)
    const first = sliceOf(all, undefined)
    expect(sliceOf(all, first.nextToken)).toEqual({ items: [PAGE_ITEMS, PAGE_ITEMS + 1], nextToken: undefined })
  })
})
