/**
 * A restart in the middle loses nothing. Eight writers put objects while the server is killed with SIGKILL again and again; afterwards
 * every acknowledged object must be readable byte for byte, and must have invoked the function: the function's own PutObject into a
 * second bucket is the proof, because it is as durable as the first.
 *
 *   node test/crash/crash.ts [--kills 50] [--writers 8] [--seed 1]
 */
import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam'
import {
  AddPermissionCommand,
  CreateFunctionCommand,
  LambdaClient,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda'
import {
  CreateBucketCommand,
  GetObjectCommand,
  paginateListObjectsV2,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { functionZip } from '../house/function-zip.ts'
import { type Connection, freePort, type ServerProcess, startServerProcess } from '../house/server-process.ts'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    writers: { type: 'string', default: '8' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
  },
})
const killCount = Number(values.kills)
const writerCount = Number(values.writers)
const seed = Number(values.seed)
const random = mulberry32(seed)

const SOURCE = 'crash-source'
const PROOF = 'crash-proof'
const DRAIN_LIMIT_MS = 180_000

const HANDLER = `
const { S3Client, PutObjectCommand } = require('@aws-sdk/client-s3')
const s3 = new S3Client({})
exports.handler = async (event) => {
  for (const record of event.Records) {
    const key = decodeURIComponent(record.s3.object.key.replace(/\\+/g, ' '))
    await s3.send(new PutObjectCommand({ Bucket: '${PROOF}', Key: key, Body: record.s3.object.eTag }))
  }
}
`

const dataPath = await mkdtemp(join(tmpdir(), 'millrace-crash-'))
const port = await freePort()
console.log(`seed ${seed}: ${killCount} kills, ${writerCount} writers`)

/** Key → SHA-256 of what was acknowledged. */
const acknowledged = new Map<string, string>()
let isOver = false
let refusedCount = 0

let server = await startServerProcess(dataPath, port)
const connection = await server.connection()
const s3 = new S3Client({ ...connection, maxAttempts: 1 })
await prepare(connection)

const writers = Array.from({ length: writerCount }, (_, writer) => write(writer))
for (let kill = 1; kill <= killCount; kill++) {
  await delay(50 + random() * 900)
  await server.kill()
  server = await startServerProcess(dataPath, port)
  if (kill % 10 === 0 || kill === killCount) console.log(`kill ${kill}: ${acknowledged.size} objects acknowledged`)
}
await delay(300)
isOver = true
await Promise.all(writers)

const failures = [...(await unreadable()), ...(await notInvoked(server))]
for (const failure of failures.slice(0, 20)) console.log(`FAILED ${failure}`)
await server.stop()
if (failures.length === 0) await rm(dataPath, { recursive: true })
else console.log(`data directory kept: ${dataPath}`)
console.log(`${acknowledged.size} acknowledged, ${refusedCount} not acknowledged, over ${killCount} kills`)
console.log(`${failures.length === 0 ? 1 : 0} passed, ${failures.length === 0 ? 0 : 1} failed`)
process.exitCode = failures.length === 0 && acknowledged.size > 0 ? 0 : 1

async function prepare(to: Connection): Promise<void> {
  const iam = new IAMClient(to)
  const lambda = new LambdaClient(to)
  await s3.send(new CreateBucketCommand({ Bucket: SOURCE }))
  await s3.send(new CreateBucketCommand({ Bucket: PROOF }))
  const trust = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
  }
  const { Role } = await iam.send(
    new CreateRoleCommand({ RoleName: 'crash', AssumeRolePolicyDocument: JSON.stringify(trust) }),
  )
  const rights = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 's3:PutObject', Resource: `arn:aws:s3:::${PROOF}/*` }],
  }
  await iam.send(
    new PutRolePolicyCommand({ RoleName: 'crash', PolicyName: 'proof', PolicyDocument: JSON.stringify(rights) }),
  )
  const { FunctionArn } = await lambda.send(
    new CreateFunctionCommand({
      FunctionName: 'crash',
      Runtime: 'nodejs22.x',
      Handler: 'index.handler',
      Role: Role?.Arn,
      Timeout: 60,
      MemorySize: 512,
      Code: { ZipFile: functionZip({ 'index.js': HANDLER }) },
    }),
  )
  await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 20 }, { FunctionName: 'crash' })
  await lambda.send(
    new AddPermissionCommand({
      FunctionName: 'crash',
      StatementId: 's3',
      Action: 'lambda:InvokeFunction',
      Principal: 's3.amazonaws.com',
      SourceArn: `arn:aws:s3:::${SOURCE}`,
    }),
  )
  await s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket: SOURCE,
      NotificationConfiguration: {
        LambdaFunctionConfigurations: [{ Events: ['s3:ObjectCreated:*'], LambdaFunctionArn: FunctionArn }],
      },
    }),
  )
}

async function write(writer: number): Promise<void> {
  for (let n = 0; !isOver; n++) {
    const key = `writer ${writer}/${n}+ü`
    const body = bodyOf(random() < 0.02 ? 300_000 : Math.floor(random() * random() * 20_000), writer * 1_000_003 + n)
    try {
      await s3.send(new PutObjectCommand({ Bucket: SOURCE, Key: key, Body: body }))
      acknowledged.set(key, sha256(body))
    } catch {
      refusedCount++
      await delay(20)
    }
    // Leaves the function some of the two cores, so that the backlog stays small.
    await delay(10)
  }
}

async function unreadable(): Promise<string[]> {
  const failures: string[] = []
  const queue = [...acknowledged]
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
        const [key, digest] = next
        try {
          const { Body } = await s3.send(new GetObjectCommand({ Bucket: SOURCE, Key: key }))
          const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array()
          if (sha256(bytes) !== digest) failures.push(`${key}: other bytes than acknowledged`)
        } catch (error) {
          failures.push(`${key}: ${(error as Error).name}`)
        }
      }
    }),
  )
  return failures
}

async function notInvoked(running: ServerProcess): Promise<string[]> {
  const deadlineMs = Date.now() + DRAIN_LIMIT_MS
  for (;;) {
    const proofs = new Set<string>()
    for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket: PROOF })) {
      for (const object of page.Contents ?? []) proofs.add(object.Key as string)
    }
    const missing = [...acknowledged.keys()].filter((key) => !proofs.has(key))
    if (missing.length === 0) return []
    if (Date.now() > deadlineMs)
      return [...missing.map((key) => `${key}: never invoked the function`), running.stderr().slice(-2000)]
    await delay(500)
  }
}

function bodyOf(byteCount: number, salt: number): Buffer {
  const next = mulberry32(salt)
  const body = Buffer.allocUnsafe(byteCount)
  for (let at = 0; at < byteCount; at++) body[at] = next() * 256
  return body
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** A small seeded generator, so that a failing run can be had again. */
function mulberry32(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
