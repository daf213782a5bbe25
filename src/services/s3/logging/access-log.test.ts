import { beforeEach, expect, it } from 'vitest'
import type { HttpRequest, Progress } from '../../../protocol/pipeline.ts'
import { sourceOf } from '../../../std/byte-source.ts'
import { elapsedMs, settle } from '../../../std/clock.ts'
import { startWorker } from '../../../worker-loop.ts'
import { OWNER, S3Harness } from '../testing.ts'

const KIB = 1024

let harness: S3Harness
let worker: AsyncDisposable
let failures: unknown[]
beforeEach(async () => {
  harness = new S3Harness()
  failures = []
  worker = startWorker(harness.s3.accessLog, harness.clock, (error) => failures.push(error))
  await harness.makeBucket()
  await harness.makeBucket('logs')
  await harness.call('PutBucketLogging', {
    Bucket: 'bucket',
    BucketLoggingStatus: { LoggingEnabled: { TargetBucket: 'logs', TargetPrefix: '' } },
  })
  await harness.call('HeadBucket', { Bucket: 'bucket' })
  return () => worker[Symbol.asyncDispose]()
})

/** As the pipeline tells of a request; `agent` makes its record long. */
function note(agent = 'agent', Bucket = 'bucket', code?: string): void {
  const http: HttpRequest = {
    method: 'HEAD',
    target: '/bucket',
    path: '/bucket',
    query: '',
    headers: {},
    host: 'localhost:4566',
    hostBucket: undefined,
    sourceIp: '203.0.113.9',
    isSecure: false,
    userAgent: agent,
    body: sourceOf(''),
    signal: new AbortController().signal,
    isGone: false,
  }
  const route = {
    service: 's3',
    operation: 'HeadBucket',
    protocol: 'restXml',
    inputStreams: false,
    labels: { Bucket },
  } as const
  const progress: Progress = {
    ids: { requestId: 'ID', hostId: 'HOST' },
    startedMs: elapsedMs(),
    route,
    caller: OWNER,
    code,
  }
  harness.s3.accessLog.note(http, { status: 200, headers: {}, body: undefined }, progress)
}

async function written(): Promise<number[]> {
  const { output } = await harness.call('ListObjectsV2', { Bucket: 'logs' })
  return (output.Contents ?? []).map(({ Size = 0 }) => Size)
}

it('records of a minute are one object', async () => {
  note()
  note()
  await harness.clock.advance(59_000)
  expect(await written()).toEqual([])
  await harness.clock.advance(1000)
  expect(await written()).toHaveLength(1)
  await harness.clock.advance(60_000)
  expect(await written()).toHaveLength(1)
})

it('a mebibyte does not wait for the minute', async () => {
  const agent = 'a'.repeat(16 * KIB)
  for (let at = 0; at < 64; at++) note(agent)
  await settle(20)
  expect(await written()).toEqual([expect.any(Number)])
})

it('records that storage does not take in time are dropped rather than kept', async () => {
  const agent = 'a'.repeat(32 * KIB)
  for (let at = 0; at < 1024; at++) note(agent)
  await settle(20)
  const [bytes = 0, ...more] = await written()
  expect([bytes > 15 * KIB * KIB, bytes < 17 * KIB * KIB, more]).toEqual([true, true, []])
  note()
  await harness.clock.advance(60_000)
  expect(await written()).toHaveLength(2)
})

it('what was noted last is written when the server stops', async () => {
  await settle()
  note()
  await worker[Symbol.asyncDispose]()
  expect(await written()).toHaveLength(1)
})

it('other buckets, and one that is gone, are not logged', async () => {
  note('agent', 'logs')
  note('agent', 'bucket', 'NoSuchBucket')
  await harness.clock.advance(60_000)
  expect(await written()).toEqual([])
})

it('a target that is gone costs the records and nothing else', async () => {
  await harness.call('DeleteBucket', { Bucket: 'logs' })
  note()
  await harness.clock.advance(60_000)
  await harness.makeBucket('logs')
  expect([await written(), failures]).toEqual([[], []])
})
