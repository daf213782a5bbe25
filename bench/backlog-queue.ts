/**
 * What a queue does with a backlog, durable, on this machine: jobs are owed while their function may run nothing, the store is closed and
 * opened again, then a worker drains them. No functions run: this is the store, the queue and its worker alone.
 *
 *   node bench/backlog-queue.ts [--count 100000] [--concurrency 16]
 *
 * Rates should be the same in every slice and memory flat; it fails when a job is lost or runs twice.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createQueue, type Job, type Queue } from '../src/queue/queue.ts'
import { Worker } from '../src/queue/worker.ts'
import { elapsedMs, systemClock } from '../src/std/clock.ts'
import { openLevelStore } from '../src/store/engines/leveldb.ts'
import type { Store } from '../src/store/store.ts'
import { transact } from '../src/store/transaction.ts'

const { values } = parseArgs({
  options: { count: { type: 'string', default: '100000' }, concurrency: { type: 'string', default: '16' } },
})
const count = Number(values.count)
const concurrency = Number(values.concurrency)
const WRITERS = 64
const SLICES = 10
/** Bytes of a job: about an S3 event. */
const TEXT = 'e'.repeat(900)
const PARTITION = 'arn:aws:lambda:us-east-1:000000000000:function:backlog'

interface Payload {
  readonly index: number
  readonly text: string
}

const path = await mkdtemp(join(tmpdir(), 'millrace-backlog-'))
try {
  await fill()
  await drain()
} finally {
  await rm(path, { recursive: true })
}

function open(store: Store, owner: string): Queue<Payload> {
  return createQueue(store, { name: 'backlog', clock: systemClock, owner, leaseMs: 60_000, isExclusive: true })
}

/** Owes all jobs while a worker that has no budget for them keeps looking. */
async function fill(): Promise<void> {
  await using store = await openLevelStore(path)
  const queue = open(store, 'first')
  let startedCount = 0
  const run = async () => {
    startedCount++
  }
  await using worker = new Worker({ queue, clock: systemClock, concurrency, budget: () => 0, run, onError: fail })
  worker.start()
  const slice = startSlices('owed')
  let next = 0
  const write = async () => {
    while (next < count) {
      const index = next++
      const job = { id: `job-${index}`, partition: PARTITION, dueMs: Date.now(), payload: { index, text: TEXT } }
      await transact(store, async (tx) => queue.enqueue(tx, job))
      slice()
    }
  }
  await Promise.all(Array.from({ length: WRITERS }, write))
  if (startedCount > 0) throw new Error(`${startedCount} jobs ran without a budget`)
}

async function drain(): Promise<void> {
  const openedMs = elapsedMs()
  await using store = await openLevelStore(path)
  const queue = open(store, 'second')
  const seen = new Uint8Array(count)
  const slice = startSlices('drained')
  let doneCount = 0
  const all = Promise.withResolvers<void>()
  const run = async (job: Job<Payload>) => {
    firstMs ??= elapsedMs() - openedMs
    if (seen[job.payload.index] !== 0) all.reject(new Error(`${job.id} ran twice`))
    seen[job.payload.index] = 1
    await transact(store, async (tx) => queue.complete(tx, job))
    slice()
    if (++doneCount === count) all.resolve()
  }
  let firstMs: number | undefined
  await using worker = new Worker({ queue, clock: systemClock, concurrency, run, onError: all.reject })
  worker.start()
  // Timers of the clock keep no process alive.
  const alive = setInterval(() => undefined, 1000)
  await all.promise.finally(() => clearInterval(alive))
  await worker.stop(5000)
  const left = await queue.depth()
  if (left !== 0) throw new Error(`${left} jobs are left`)
  console.log(`opened again, first job running after ${Math.round(firstMs as number)} ms; all ${count} ran once`)
}

/** Counts what it is called for, and prints rate and memory after each slice of it. */
function startSlices(what: string): () => void {
  const length = Math.ceil(count / SLICES)
  let done = 0
  let atMs = elapsedMs()
  return () => {
    if (++done % length !== 0 && done !== count) return
    const nowMs = elapsedMs()
    const sliceCount = done % length === 0 ? length : done % length
    const perSecond = Math.round((sliceCount / (nowMs - atMs)) * 1000)
    const rssMb = Math.round(process.memoryUsage.rss() / 1024 / 1024)
    console.log(`${what.padEnd(8)} ${String(done).padStart(8)}  ${String(perSecond).padStart(7)}/s  RSS ${rssMb} MB`)
    atMs = nowMs
  }
}

function fail(error: unknown): never {
  throw error
}
