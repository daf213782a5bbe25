/**
 * Throughput and latency of one server beside s3rver, from one run on one machine, load generator included.
 *
 *   npm run bench [-- --seconds 5] [--quick] [--json]
 *
 * Figures of different runs or machines do not compare; ratios within a run do.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { freePort, startServerProcess } from '../test/house/server-process.ts'
import { type FunctionFigures, measureFunctions } from './functions.ts'
import type { LoadResult } from './load.ts'
import type { LoadTask } from './load-process.ts'
import { startS3rver } from './peers.ts'
import type { Identity } from './sign.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '4' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    isolation: { type: 'string', default: 'auto' },
  },
})
const seconds = values.quick ? 1.5 : Number(values.seconds)

const KIB = 1024
const MIB = 1024 * KIB
const SIZES = [
  { name: '1 KiB', bytes: KIB, distinct: 20_000, connections: [1, 32, 64] },
  { name: '64 KiB', bytes: 64 * KIB, distinct: 500, connections: [1, 32] },
  { name: '8 MiB', bytes: 8 * MIB, distinct: 12, connections: [1, 4, 32] },
]

interface Subject {
  readonly name: string
  readonly port: number
  readonly pid: number
  readonly identity: Identity
}

interface Row {
  readonly subject: string
  readonly operation: string
  readonly size: string
  readonly connections: number
  readonly load: LoadResult
  readonly peakRssMib: number
}

const loader = fork(fileURLToPath(new URL('./load-process.ts', import.meta.url)))
const scratchPath = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
const rows: Row[] = []
let functions: FunctionFigures | undefined
let idle: { readyMs: number[]; rssMib: number } | undefined

try {
  const readyMs: number[] = []
  for (let start = 0; start < 3; start++) {
    const trial = await startServerProcess(join(scratchPath, `start-${start}`), await freePort(), [
      '--isolation',
      values.isolation,
    ])
    readyMs.push(trial.readyMs)
    await trial.stop()
  }
  const server = await startServerProcess(join(scratchPath, 'millrace'), await freePort(), [
    '--isolation',
    values.isolation,
  ])
  readyMs.push(server.readyMs)
  await delay(2000)
  idle = { readyMs, rssMib: await rssMib(server.pid, 'VmRSS') }
  const connection = await server.connection()
  const identity = { ...connection.credentials, region: connection.region }
  await new S3Client(connection).send(new CreateBucketCommand({ Bucket: 'bench' }))
  await measureS3({ name: 'millrace', port: server.port, pid: server.pid, identity })
  functions = await measureFunctions(connection, identity, server.port, (task) => load(loader, task), seconds)
  await server.stop()

  const peer = await startS3rver(join(scratchPath, 's3rver'), await freePort(), 'bench')
  await measureS3({ name: 's3rver', port: peer.port, pid: peer.pid, identity: peer.identity })
  peer.kill()
} finally {
  loader.kill()
  await rm(scratchPath, { recursive: true, force: true })
}

if (values.json) console.log(JSON.stringify({ idle, rows, functions }, null, 2))
else print()

async function measureS3(subject: Subject): Promise<void> {
  for (const size of SIZES) {
    for (const operation of ['PUT', 'GET'] as const) {
      for (const connections of size.connections) {
        const peak = watchRss(subject.pid)
        const result = await load(loader, {
          port: subject.port,
          identity: subject.identity,
          service: 's3',
          method: operation,
          target: `/bench/${size.bytes}/object-{i}`,
          distinct: size.distinct,
          bodyBytes: operation === 'PUT' ? size.bytes : 0,
          connections,
          seconds,
          // A GET finds only what the PUTs before it wrote: they walk through the same keys in the same order.
          ...(operation === 'GET' && { distinct: Math.min(size.distinct, written(subject.name, size.name)) }),
        })
        rows.push({
          subject: subject.name,
          operation,
          size: size.name,
          connections,
          load: result,
          peakRssMib: await peak(),
        })
        if (!values.json) process.stderr.write('.')
      }
    }
  }
}

function written(subject: string, size: string): number {
  const counts = rows
    .filter((row) => row.subject === subject && row.size === size && row.operation === 'PUT')
    .map((row) => row.load.requestCount)
  return Math.max(1, ...counts)
}

function load(process: ChildProcess, task: LoadTask): Promise<LoadResult> {
  return new Promise((resolve) => {
    process.once('message', (message) => resolve(message as LoadResult))
    process.send(task)
  })
}

async function rssMib(pid: number, field: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024
}

/** Samples the resident size until the returned function is called, which answers the highest. */
function watchRss(pid: number): () => Promise<number> {
  let peak = 0
  const sample = async () => {
    peak = Math.max(peak, await rssMib(pid, 'VmRSS'))
  }
  const timer = setInterval(() => void sample(), 100)
  return async () => {
    clearInterval(timer)
    await sample()
    return peak
  }
}

function print(): void {
  const cell = (text: string | number, width: number) => String(text).padStart(width)
  console.log(
    `\n${cpus().length} cores, Node ${process.version}, ${seconds} s a figure, load generator on the same cores\n`,
  )
  console.log(
    `${'server'.padEnd(10)}${'op'.padEnd(5)}${cell('size', 7)}${cell('conn', 6)}${cell('req/s', 10)}${cell('p50 ms', 9)}${cell('p99 ms', 9)}${cell('errors', 8)}${cell('RSS MiB', 9)}${cell('× s3rver', 10)}`,
  )
  for (const row of rows) {
    const peer = rows.find(
      (other) =>
        other.subject === 's3rver' &&
        other.operation === row.operation &&
        other.size === row.size &&
        other.connections === row.connections,
    )
    const ratio = row.subject === 'millrace' && peer ? (row.load.perSecond / peer.load.perSecond).toFixed(1) : ''
    console.log(
      `${row.subject.padEnd(10)}${row.operation.padEnd(5)}${cell(row.size, 7)}${cell(row.connections, 6)}${cell(Math.round(row.load.perSecond), 10)}${cell(row.load.p50Ms.toFixed(2), 9)}${cell(row.load.p99Ms.toFixed(2), 9)}${cell(row.load.errorCount, 8)}${cell(Math.round(row.peakRssMib), 9)}${cell(ratio, 10)}`,
    )
  }
  console.log(
    `\nready after ${idle?.readyMs.map((ms) => Math.round(ms)).join(', ')} ms; idle ${Math.round(idle?.rssMib ?? 0)} MiB`,
  )
  for (const line of functions?.lines ?? []) console.log(line)
}
