import { afterEach, describe, expect, it } from 'vitest'
import { openWorkshop, type Workshop } from './test-support/functions.ts'

const HANDLER = `const { mode, startedMs } = { mode: process.env.AWS_LAMBDA_INITIALIZATION_TYPE, startedMs: Date.now() }
let n = 0
export const handler = async ({ waitMs, crash }) => {
  if (crash) process.exit(1)
  if (waitMs) await new Promise((done) => setTimeout(done, waitMs))
  return { mode, n: ++n }
}`

let workshop: Workshop
afterEach(() => workshop[Symbol.asyncDispose]())

async function define(code = HANDLER, options: Parameters<typeof openWorkshop>[0] = {}) {
  workshop = await openWorkshop(options)
  const fn = await workshop.define({ 'index.mjs': code })
  const provision = async (count: number) => {
    workshop.executor.provision(fn.spec, count)
    await expect.poll(() => workshop.executor.provisioned(fn.spec).available, { timeout: 5000 }).toBe(count)
  }
  return { ...fn, provision }
}

describe('provisioned environments', () => {
  it('are initialised before the first event, and know it', async () => {
    const fn = await define()
    await fn.provision(2)
    expect(workshop.executor.provisioned(fn.spec)).toEqual({ allocated: 2, available: 2, failure: undefined })
    const ran = await fn.run()
    expect(ran.value).toEqual({ mode: 'provisioned-concurrency', n: 1 })
    expect(ran.initMs).toBeUndefined()
    expect(ran.provisioned).toEqual({ isSpillover: false, busy: 1, allocated: 2 })
  })

  it('spill over to environments on demand when all are busy', async () => {
    const fn = await define()
    await fn.provision(1)
    const [first, second] = await Promise.all([fn.run({ waitMs: 300 }), fn.run({ waitMs: 300 })])
    expect(first.value).toMatchObject({ mode: 'provisioned-concurrency' })
    expect(second.value).toMatchObject({ mode: 'on-demand' })
    expect(second.provisioned?.isSpillover).toBe(true)
  })

  it('are replaced when their process ends', async () => {
    const fn = await define()
    await fn.provision(1)
    await fn.run()
    expect((await fn.run({ crash: true })).errorType).toBe('Runtime.ExitError')
    await expect.poll(() => workshop.executor.provisioned(fn.spec).available, { timeout: 5000 }).toBe(1)
    expect((await fn.run()).value).toEqual({ mode: 'provisioned-concurrency', n: 1 })
  })

  it('say that a handler cannot be loaded', async () => {
    const fn = await define('throw new Error("no")')
    workshop.executor.provision(fn.spec, 1)
    await expect
      .poll(() => workshop.executor.provisioned(fn.spec), { timeout: 5000 })
      .toEqual({ allocated: 0, available: 0, failure: 'FUNCTION_ERROR_INIT_FAILURE' })
  })

  it('leave a place to all others, and say why there are not more', async () => {
    const fn = await define(HANDLER, { environmentsMax: 2, prestartedMax: 0 })
    workshop.executor.provision(fn.spec, 3)
    await expect.poll(() => workshop.executor.provisioned(fn.spec).available, { timeout: 5000 }).toBe(1)
    expect(workshop.executor.provisioned(fn.spec).failure).toContain('can keep 1 environments')
    const other = await workshop.define({ 'index.mjs': HANDLER })
    expect((await other.run()).value).toMatchObject({ mode: 'on-demand' })
  })

  it('end when none are wanted any more', async () => {
    const fn = await define()
    await fn.provision(1)
    workshop.executor.provision(fn.spec, 0)
    expect((await fn.run()).value).toMatchObject({ mode: 'on-demand' })
    expect(workshop.executor.provisioned(fn.spec).allocated).toBe(0)
  })
})
