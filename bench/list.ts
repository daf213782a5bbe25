/**
 * A page of a listing must cost the same in a bucket of a thousand keys and of a million: LIST of 1,000 keys from the middle, and with a
 * delimiter under which every common prefix hides a hundred keys.
 *
 *   npm run bench:list [-- --keys 1000,10000,100000]
 */
import { fork } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { CreateBucketCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { freePort, startServerProcess } from '../test/house/server-process.ts'
import type { LoadResult } from './load.ts'
import type { LoadTask } from './load-process.ts'

const KEYS_PER_PREFIX = 100
const ROUNDS = 40

const { values } = parseArgs({ options: { keys: { type: 'string', default: '1000,10000,100000' } } })
const counts = values.keys.split(',').map(Number)

const scratchPath = await mkdtemp(join(tmpdir(), 'millrace-list-'))
const loader = fork(fileURLToPath(new URL('./load-process.ts', import.meta.url)))
const server = await startServerProcess(join(scratchPath, 'data'), await freePort())
try {
  const connection = await server.connection()
  const identity = { ...connection.credentials, region: connection.region }
  const s3 = new S3Client(connection)
  const put = (bucket: string, key: string, count: number) =>
    load({
      port: server.port,
      identity,
      service: 's3',
      method: 'PUT',
      target: `/${bucket}/${key}`,
      distinct: count,
      prefixEvery: KEYS_PER_PREFIX,
      bodyBytes: 0,
      connections: 64,
      seconds: 3600,
      requestLimit: count,
    })
  console.log(
    'keys in bucket   1,000 keys p50 ms   p99 ms   1,000 common prefixes of all p50 ms   per 1,000 prefixes ms',
  )
  for (const count of counts) {
    const bucket = `list-${count}`
    await s3.send(new CreateBucketCommand({ Bucket: bucket }))
    await put(bucket, 'flat-{i}', count / 2)
    await put(bucket, 'tree/{p}/{i}', count / 2)
    const flat = await time(() =>
      s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: 'flat-', StartAfter: 'flat-4' })),
    )
    let prefixes = 0
    const grouped = await time(async () => {
      const page = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: 'tree/', Delimiter: '/' }))
      prefixes = page.CommonPrefixes?.length ?? 0
    })
    console.log(
      `${String(count).padStart(14)}   ${flat.p50Ms.toFixed(2).padStart(17)}   ${flat.p99Ms.toFixed(2).padStart(6)}   ${grouped.p50Ms.toFixed(2).padStart(35)}   ${((grouped.p50Ms / prefixes) * 1000).toFixed(2).padStart(21)}`,
    )
  }
} finally {
  loader.kill()
  await server.stop()
  await rm(scratchPath, { recursive: true, force: true })
}

async function time(act: () => Promise<unknown>): Promise<{ p50Ms: number; p99Ms: number }> {
  const took: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const startedMs = performance.now()
    await act()
    took.push(performance.now() - startedMs)
  }
  took.sort((a, b) => a - b)
  return { p50Ms: took[ROUNDS / 2] as number, p99Ms: took[ROUNDS - 1] as number }
}

function load(task: LoadTask): Promise<LoadResult> {
  return new Promise((resolve) => {
    loader.once('message', (message) => resolve(message as LoadResult))
    loader.send(task)
  })
}
