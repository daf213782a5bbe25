import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { ManualClock, settle } from '../std/clock.ts'
import { EnvironmentStartError } from './execution.ts'
import { openWorkshop, type Workshop } from './test-support/functions.ts'

const COUNTER =
  'let n = 0; export const handler = async (event) => { if (event.waitMs) await new Promise((done) => setTimeout(done, event.waitMs)); return { n: ++n, pid: process.pid } }'
const HOUR_MS = 3_600_000

let workshop: Workshop
const open = async (options: Parameters<typeof openWorkshop>[0] = {}) => {
  workshop = await openWorkshop(options)
  return workshop
}
const places = () => readdirSync(join(workshop.directory, 'run'))

afterEach(async () => {
  await workshop[Symbol.asyncDispose]()
  expect(childProcesses()).toEqual([])
})

describe('environments', () => {
  it('run one event at a time, and are reused', async () => {
    await open()
    const fn = await workshop.define({ 'index.mjs': COUNTER })
    const running = Promise.all([fn.run({ waitMs: 100 }), fn.run({ waitMs: 100 })])
    await settle()
    expect(workshop.executor.busyCount(fn.spec.functionArn)).toBe(2)
    const both = await running
    expect(both.map(({ value }) => (value as { n: number }).n)).toEqual([1, 1])
    expect(both[0]?.logStreamName).not.toBe(both[1]?.logStreamName)
    expect(workshop.executor.busyCount(fn.spec.functionArn)).toBe(0)
    expect((await fn.run()).value).toMatchObject({ n: 2 })
  })

  it('are never shared between functions, versions or revisions', async () => {
    await open()
    const fn = await workshop.define({ 'index.mjs': COUNTER })
    await fn.run()
    for (const changes of [{ version: '1' }, { revisionId: 'other' }, { functionArn: `${fn.spec.functionArn}2` }]) {
      const other = await workshop.define({ 'index.mjs': COUNTER }, { ...fn.spec, ...changes })
      expect((await other.run()).value).toMatchObject({ n: 1 })
    }
    expect((await fn.run()).value).toMatchObject({ n: 2 })
  })

  it('are limited in number; who came first goes first', async () => {
    await open({ environmentsMax: 1 })
    const one = await workshop.define({ 'index.mjs': COUNTER })
    const two = await workshop.define({ 'index.mjs': COUNTER })
    const order: string[] = []
    const run = async (name: string, fn: typeof one) => {
      await fn.run({ waitMs: 10 })
      order.push(name)
      expect(places().length).toBeLessThanOrEqual(1)
    }
    await Promise.all([run('a', one), run('b', two), run('c', two), run('d', one)])
    expect(order).toEqual(['a', 'b', 'c', 'd'])
  })

  it('are not started by the dozen for a burst: a busy one is free sooner', async () => {
    await open()
    const fn = await workshop.define({ 'index.mjs': COUNTER })
    const results = await Promise.all(Array.from({ length: 48 }, () => fn.run({ waitMs: 1 })))
    const processes = new Set(results.map(({ value }) => (value as { pid: number }).pid))
    expect(processes.size).toBeLessThan(24)
    expect(places().length).toBe(processes.size)
  })

  it('grow in number beyond a crowd when their handlers are slow', async () => {
    await open()
    const fn = await workshop.define({ 'index.mjs': COUNTER })
    const count = 2 * availableParallelism() + 1
    const results = await Promise.all(Array.from({ length: count }, () => fn.run({ waitMs: 2000 })))
    expect(new Set(results.map(({ value }) => (value as { pid: number }).pid)).size).toBe(count)
  })

  it('can be waited for until a signal says no', async () => {
    await open({ environmentsMax: 1 })
    const fn = await workshop.define({ 'index.mjs': COUNTER })
    const first = fn.run({ waitMs: 200 })
    const abort = new AbortController()
    const second = fn.run({}, { signal: abort.signal })
    abort.abort(new Error('client is gone'))
    await expect(second).rejects.toThrow('client is gone')
    await first
    expect((await fn.run()).value).toMatchObject({ n: 2 })
  })

  it('end when they have been idle for long', async () => {
    const clock = new ManualClock()
    await open({ clock, idleMaxMs: 60_000 })
    const credentials = async () => ({
      accessKeyId: 'A',
      secretAccessKey: 'S',
      sessionToken: 'T',
      expiresMs: clock.now() + HOUR_MS,
    })
    const fn = await workshop.define({ 'index.mjs': COUNTER }, { credentials })
    await fn.run()
    await clock.advance(59_000)
    expect((await fn.run()).value).toMatchObject({ n: 2 })
    await clock.advance(59_000)
    expect(places()).toHaveLength(1)
    await clock.advance(1_000)
    await expect.poll(places).toHaveLength(0)
    expect((await fn.run()).value).toMatchObject({ n: 1 })
  })

  it('are replaced before their credentials end', async () => {
    const clock = new ManualClock()
    await open({ clock, idleMaxMs: 10 * HOUR_MS })
    let asked = 0
    const fn = await workshop.define(
      { 'index.mjs': 'export const handler = async () => process.env.AWS_ACCESS_KEY_ID' },
      {
        timeoutMs: 60_000,
        credentials: async () => ({
          accessKeyId: `key-${++asked}`,
          secretAccessKey: 'S',
          sessionToken: 'T',
          expiresMs: clock.now() + HOUR_MS,
        }),
      },
    )
    expect((await fn.run()).value).toBe('key-1')
    await clock.advance(HOUR_MS - 130_000)
    expect((await fn.run()).value).toBe('key-1')
    await clock.advance(20_000)
    expect((await fn.run()).value).toBe('key-2')
  })

  it('of older revisions are ended: idle ones now, busy ones after their event', async () => {
    await open()
    const old = await workshop.define({ 'index.mjs': COUNTER })
    const fresh = await workshop.define({ 'index.mjs': COUNTER }, { ...old.spec, revisionId: 'fresh' })
    await old.run()
    await fresh.run()
    const busy = old.run({ waitMs: 100 })
    workshop.executor.retire(old.spec.functionArn, '$LATEST', 'fresh')
    expect((await busy).value).toMatchObject({ n: 2 })
    await expect.poll(places).toHaveLength(1)
    expect((await fresh.run()).value).toMatchObject({ n: 2 })
    workshop.executor.retire(old.spec.functionArn, '$LATEST')
    await expect.poll(places).toHaveLength(0)
  })

  it('cannot be had for a role without credentials, or an unknown runtime', async () => {
    await open({ environmentsMax: 1 })
    const denied = await workshop.define({}, { credentials: () => Promise.reject(new Error('not authorized')) })
    await expect(denied.run()).rejects.toThrow(EnvironmentStartError)
    await expect(denied.run()).rejects.toThrow('the execution role gives no credentials: not authorized')
    const java = await workshop.define({}, { runtime: 'java25' })
    await expect(java.run()).rejects.toThrow('there is no runtime java25 here')
    // Their places are free again.
    expect((await (await workshop.define({ 'index.mjs': COUNTER })).run()).value).toMatchObject({ n: 1 })
  })

  it('init for ten seconds at most, then once more inside of the event', async () => {
    const clock = new ManualClock()
    await open({ clock })
    const code = `import { existsSync, writeFileSync } from 'node:fs'
      const mark = process.env.TMPDIR + '/mark'
      if (!existsSync(mark)) { writeFileSync(mark, ''); console.log('slow'); await new Promise((done) => setTimeout(done, 1e6)) }
      export const handler = async () => 'at last'`
    const fn = await workshop.define({ 'index.mjs': code })
    const running = fn.run()
    // The marker tells that the first init has begun.
    await expect
      .poll(() =>
        readdirSync(join(workshop.directory, 'run'), { recursive: true }).some((name) => String(name).endsWith('mark')),
      )
      .toBe(true)
    await clock.advance(10_000)
    const ran = await running
    expect(ran.value).toBe('at last')
    expect(ran.initMs).toBeUndefined()
    const [events = []] = fn.logs.values()
    expect(
      events.some((event) => /^INIT_REPORT Init Duration: [\d.]+ ms\tPhase: init\tStatus: timeout\t\n$/.test(event)),
    ).toBe(true)
  })

  it('that are running when the server stops lose their event to a system error, not to the function', async () => {
    await open()
    const fn = await workshop.define({ 'index.mjs': COUNTER })
    await fn.run()
    const running = fn.run({ waitMs: 60_000 })
    const refused = expect(running).rejects.toThrow(EnvironmentStartError)
    await workshop.executor[Symbol.asyncDispose]()
    await refused
    await expect(fn.run()).rejects.toThrow('the server is stopping')
  })

  it('that die between events begin anew', async () => {
    await open()
    const fn = await workshop.define({
      'index.mjs':
        'let n = 0; export const handler = async () => { setTimeout(() => process.exit(1), 20); return ++n }',
    })
    const first = await fn.run()
    await expect.poll(childProcesses).toEqual([])
    expect(await fn.run()).toMatchObject({ value: 1, logStreamName: first.logStreamName })
  })
})

describe('the runtimes', () => {
  it('say what really runs them', async () => {
    await open()
    const reasons = Object.fromEntries(workshop.executor.runtimes.map(({ name, reason }) => [name, reason]))
    expect(reasons['nodejs24.x']).toContain(process.versions.node)
    expect(Object.keys(reasons)).toEqual([
      'nodejs22.x',
      'nodejs24.x',
      'python3.10',
      'python3.11',
      'python3.12',
      'python3.13',
      'python3.14',
      'ruby3.3',
      'ruby3.4',
      'ruby4.0',
      'provided.al2023',
      'provided.al2',
    ])
  })
})

/** Processes that this one started and that still run. */
function childProcesses(): string[] {
  return readdirSync('/proc/self/task').flatMap((thread) =>
    read(`/proc/self/task/${thread}/children`).split(' ').filter(Boolean),
  )
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    // The thread has ended.
    return ''
  }
}
