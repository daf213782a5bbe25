import { beforeEach, describe, expect, it } from 'vitest'
import { ManualClock, settle } from '../../std/clock.ts'
import { Feed } from './feed.ts'

const sent: unknown[][] = []
let isDeaf = false
const outlet = {
  send: async (batch: readonly string[]) => {
    if (isDeaf) throw new Error('nobody listens')
    sent.push(batch.map((item) => JSON.parse(item) as unknown))
  },
  close: () => undefined,
}
let clock: ManualClock
const feedOf = (limits: { itemsMax?: number; bytesMax?: number }) =>
  new Feed(
    {
      api: 'telemetry',
      types: new Set(['function']),
      itemsMax: 1000,
      bytesMax: 262_144,
      timeoutMs: 1000,
      destination: { protocol: 'TCP', port: 1, path: '' },
      ...limits,
    },
    outlet,
    clock,
  )
beforeEach(() => {
  clock = new ManualClock()
  sent.length = 0
  isDeaf = false
})

describe('a feed', () => {
  it('gathers events until its time is over', async () => {
    const feed = feedOf({})
    feed.add('1')
    feed.add('2')
    await clock.advance(999)
    expect(sent).toEqual([])
    await clock.advance(1)
    expect(sent).toEqual([[1, 2]])
  })

  it('sends at once what fills its buffer', async () => {
    const feed = feedOf({ itemsMax: 2 })
    for (const item of ['1', '2', '3']) feed.add(item)
    await settle()
    expect(sent).toEqual([[1, 2], [3]])
  })

  it('says what it had to drop', async () => {
    const feed = feedOf({ itemsMax: 2 })
    isDeaf = true
    feed.add('1')
    feed.add('2')
    await settle()
    isDeaf = false
    feed.add('3')
    await feed.flush()
    expect(sent).toMatchObject([[{ type: 'platform.logsDropped', record: { droppedRecords: 2, droppedBytes: 2 } }, 3]])
  })
})
