import { beforeEach, describe, expect, it } from 'vitest'
import { MemoryStore } from './engines/memory.ts'
import { CommitUnknownError } from './store.ts'
import { ConflictError, transact, type Transaction } from './transaction.ts'

const key = (text: string): Buffer => Buffer.from(text)
const textOf = async (reader: Pick<Transaction, 'get'>, name: string) => (await reader.get(key(name)))?.value.toString()

describe('transact', () => {
  let store: MemoryStore
  beforeEach(async () => {
    store = new MemoryStore()
    await transact(store, async (tx) => tx.put(key('a'), key('1')))
  })
  const overwrite = () => store.commit({ checks: [], puts: [[key('a'), key('other')]], deletes: [] })

  it('runs again when what it read was changed meanwhile', async () => {
    let runs = 0
    const result = await transact(store, async (tx) => {
      const seen = await textOf(tx, 'a')
      if (runs++ === 0) await overwrite()
      tx.put(key('a'), key(`${seen} and mine`))
      return seen
    })
    expect(runs).toBe(2)
    expect(result).toBe('other')
    expect(await textOf(store, 'a')).toBe('other and mine')
  })

  it('does not care about what it only peeked at', async () => {
    let runs = 0
    await transact(store, async (tx) => {
      runs++
      await tx.peek(key('a'))
      await overwrite()
      tx.put(key('b'), key('1'))
    })
    expect(runs).toBe(1)
  })

  it('fails at once when it insists on a version that is gone', async () => {
    const version = (await store.get(key('a')))?.version ?? 0
    await overwrite()
    let runs = 0
    const insisting = transact(store, async (tx) => {
      runs++
      tx.check(key('a'), version)
      tx.put(key('b'), key('1'))
    })
    await expect(insisting).rejects.toThrow(ConflictError)
    expect(runs).toBe(2)
    expect(await store.get(key('b'))).toBeUndefined()
  })

  it('gives up after many conflicts', async () => {
    store.faults.conflicts = 1000
    await expect(transact(store, async (tx) => tx.put(key('b'), key('1')), 7)).rejects.toThrow('7 conflicting attempts')
    expect(store.faults.conflicts).toBe(993)
  })

  it('sees its own writes, and the last one to a key counts', async () => {
    await transact(store, async (tx) => {
      tx.put(key('a'), key('2'))
      expect(await textOf(tx, 'a')).toBe('2')
      tx.delete(key('a'))
      expect(await tx.get(key('a'))).toBeUndefined()
      expect(await tx.peek(key('a'))).toBeUndefined()
      tx.put(key('a'), key('3'))
      tx.put(key('b'), key('1'))
      tx.delete(key('b'))
    })
    expect(await textOf(store, 'a')).toBe('3')
    expect(await store.get(key('b'))).toBeUndefined()
  })

  it('still checks a row that it read after writing over it', async () => {
    let runs = 0
    await transact(store, async (tx) => {
      tx.put(key('a'), key('mine'))
      await tx.get(key('a'))
      if (runs++ === 0) await overwrite()
    })
    expect(runs).toBe(2)
  })

  it('commits nothing for a transaction that wrote nothing', async () => {
    let commits = 0
    const commit = store.commit.bind(store)
    store.commit = (writes) => {
      commits++
      return commit(writes)
    }
    expect(await transact(store, (tx) => textOf(tx, 'a'))).toBe('1')
    expect(commits).toBe(0)
  })

  it('gives hints after the commit, with its version, and only for the attempt that won', async () => {
    store.faults.conflicts = 2
    const hints: number[] = []
    await transact(store, async (tx) => {
      tx.put(key('b'), key('1'))
      tx.afterCommit((version) => hints.push(version))
    })
    expect(hints).toEqual([(await store.get(key('b')))?.version])
  })

  it('passes on what the store throws, with no hint given', async () => {
    store.faults.lostAnswers = 1
    const hints: number[] = []
    const lost = transact(store, async (tx) => {
      tx.put(key('b'), key('1'))
      tx.afterCommit((version) => hints.push(version))
    })
    await expect(lost).rejects.toThrow(CommitUnknownError)
    expect(hints).toEqual([])
  })
})
