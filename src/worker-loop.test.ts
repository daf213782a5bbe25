import { describe, expect, it } from 'vitest'
import { ManualClock, settle } from './std/clock.ts'
import { every, startWorker } from './worker-loop.ts'

describe('a worker', () => {
  it('steps without waiting while there is more, and waits when there is not', async () => {
    const story: string[] = []
    const more = [true, true, false]
    const worker = startWorker(
      {
        async step() {
          story.push('step')
          return more.shift() ?? false
        },
        wait(signal) {
          story.push('wait')
          return new Promise((resolve) => signal.addEventListener('abort', () => resolve()))
        },
      },
      new ManualClock(),
      () => {},
    )
    await settle()
    await worker[Symbol.asyncDispose]()
    expect(story).toEqual(['step', 'step', 'step', 'wait'])
  })

  it('that fails is reported, pauses, and goes on', async () => {
    const clock = new ManualClock()
    const failures: unknown[] = []
    let steps = 0
    const worker = startWorker(
      every(1000, clock, async () => {
        steps++
        if (steps === 1) throw new Error('disk')
      }),
      clock,
      (error) => failures.push(error),
    )
    await settle()
    expect(steps).toBe(1)
    await clock.advance(1000)
    expect(steps).toBe(2)
    expect(failures).toHaveLength(1)
    await worker[Symbol.asyncDispose]()
  })

  it('is not cut in the middle of a step when it stops', async () => {
    let finish = () => {}
    let isDone = false
    const worker = startWorker(
      every(1000, new ManualClock(), async () => {
        await new Promise<void>((resolve) => (finish = resolve))
        isDone = true
      }),
      new ManualClock(),
      () => {},
    )
    await settle()
    const stopped = worker[Symbol.asyncDispose]()
    finish()
    await stopped
    expect(isDone).toBe(true)
  })
})
