/**
 * Cold starts: from the call of the executor to the first line of the handler, and to its answer; in processes that were started ahead and in
 * new ones, one function each time.
 *
 *   node bench/cold.ts [--samples 12] [--isolation auto|bubblewrap|process]
 */
import { parseArgs } from 'node:util'
import type { FunctionSpec } from '../src/execution/execution.ts'
import { openWorkshop } from '../src/execution/test-support/functions.ts'

const { values } = parseArgs({
  options: { samples: { type: 'string', default: '8' }, isolation: { type: 'string', default: 'auto' } },
})
const samples = Number(values.samples)
const isolation = values.isolation as 'auto' | 'bubblewrap' | 'process'

interface Subject {
  readonly name: string
  readonly files: Readonly<Record<string, string>>
  readonly changes: Partial<FunctionSpec>
}

/** Handlers answer the wall-clock time in ms at which they run. */
const NODE = 'exports.handler = async () => performance.timeOrigin + performance.now()'
const PYTHON = 'import time\ndef handler(event, context): return time.time() * 1000'
const SUBJECTS: readonly Subject[] = [
  { name: 'Node, trivial', files: { 'index.js': NODE }, changes: {} },
  {
    name: 'Node, ES module',
    files: { 'index.mjs': NODE.replace('exports.handler =', 'export const handler =') },
    changes: {},
  },
  {
    name: 'Node, client-s3',
    files: {
      'index.mjs': `import { S3Client } from '@aws-sdk/client-s3'; const s3 = new S3Client({}); ${NODE.replace('exports.handler =', 'export const handler =')}`,
    },
    changes: {},
  },
  { name: 'Python, trivial', files: { 'index.py': PYTHON }, changes: { runtime: 'python3.12' } },
  {
    name: 'Python, boto3 client',
    files: { 'index.py': `import boto3\ns3 = boto3.client("s3")\n${PYTHON}` },
    changes: { runtime: 'python3.12' },
  },
]

// Timers of the executor keep no process alive.
const alive = setInterval(() => undefined, 1000)
for (const prestartedMax of [1, 0]) {
  await using workshop = await openWorkshop({ isolation, prestartedMax })
  workshop.executor.startAhead()
  console.log(`\n${prestartedMax === 0 ? 'a new process' : 'started ahead'} (${workshop.executor.isolation.kind})`)
  for (const subject of SUBJECTS) {
    const runningMs: number[] = []
    const answeredMs: number[] = []
    // The first one makes its kind known.
    for (let sample = 0; sample <= samples; sample++) {
      const fn = await workshop.define(subject.files, { memoryMb: 128, ...subject.changes })
      await workshop.executor.startedAhead
      const sentMs = performance.timeOrigin + performance.now()
      const ran = await fn.run()
      if (ran.outcome !== 'success') throw new Error(`${subject.name}: ${ran.payload.toString()}`)
      if (sample === 0) continue
      answeredMs.push(performance.timeOrigin + performance.now() - sentMs)
      runningMs.push((ran.value as number) - sentMs)
      workshop.executor.retire(fn.spec.functionArn, fn.spec.version)
    }
    const median = (all: number[]) => (all.sort((a, b) => a - b)[all.length >> 1] as number).toFixed(1).padStart(7)
    const [running, answered, worst] = [median(runningMs), median(answeredMs), runningMs.at(-1)?.toFixed(1)]
    console.log(`  ${subject.name.padEnd(22)} running p50 ${running} ms, max ${worst} ms; answered p50 ${answered} ms`)
  }
}
clearInterval(alive)
