/**
 * What the store and the blob store do alone, durable, on this machine: `node bench/store.ts [directory]`. About 12 seconds.
 * A commit is what PutObject writes: a check that the key is absent, one row of 300 bytes and one of 1 KiB.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDiskBlobs } from '../src/blobs/disk.ts'
import { sourceFrom } from '../src/std/byte-source.ts'
import { elapsedMs } from '../src/std/clock.ts'
import type { DigestName } from '../src/std/digest.ts'
import { randomBuffer } from '../src/std/ids.ts'
import { openLevelStore } from '../src/store/engines/leveldb.ts'

const MIB = 1024 * 1024
const path = await mkdtemp(join(process.argv[2] ?? tmpdir(), 'millrace-bench-'))
try {
  await benchStore(join(path, 'store'))
  await benchBlobs(join(path, 'blobs'))
} finally {
  await rm(path, { recursive: true })
}

async function benchStore(directory: string): Promise<void> {
  await using store = await openLevelStore(directory)
  const small = randomBuffer(300)
  const large = randomBuffer(1024)
  let count = 0
  const keyOf = (index: number) => Buffer.from(`objects/${Math.imul(index, 2_654_435_761) >>> 0}`)
  const commit = async () => {
    const key = keyOf(count++)
    const other = Buffer.concat([Buffer.from('events/'), key])
    await store.commit({
      checks: [{ key, version: null }],
      puts: [
        [key, small],
        [other, large],
      ],
      deletes: [],
    })
  }
  for (const writers of [1, 16, 64]) await measure(`commit, ${writers} writers`, writers, 1500, commit)
  let at = 0
  const recent = () => store.get(keyOf(count - 1 - (at++ % 1000)))
  await measure('get, recently used', 1, 500, recent)
  const old = () => store.get(keyOf((at += 7919) % count))
  await measure('get, any', 1, 500, old)
  const page = () => store.list({ gte: Buffer.from('objects/1'), lt: Buffer.from('objects/9'), limit: 1000 })
  await measure('list of 1000', 1, 500, page)
}

async function benchBlobs(directory: string): Promise<void> {
  await using blobs = await openDiskBlobs(directory)
  const chunk = randomBuffer(64 * 1024)
  const write = async (byteCount: number, digests: DigestName[]) => {
    const { id } = await blobs.write(sourceFrom(repeat(chunk, byteCount), byteCount), digests)
    return id
  }
  const put = (byteCount: number) => async () => blobs.delete(await write(byteCount, ['md5', 'crc64nvme']))
  for (const writers of [1, 16]) await measure(`blob put 64 KiB, ${writers} writers`, writers, 1000, put(64 * 1024))
  for (const writers of [1, 4]) await measure(`blob put 8 MiB, ${writers} writers`, writers, 1500, put(8 * MIB))
  const id = await write(8 * MIB, [])
  const get = async () => {
    for await (const _ of await blobs.read(id, { start: 0, end: 8 * MIB - 1 }));
  }
  for (const readers of [1, 4]) await measure(`blob get 8 MiB, ${readers} readers`, readers, 1000, get)
}

async function* repeat(chunk: Buffer, byteCount: number): AsyncGenerator<Buffer> {
  for (let sent = 0; sent < byteCount; sent += chunk.length) yield chunk
}

async function measure(
  name: string,
  concurrency: number,
  durationMs: number,
  act: () => Promise<unknown>,
): Promise<void> {
  const latencies: number[] = []
  const startMs = elapsedMs()
  const cpu = process.cpuUsage()
  const loop = async () => {
    for (let beginMs = elapsedMs(); beginMs - startMs < durationMs; ) {
      await act()
      const endMs = elapsedMs()
      latencies.push(endMs - beginMs)
      beginMs = endMs
    }
  }
  await Promise.all(Array.from({ length: concurrency }, loop))
  const tookMs = elapsedMs() - startMs
  const { user, system } = process.cpuUsage(cpu)
  latencies.sort((a, b) => a - b)
  const quantile = (part: number) => (latencies[Math.floor(latencies.length * part)] ?? 0).toFixed(3)
  const rate = Math.round((latencies.length / tookMs) * 1000)
  const cores = ((user + system) / 1000 / tookMs).toFixed(2)
  console.log(
    `${name.padEnd(28)} ${String(rate).padStart(8)}/s  p50 ${quantile(0.5)} ms  p99 ${quantile(0.99)} ms  ${cores} cores  ${Math.round(process.memoryUsage.rss() / MIB)} MiB`,
  )
}
