import { describe, expect, it } from 'vitest'
import { MemoryWatch } from './memory-watch.ts'
import { descendants } from './process-tree.ts'

describe('the memory watch', () => {
  it('says once that a process has more than it may', async () => {
    let exceededCount = 0
    const watch = new MemoryWatch(1, () => exceededCount++)
    watch.start(process.pid)
    await expect.poll(() => exceededCount).toBe(1)
    expect(watch.usedMaxMb()).toBeGreaterThan(10)
    watch.stop()
  })

  it('is quiet about one that has not', async () => {
    const watch = new MemoryWatch(1_000_000, () => expect.unreachable())
    watch.start(process.pid)
    await expect.poll(() => watch.usedMaxMb()).toBeGreaterThan(10)
    watch.stop()
  })

  it('counts what the process started', () => {
    expect(descendants(process.ppid)).toContain(process.pid)
  })
})
