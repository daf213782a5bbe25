import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openWorkshop, type Workshop } from './test-support/functions.ts'

/** Only a process that was started ahead has loaded the SDK by itself. */
const PROBE = `const fs = require('node:fs')
const attempt = (act) => { try { return act() } catch (error) { return error.code ?? error.message } }
const root = process.env.LAMBDA_TASK_ROOT
exports.handler = async (event) => {
  if (event.exit) process.exit(1)
  if (event.fill) { const held = []; for (;;) { held.push(Buffer.alloc(4 << 20, 1)); await new Promise((done) => setTimeout(done, 5)) } }
  return {
    isAhead: Object.keys(require.cache).some((file) => file.includes('client-s3')),
    own: fs.readFileSync(root + '/own.txt', 'utf8'),
    write: attempt(() => fs.writeFileSync(root + '/own.txt', 'x')),
    isHome: process.cwd() === root,
    env: { A: process.env.A, B: process.env.B, key: process.env.AWS_ACCESS_KEY_ID, zone: new Date(0).getTimezoneOffset() },
    opt: attempt(() => require('from-layer')),
    leftover: Object.keys(process.env).filter((name) => name.startsWith('NODE_CHANNEL')),
    where: __filename === root + '/index.js',
    args: process.argv.length,
  }
}`

let workshop: Workshop
const open = async (options: Parameters<typeof openWorkshop>[0] = {}) => {
  workshop = await openWorkshop({ isolation: 'auto', prestartedMax: 1, ...options })
  workshop.executor.startAhead()
  await workshop.executor.startedAhead
}
const define = (environment: Record<string, string>, changes: Parameters<Workshop['define']>[1] = {}) =>
  workshop.define({ 'index.js': PROBE, 'own.txt': environment['A'] ?? '' }, { environment, memoryMb: 128, ...changes })
const places = () => readdirSync(join(workshop.directory, 'run')).filter((name) => /-\d+$/.test(name))

describe.each(['auto', 'process'] as const)('with isolation %s, a process that was started ahead', (isolation) => {
  beforeAll(() => open({ isolation }))
  beforeEach(() => workshop.executor.startedAhead)
  afterAll(() => workshop[Symbol.asyncDispose]())

  it('becomes one function, with its code, layers, variables and credentials', async () => {
    const { kind } = workshop.executor.isolation
    const layer = await workshop.write({ 'nodejs/node_modules/from-layer/index.js': 'module.exports = "layer"' })
    const hasPlaces = kind === 'bubblewrap'
    const one = await define({ A: 'one', TZ: 'Asia/Tokyo' }, hasPlaces ? { layerPaths: [layer] } : {})
    expect((await one.run()).value).toEqual({
      isAhead: true,
      own: 'one',
      write: hasPlaces ? 'EROFS' : undefined,
      isHome: true,
      env: { A: 'one', key: 'ASIAEXAMPLE', zone: -540 },
      opt: hasPlaces ? 'layer' : expect.stringContaining('MODULE_NOT_FOUND'),
      leftover: [],
      where: true,
      args: 2,
    })
    await workshop.executor.startedAhead
    const two = await define({ B: 'two' })
    const { value } = await two.run()
    expect(value).toMatchObject({ isAhead: true, own: '', env: { B: 'two', zone: 0 } })
    expect(value).not.toHaveProperty('env.A')
    expect((await one.run()).value).toMatchObject({ own: hasPlaces ? 'one' : 'x' })
  })

  it('is started again like any other after it ended', async () => {
    const fn = await define({ A: 'one' })
    expect((await fn.run({ exit: true })).errorType).toBe('Runtime.ExitError')
    expect((await fn.run()).value).toMatchObject({ isAhead: false, own: 'one', isHome: true })
  })

  it('becomes a Python function', async () => {
    const code = `import os, sys
def handler(event, context): return [os.environ.get("A"), "boto3" in sys.modules, os.getcwd() == os.environ["LAMBDA_TASK_ROOT"]]`
    const changes = { runtime: 'python3.12', handler: 'm.handler', environment: { A: 'one' } }
    if (!workshop.executor.runtimes.find(({ name }) => name === 'python3.12')?.available) return
    const first = await workshop.define({ 'm.py': code }, changes)
    expect((await first.run()).value).toEqual(['one', false, true])
    await workshop.executor.startedAhead
    const next = await workshop.define({ 'm.py': code }, changes)
    const { value } = await next.run()
    const hasBoto3 = workshop.executor.runtimes.some(({ reason }) => reason.includes('with boto3'))
    expect(value).toEqual(['one', hasBoto3, true])
    await workshop.executor.startedAhead
    const bringing = await workshop.define(
      {
        'm.py': `import botocore\ndef handler(event, context): return botocore.mine`,
        'botocore/__init__.py': 'mine = 1',
      },
      changes,
    )
    expect((await bringing.run()).value).toBe(1)
  })

  it.runIf(isolation === 'auto')('leaves a copy of the SDK that the function brings alone', async () => {
    const fn = await workshop.define(
      {
        'index.mjs': `import { mine } from '@aws-sdk/client-s3'; export const handler = async () => mine`,
        'node_modules/@aws-sdk/client-s3/index.js': 'exports.mine = 1',
      },
      { memoryMb: 128 },
    )
    expect((await fn.run()).value).toBe(1)
  })

  it.runIf(isolation === 'auto')('is held to the memory of their function', async () => {
    const fn = await define({}, { timeoutMs: 20_000 })
    expect((await fn.run({ fill: true })).errorType).toBe('Runtime.OutOfMemory')
  })

  it.runIf(isolation === 'auto').each([
    ['NODE_OPTIONS', '--no-warnings'],
    ['LD_LIBRARY_PATH', '/opt/lib'],
  ])('is not for functions that set %s', async (name, value) => {
    expect((await (await define({ [name]: value })).run()).value).toMatchObject({ isAhead: false })
  })
})

describe('processes that were started ahead', () => {
  afterEach(() => workshop[Symbol.asyncDispose]())

  it('count among the processes of the machine, and give way to functions', async () => {
    await open({ environmentsMax: 1, isolation: 'process' })
    expect(places()).toHaveLength(1)
    const other = await define({}, { memoryMb: 256 })
    expect((await other.run()).value).toMatchObject({ isAhead: false })
    expect((await other.run()).value).toMatchObject({ isAhead: false })
    await expect.poll(places).toHaveLength(1)
  })

  it('are not kept unless asked for', async () => {
    workshop = await openWorkshop({ isolation: 'process' })
    expect((await (await define({ A: 'one' })).run()).value).toMatchObject({ isAhead: false })
    expect(places()).toHaveLength(1)
  })
})
