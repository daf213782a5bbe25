import { describe, expect, it } from 'vitest'
import { sourceOf } from '../std/byte-source.ts'
import { ManualClock } from '../std/clock.ts'
import { describeBlobs, listed } from './blobs.contract.ts'
import { NoSpaceError } from './blobs.ts'
import { MemoryBlobs } from './memory.ts'
import { sweep } from './sweep.ts'

describeBlobs('memory', async () => ({ blobs: new MemoryBlobs(new ManualClock()), cleanUp: async () => {} }))

describe('memory blobs with a limit', () => {
  it('refuse what does not fit, until something is deleted', async () => {
    const blobs = new MemoryBlobs(new ManualClock(), 10)
    const { id } = await blobs.write(sourceOf('12345678'), [])
    await expect(blobs.write(sourceOf('123'), [])).rejects.toThrow(NoSpaceError)
    await blobs.delete(id)
    expect((await blobs.write(sourceOf('123'), [])).byteCount).toBe(3)
  })
})

describe('the sweep', () => {
  it('deletes blobs that no commit names, once the grace period is over', async () => {
    const clock = new ManualClock()
    const blobs = new MemoryBlobs(clock)
    const named = await blobs.write(sourceOf('named'), [])
    const garbage = await blobs.write(sourceOf('garbage'), [])
    await clock.advance(500)
    const young = await blobs.write(sourceOf('young'), [])
    await clock.advance(500)
    const isReferenced = async (id: string) => id === named.id
    const options = { nowMs: clock.now(), graceMs: 1000, isReferenced, signal: new AbortController().signal }
    expect(await sweep(blobs, options)).toEqual({ deletedCount: 1 })
    expect(await listed(blobs)).toEqual([named.id, young.id].sort())
    expect(garbage.id).not.toBe(young.id)
  })

  it('stops when it is told to', async () => {
    const clock = new ManualClock()
    const blobs = new MemoryBlobs(clock)
    await blobs.write(sourceOf('garbage'), [])
    const options = {
      nowMs: clock.now() + 1000,
      graceMs: 0,
      isReferenced: async () => false,
      signal: AbortSignal.abort(),
    }
    expect(await sweep(blobs, options)).toEqual({ deletedCount: 0 })
  })
})
