import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '../std/clock.ts'
import { openLevelStore } from '../store/engines/leveldb.ts'
import { MemoryStore } from '../store/engines/memory.ts'
import { transact } from '../store/transaction.ts'
import { describeQueue } from './queue.contract.ts'
import { createQueue } from './queue.ts'

describeQueue('memory', async () => ({ store: new MemoryStore(), cleanUp: async () => {} }))
describeQueue('leveldb', async () => {
  const path = await mkdtemp(join(tmpdir(), 'millrace-queue-'))
  return { store: await openLevelStore(path), cleanUp: () => rm(path, { recursive: true }) }
})

describe('a long backlog', () => {
  it('does not slow claims down, nor is it held in memory', async () => {
    const clock = new ManualClock()
    const store = new MemoryStore()
    const queue = createQueue<string>(store, { name: 'long', clock, owner: 'me', leaseMs: 60_000, isExclusive: true })
    for (let page = 0; page < 200; page++) {
      await transact(store, async (tx) => {
        for (let index = 0; index < 100; index++) {
          queue.enqueue(tx, { id: `${page}-${index}`, partition: `p${index % 10}`, dueMs: 0, payload: '' })
        }
      })
    }
    const reads = countRows(store)
    expect(await queue.claim(10, () => 10)).toHaveLength(10)
    expect(reads.rows).toBeLessThan(300)
  })
})

function countRows(store: MemoryStore): { rows: number } {
  const counter = { rows: 0 }
  const list = store.list.bind(store)
  store.list = async (range) => {
    const entries = await list(range)
    counter.rows += entries.length
    return entries
  }
  return counter
}
