/**
 * A backlog on its whole way: objects are put whose function hangs at its first event, the server is killed and started again, then the function
 * answers and the backlog drains. Prints rate and memory of each slice, which should be the same in all of them.
 *
 *   node bench/backlog.ts [--events 3000] [--connections 32] [--isolation auto] [--environments 4]
 *
 * Fails when an event is lost. The queue alone, without functions: bench/backlog-queue.ts.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { CloudWatchClient, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch'
import {
  LambdaClient,
  PutFunctionConcurrencyCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda'
import { type Connection, freePort, type ServerProcess, startServerProcess } from '../test/house/server-process.ts'
import { createFunction, createRole, createTrigger } from './functions.ts'
import type { LoadResult } from './load.ts'
import type { LoadTask } from './load-process.ts'

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '3000' },
    connections: { type: 'string', default: '32' },
    environments: { type: 'string', default: '4' },
    isolation: { type: 'string', default: 'auto' },
  },
})
const eventCount = Number(values.events)
const SLICES = 10
/** Keys are written again and again: each time is an event, and the load generator need not hold a million requests. */
const KEYS_MAX = 5000
/** How long the function hangs while the backlog is taken in, per event; its timeout is longer. */
const HANGS_MS = 20_000
const POLL_MS = 2000
/** Without any progress for so long, something is lost. */
const STALLED_MS = 180_000
const HANDLER = `exports.handler = () => new Promise((done) => setTimeout(done, Number(process.env.HANGS_MS ?? 0), {}))`
const NAME = 'backlog'

const loader = fork(fileURLToPath(new URL('./load-process.ts', import.meta.url)))
const path = await mkdtemp(join(tmpdir(), 'millrace-backlog-'))
let server: ServerProcess | undefined
let port: number | undefined
/** Where the last slice ended. */
let printed = { done: 0, cpuUs: 0 }
/** Events owed. */
let taken = 0
try {
  server = await start()
  const connection = await server.connection()
  await prepare(connection)
  await takeIn(server, connection)
  await server.kill()
  server = await start()
  console.log(
    `killed and started again: ready after ${Math.round(server.readyMs)} ms, RSS ${await rssMib(server.pid)} MiB`,
  )
  await letGo(connection)
  await drain(server, connection)
  await server.stop()
  server = undefined
} finally {
  await server?.kill()
  loader.kill()
  await rm(path, { recursive: true, force: true })
}

async function start(): Promise<ServerProcess> {
  port ??= await freePort()
  return startServerProcess(join(path, 'data'), port, ['--isolation', values.isolation])
}

async function prepare(connection: Connection): Promise<void> {
  const lambda = new LambdaClient(connection)
  const arn = await createFunction(lambda, NAME, await createRole(connection), HANDLER, { HANGS_MS: String(HANGS_MS) })
  await limit(lambda, 1)
  await createTrigger(connection, NAME, arn)
}

async function limit(lambda: LambdaClient, environments: number): Promise<void> {
  await lambda.send(
    new PutFunctionConcurrencyCommand({ FunctionName: NAME, ReservedConcurrentExecutions: environments }),
  )
}

async function takeIn({ port: at, pid }: ServerProcess, connection: Connection): Promise<void> {
  const identity = { ...connection.credentials, region: connection.region }
  let done = 0
  printed = { done, cpuUs: await processorUs(pid) }
  for (let slice = 1; slice <= SLICES; slice++) {
    const sliceCount = Math.round((eventCount * slice) / SLICES) - done
    const result = await load({
      port: at,
      identity,
      service: 's3',
      method: 'PUT',
      target: `/${NAME}/object-{i}`,
      distinct: Math.min(KEYS_MAX, sliceCount),
      bodyBytes: 128,
      connections: Number(values.connections),
      seconds: 3600,
      requestLimit: sliceCount,
    })
    if (result.errorCount > 0) throw new Error(`${result.errorCount} of ${result.requestCount} PUTs failed`)
    done += result.requestCount
    await print('taken in', done, result.perSecond, pid)
  }
  taken = done
}

/** The function answers at once from now on. */
async function letGo(connection: Connection): Promise<void> {
  const lambda = new LambdaClient(connection)
  await lambda.send(
    new UpdateFunctionConfigurationCommand({ FunctionName: NAME, Environment: { Variables: { HANGS_MS: '0' } } }),
  )
  await waitUntilFunctionUpdatedV2({ client: lambda, maxWaitTime: 20 }, { FunctionName: NAME })
  await limit(lambda, Number(values.environments))
}

/** Follows the metric of invocations, which costs the server nothing; the depth of the queue would be counted row by row. */
async function drain({ pid }: ServerProcess, connection: Connection): Promise<void> {
  const cloudwatch = new CloudWatchClient(connection)
  const length = taken / SLICES
  let sliceEnd = length
  let last = { ran: 0, atMs: performance.now() }
  let begin: typeof last | undefined
  let progressedMs = performance.now()
  while (last.ran < taken) {
    await delay(POLL_MS)
    const now = { ran: await invocations(cloudwatch), atMs: performance.now() }
    if (now.ran > last.ran) progressedMs = now.atMs
    if (now.atMs - progressedMs > STALLED_MS) throw new Error(`${taken - now.ran} of ${taken} events did not run`)
    // What was hanging when the server was killed runs first, alone.
    if (begin === undefined && now.ran > 1) {
      begin = now
      printed = { done: now.ran, cpuUs: await processorUs(pid) }
    } else if (begin !== undefined && now.ran >= sliceEnd) {
      await print('drained', now.ran, ((now.ran - begin.ran) / (now.atMs - begin.atMs)) * 1000, pid)
      begin = now
      while (sliceEnd <= now.ran) sliceEnd += length
    }
    last = now
  }
  console.log(`all ${taken} events ran; ${last.ran - taken} of them twice`)
}

async function invocations(cloudwatch: CloudWatchClient): Promise<number> {
  const nowMs = Date.now()
  const { Datapoints } = await cloudwatch.send(
    new GetMetricStatisticsCommand({
      Namespace: 'AWS/Lambda',
      MetricName: 'Invocations',
      Dimensions: [{ Name: 'FunctionName', Value: NAME }],
      StartTime: new Date(nowMs - 12 * 3_600_000),
      EndTime: new Date(nowMs + 3_600_000),
      Period: 3600,
      Statistics: ['Sum'],
    }),
  )
  return (Datapoints ?? []).reduce((sum, { Sum }) => sum + (Sum ?? 0), 0)
}

/** The rate of a slice depends on what else the machine does; the server's processor time for an event nearly does not. */
async function print(what: string, done: number, perSecond: number, pid: number): Promise<void> {
  const cpuUs = await processorUs(pid)
  const each = Math.round((cpuUs - printed.cpuUs) / (done - printed.done))
  printed = { done, cpuUs }
  const rate = String(Math.round(perSecond)).padStart(7)
  console.log(
    `${what.padEnd(8)} ${String(done).padStart(8)}  ${rate}/s  ${String(each).padStart(5)} µs of the server each  RSS ${await rssMib(pid)} MiB`,
  )
}

async function processorUs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}

async function rssMib(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024)
}

function load(task: LoadTask): Promise<LoadResult> {
  return new Promise((done) => {
    loader.once('message', (message) => done(message as LoadResult))
    ;(loader as ChildProcess).send(task)
  })
}
