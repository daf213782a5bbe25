/**
 * What an operation costs in processor time, of the server and of its function processes, for one or several copies of the source in turn:
 * rates of two runs do not compare on a machine that does other work, processor times nearly do.
 *
 *   node bench/cost.ts [--builds .,/other/copy] [--rounds 3] [--kinds event,invoke,wide,put,get] [--count 6000] [--profile directory]
 *
 * An event is a PUT of 1 KiB behind a notification, run by a function that does nothing, until it is settled.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { LambdaClient } from '@aws-sdk/client-lambda'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { freePort, run } from '../test/house/server-process.ts'
import { createFunction, createRole, createTrigger } from './functions.ts'
import type { LoadResult } from './load.ts'
import type { LoadTask } from './load-process.ts'

const { values } = parseArgs({
  options: {
    builds: { type: 'string', default: '.' },
    rounds: { type: 'string', default: '3' },
    kinds: { type: 'string', default: 'event,invoke,put,get' },
    count: { type: 'string', default: '6000' },
    profile: { type: 'string' },
    isolation: { type: 'string', default: 'auto' },
  },
})
const builds = values.builds.split(',').map((path) => resolve(path))
const count = Number(values.count)
const TICK_US = 10_000
const IDLE_HANDLER = 'exports.handler = async () => ({})'

interface Kind {
  readonly connections: number
  readonly task: Pick<LoadTask, 'service' | 'method' | 'target' | 'distinct' | 'bodyBytes' | 'bodyText'>
}

const INVOKE = '/2015-03-31/functions/idle/invocations'
/** Functions that are invoked in turn. */
const WIDE = 8
const KINDS: Readonly<Record<string, Kind>> = {
  put: {
    connections: 16,
    task: { service: 's3', method: 'PUT', target: '/quiet/object-{i}', distinct: count, bodyBytes: 1024 },
  },
  get: {
    connections: 16,
    task: { service: 's3', method: 'GET', target: '/quiet/object-{i}', distinct: 1000, bodyBytes: 0 },
  },
  event: {
    connections: 16,
    task: { service: 's3', method: 'PUT', target: '/loud/object-{i}', distinct: count, bodyBytes: 1024 },
  },
  wide: {
    connections: WIDE,
    task: {
      service: 'lambda',
      method: 'POST',
      target: '/2015-03-31/functions/wide-{i}/invocations',
      distinct: WIDE,
      bodyBytes: 2,
      bodyText: '{}',
    },
  },
  invoke: {
    connections: 8,
    task: { service: 'lambda', method: 'POST', target: INVOKE, distinct: 1, bodyBytes: 2, bodyText: '{}' },
  },
}

interface Cost {
  readonly serverUs: number
  readonly functionUs: number
}

const loader = fork(fileURLToPath(new URL('./load-process.ts', import.meta.url)))
const costs = new Map<string, Cost[]>()
try {
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const build of builds) await measureBuild(build)
  }
} finally {
  loader.kill()
}

async function measureBuild(build: string): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'millrace-cost-'))
  const port = await freePort()
  const data = join(scratch, 'data')
  const main = join(build, 'src/cli/main.ts')
  const profiling = values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`]
  const child = spawn(
    process.execPath,
    [
      ...profiling,
      '--max-semi-space-size=16',
      main,
      'start',
      '--data',
      data,
      '--port',
      String(port),
      '--isolation',
      values.isolation,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'], cwd: build },
  )
  try {
    await ready(child)
    const env = JSON.parse(await run(process.execPath, [main, 'env', '--json', '--data', data, '--port', String(port)]))
    const credentials = { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY }
    const server = { endpoint: env.AWS_ENDPOINT_URL, region: env.AWS_REGION, credentials }
    const s3 = new S3Client(server)
    await s3.send(new CreateBucketCommand({ Bucket: 'quiet' }))
    const role = await createRole(server)
    const arn = await createFunction(new LambdaClient(server), 'idle', role, IDLE_HANDLER)
    await createTrigger(server, 'loud', arn)
    if (values.kinds.includes('wide')) {
      for (let at = 0; at < WIDE; at++) await createFunction(new LambdaClient(server), `wide-${at}`, role, IDLE_HANDLER)
    }
    const identity = { ...credentials, region: server.region }
    for (const name of values.kinds.split(',')) {
      const kind = KINDS[name] as Kind
      const task = { ...kind.task, port, identity, connections: kind.connections, seconds: 600 }
      // The first run warms the compiler and the functions; it writes the same keys.
      await load({ ...task, requestLimit: Math.min(2000, count) })
      await quiet(child.pid as number)
      const before = await usage(child.pid as number)
      const startedMs = performance.now()
      const result = await load({ ...task, requestLimit: count })
      await quiet(child.pid as number)
      const tookMs = performance.now() - startedMs
      const after = await usage(child.pid as number)
      const cost = {
        serverUs: (after.server - before.server) / result.requestCount,
        functionUs: (after.functions - before.functions) / result.requestCount,
      }
      const key = `${name} ${build}`
      costs.set(key, [...(costs.get(key) ?? []), cost])
      const best = (of: (cost: Cost) => number) => Math.round(Math.min(...(costs.get(key) as Cost[]).map(of)))
      const all = costs.get(key) as Cost[]
      console.log(
        `${name.padEnd(7)} server ${String(Math.round(cost.serverUs)).padStart(5)} µs, functions ${String(Math.round(cost.functionUs)).padStart(5)} µs` +
          `  (best of ${all.length}: ${best((c) => c.serverUs)}, ${best((c) => c.functionUs)})  ${Math.round(result.perSecond)}/s p50 ${result.p50Ms.toFixed(1)} ms, settled ${Math.round((result.requestCount / (tookMs - 800)) * 1000)}/s, errors ${result.errorCount}  ${build}`,
      )
    }
  } finally {
    child.kill('SIGTERM')
    await new Promise((done) => (child.exitCode === null ? child.once('exit', done) : done(undefined)))
    await rm(scratch, { recursive: true, force: true })
  }
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((done, fail) => {
    let text = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      if (/^Ready\.$/m.test(text)) done()
    })
    child.once('exit', () => fail(new Error('the server ended before it was ready')))
  })
}

function load(task: LoadTask): Promise<LoadResult> {
  return new Promise((done) => {
    loader.once('message', (message) => done(message as LoadResult))
    loader.send(task)
  })
}

/** Resolves when the server and its functions have done nothing for a while. */
async function quiet(pid: number): Promise<void> {
  for (let last = -1, same = 0; same < 4; await delay(200)) {
    const { server, functions } = await usage(pid)
    const now = server + functions
    same = now - last <= 2 * TICK_US ? same + 1 : 0
    last = now
  }
}

/** Processor time used by the server and by all that descends from it, in µs. Of processes that still run. */
async function usage(pid: number): Promise<{ server: number; functions: number }> {
  const used = new Map<number, { parent: number; us: number }>()
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => undefined)
    if (stat === undefined) continue
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    used.set(Number(name), { parent: Number(fields[1]), us: (Number(fields[11]) + Number(fields[12])) * TICK_US })
  }
  let functions = 0
  for (const [id, { us }] of used) {
    let at = used.get(id)?.parent
    while (at !== undefined && at !== pid && at > 1) at = used.get(at)?.parent
    if (at === pid) functions += us
  }
  return { server: used.get(pid)?.us ?? 0, functions }
}
