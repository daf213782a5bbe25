/**
 * A full disk answers errors and loses nothing acknowledged: objects are put into a data directory of 48 MiB until it is full; every
 * acknowledged one must be readable, also after a restart, and when space is free again puts must work again.
 *
 *   node test/crash/full-disk.ts      (mounts a tmpfs: needs root on Linux, skips loudly elsewhere)
 */
import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
  type S3ServiceException,
} from '@aws-sdk/client-s3'
import { freePort, startServerProcess } from '../house/server-process.ts'

const DISK_MIB = 48
const BODY_SIZES = [700, 40_000, 900, 1_500_000]

const mountPath = await mkdtemp(join(tmpdir(), 'millrace-full-'))
try {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m`, 'tmpfs', mountPath], { stdio: 'pipe' })
} catch (error) {
  console.log(`SKIPPED: a tmpfs of ${DISK_MIB} MiB cannot be mounted here (${(error as Error).message.trim()})`)
  console.log('0 passed, 0 failed, 1 skipped')
  process.exit(0)
}

const failures: string[] = []
const acknowledged = new Map<string, string>()
const dataPath = join(mountPath, 'data')
const port = await freePort()
try {
  let server = await startServerProcess(dataPath, port)
  const connection = await server.connection()
  const s3 = new S3Client({ ...connection, maxAttempts: 1 })
  await s3.send(new CreateBucketCommand({ Bucket: 'full' }))

  const refusals = await fill(s3)
  if (refusals.length === 0) failures.push('the disk never filled up')
  for (const refusal of refusals)
    if ((refusal.$metadata.httpStatusCode ?? 0) < 500)
      failures.push(`a full disk answered ${refusal.name}: ${refusal.message}`)
  await expectReadable(s3, 'while the disk is full')

  const removed = [...acknowledged.keys()].filter((_, index) => index % 4 === 3)
  let isDeletable = true
  for (const key of removed) {
    try {
      await s3.send(new DeleteObjectCommand({ Bucket: 'full', Key: key }))
      acknowledged.delete(key)
    } catch {
      // With not one block left a delete may be refused too; the operator frees space then.
      isDeletable = false
      break
    }
  }
  console.log(
    `${acknowledged.size} acknowledged, ${refusals.length} refused (${[...new Set(refusals.map((refusal) => refusal.name))].join(', ')}); deletes ${isDeletable ? 'work' : 'are refused'} on the full disk`,
  )

  await server.kill()
  execFileSync('mount', ['-o', `remount,size=${DISK_MIB * 4}m`, mountPath])
  server = await startServerProcess(dataPath, port)
  await expectReadable(s3, 'after a restart with more space')
  await s3
    .send(new PutObjectCommand({ Bucket: 'full', Key: 'after', Body: randomBytes(1_000_000) }))
    .catch((error) => failures.push(`puts do not work again: ${error}`))
  await server.stop()

  // The same without a restart: the running server must recover by itself.
  const other = join(mountPath, 'other')
  execFileSync('mount', ['-o', `remount,size=${DISK_MIB * 4}m`, mountPath])
  server = await startServerProcess(other, port)
  acknowledged.clear()
  const second = new S3Client({ ...(await server.connection()), maxAttempts: 1 })
  await second.send(new CreateBucketCommand({ Bucket: 'full' }))
  const ballast = join(mountPath, 'ballast')
  await second.send(new PutObjectCommand({ Bucket: 'full', Key: 'before', Body: 'x' }))
  await writeFile(ballast, Buffer.alloc(DISK_MIB * 4 * 1024 * 1024)).catch(() => {})
  await fill(second)
  await rm(ballast)
  await second
    .send(new PutObjectCommand({ Bucket: 'full', Key: 'small', Body: 'x' }))
    .catch((error) => failures.push(`no small put after space was freed: ${error}`))
  await second
    .send(new PutObjectCommand({ Bucket: 'full', Key: 'large', Body: randomBytes(1_000_000) }))
    .catch((error) => failures.push(`no large put after space was freed: ${error}`))
  await expectReadable(second, 'after space was freed')
  await server.stop()
} finally {
  execFileSync('umount', ['-l', mountPath])
  await rm(mountPath, { recursive: true, force: true })
}
for (const failure of failures.slice(0, 20)) console.log(`FAILED ${failure}`)
console.log(`${failures.length === 0 ? 1 : 0} passed, ${failures.length === 0 ? 0 : 1} failed`)
process.exitCode = failures.length === 0 ? 0 : 1

/** Puts until twenty puts in a row of every size were refused. */
async function fill(s3: S3Client): Promise<S3ServiceException[]> {
  const refusals: S3ServiceException[] = []
  let refusedInARow = 0
  for (let n = 0; refusedInARow < 20; n++) {
    const body = randomBytes(BODY_SIZES[n % BODY_SIZES.length] as number)
    const key = `object-${n}`
    try {
      await s3.send(new PutObjectCommand({ Bucket: 'full', Key: key, Body: body }))
      acknowledged.set(key, createHash('sha256').update(body).digest('hex'))
      refusedInARow = 0
    } catch (error) {
      refusals.push(error as S3ServiceException)
      refusedInARow++
    }
  }
  return refusals
}

async function expectReadable(s3: S3Client, when: string): Promise<void> {
  for (const [key, digest] of acknowledged) {
    try {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'full', Key: key }))
      const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array()
      if (createHash('sha256').update(bytes).digest('hex') !== digest)
        failures.push(`${key}: other bytes than acknowledged, ${when}`)
    } catch (error) {
      failures.push(`${key}: ${(error as Error).name}, ${when}`)
    }
  }
}
