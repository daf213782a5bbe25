import { describe, expect, it } from 'vitest'
import { EngineTest, REGION, thing } from './engine/testing.ts'
import { DELETED_KEPT_MS, sweepStacks } from './sweep.ts'

const { signal } = new AbortController()

describe('a deleted stack', () => {
  it('is known for 90 days, and then nothing of it is left', async () => {
    const test = new EngineTest()
    const empty = await rowCount(test)
    const Resources = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`T${n}`, thing({ Value: 'x' })]))
    const { stackId } = await test.create('s', { Resources })
    await test.delete(stackId)
    await test.clock.advance(DELETED_KEPT_MS)
    await sweepStacks(test.disk, test.clock.now(), signal)
    expect((await test.events(stackId)).length).toBeGreaterThan(200)
    await test.clock.advance(1)
    await sweepStacks(test.disk, test.clock.now(), signal)
    expect(await rowCount(test)).toBe(empty)
  })

  it('that is there, or failed to go, stays', async () => {
    const test = new EngineTest()
    const here = await test.create('here', { Resources: { T: thing() } })
    const stuck = await test.create('stuck', { Resources: { T: thing() } })
    test.world.fails = (action) => action === 'delete'
    expect((await test.delete(stuck.stackId)).status).toBe('DELETE_FAILED')
    await test.clock.advance(2 * DELETED_KEPT_MS)
    await sweepStacks(test.disk, test.clock.now(), signal)
    expect((await test.stack(here.stackId)).region).toBe(REGION)
    expect((await test.rows(stuck.stackId)).length).toBe(1)
  })
})

/** Every row of every table. */
async function rowCount({ disk }: EngineTest): Promise<number> {
  const rows = await disk.list({ gte: Uint8Array.of(0), lt: Uint8Array.of(0xff, 0xff, 0xff), limit: 100_000 })
  return rows.length
}
