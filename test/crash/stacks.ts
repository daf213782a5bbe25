/**
 * A deployment that the server is killed in ends all the same. Stacks of 15 to 25 resources are created, updated and deleted while the server is killed
 * with SIGKILL; after each restart every stack has to come to rest by itself, and what exists must be what the stacks say that they have: no resource is
 * lost, none is left behind.
 *
 *   npm run test:crash:stacks [-- --kills 20 --stacks 2 --seed 1]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import {
  CloudFormationClient,
  ContinueUpdateRollbackCommand,
  CreateStackCommand,
  DeleteStackCommand,
  paginateDescribeStackEvents,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation'
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { freePort, startServerProcess } from '../house/server-process.ts'
import { Inventory } from './stack-inventory.ts'
import { drawTemplate, NESTED_TEMPLATE } from './stack-template.ts'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    stacks: { type: 'string', default: '2' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
  },
})
const killCount = Number(values.kills)
const stackNames = Array.from({ length: Number(values.stacks) }, (_, n) => `stack-${n}`)
const seed = Number(values.seed)
const random = mulberry32(seed)

const MARKS = 'marks'
const TEMPLATES = 'templates'
const REST_LIMIT_MS = 60_000
/** A deployment of these stacks takes about as long. */
const KILL_WITHIN_MS = 1500

const dataPath = await mkdtemp(join(tmpdir(), 'millrace-crash-stacks-'))
const port = await freePort()
console.log(`seed ${seed}: ${killCount} kills, ${stackNames.length} stacks`)
let server = await startServerProcess(dataPath, port)
const connection = await server.connection()
const cloudformation = new CloudFormationClient(connection)
/** Its calls end with the server. */
const mortal = new CloudFormationClient({ ...connection, maxAttempts: 1 })
const s3 = new S3Client(connection)
await s3.send(new CreateBucketCommand({ Bucket: MARKS }))
await s3.send(new CreateBucketCommand({ Bucket: TEMPLATES }))
await s3.send(new PutObjectCommand({ Bucket: TEMPLATES, Key: 'nested', Body: NESTED_TEMPLATE }))
const inventory = new Inventory(connection, MARKS)
await inventory.rememberBaseline()

const failures: string[] = []
const seen = new Map<string, number>()
for (let kill = 1; kill <= killCount && failures.length === 0; kill++) {
  const before = await inventory.statuses()
  const calls = stackNames.map((name) => begin(name, before.get(name)))
  await delay(random() * KILL_WITHIN_MS)
  await restart()
  if (random() < 0.3) {
    await delay(random() * KILL_WITHIN_MS)
    await restart()
  }
  await Promise.all(calls)
  await comeToRest(`kill ${kill}`)
  for (const status of (await inventory.statuses()).values()) seen.set(status, (seen.get(status) ?? 0) + 1)
}
if (failures.length === 0) {
  const left = [...(await inventory.statuses())]
  // The ones with a failed rollback are not deleted otherwise.
  await Promise.all(left.map(([StackName]) => cloudformation.send(new DeleteStackCommand({ StackName }))))
  await comeToRest('at the end')
  for (const [name, status] of await inventory.statuses()) failures.push(`${name} is left, ${status}`)
}

for (const failure of failures.slice(0, 20)) console.log(`FAILED ${failure}`)
if (failures.length > 0) {
  await tellStories()
  console.log(server.stderr().slice(-4000))
}
await server.stop()
if (failures.length === 0) await rm(dataPath, { recursive: true })
else console.log(`data directory kept: ${dataPath}`)
console.log([...seen].map(([status, count]) => `${count} ${status}`).join(', '))
console.log(`${failures.length === 0 ? 1 : 0} passed, ${failures.length === 0 ? 0 : 1} failed`)
process.exitCode = failures.length === 0 ? 0 : 1

async function restart(): Promise<void> {
  await server.kill()
  server = await startServerProcess(dataPath, port)
}

/** Asks for what may follow the status; resolves when the answer came or was lost with the server. */
async function begin(StackName: string, status: string | undefined): Promise<void> {
  const TemplateBody = drawTemplate({
    stackName: StackName,
    random,
    marks: MARKS,
    nestedUrl: `${connection.endpoint}/${TEMPLATES}/nested`,
  })
  const shape = { StackName, TemplateBody, Capabilities: ['CAPABILITY_NAMED_IAM' as const] }
  const deletes = random() < 0.25
  try {
    if (status === undefined) await mortal.send(new CreateStackCommand(shape))
    else if (deletes || /^(ROLLBACK|CREATE_FAILED|DELETE_FAILED)/.test(status)) {
      await mortal.send(new DeleteStackCommand({ StackName }))
    } else if (status === 'UPDATE_ROLLBACK_FAILED') await mortal.send(new ContinueUpdateRollbackCommand({ StackName }))
    else await mortal.send(new UpdateStackCommand(shape))
  } catch (error) {
    const { $metadata, message } = error as { $metadata?: { httpStatusCode?: number }; message: string }
    if ($metadata?.httpStatusCode === undefined || message.includes('No updates are to be performed')) return
    failures.push(`${StackName}, ${status ?? 'absent'}: ${message}`)
  }
}

async function comeToRest(when: string): Promise<void> {
  const deadlineMs = performance.now() + REST_LIMIT_MS
  for (;;) {
    const moving = [...(await inventory.statuses())].filter(([, status]) => status.endsWith('_IN_PROGRESS'))
    if (moving.length === 0) break
    if (performance.now() > deadlineMs) {
      failures.push(...moving.map(([name, status]) => `${when}: ${name} stays ${status}`))
      return
    }
    await delay(50)
  }
  const differences = await inventory.differences()
  failures.push(...differences.map((difference) => `${when}: ${difference}`))
  for (const [name, status] of await inventory.statuses()) {
    if (/^(ROLLBACK|UPDATE_ROLLBACK|DELETE)_FAILED$/.test(status)) failures.push(`${when}: ${name} is ${status}`)
    if ((await story(name)).length === 0) failures.push(`${when}: ${name} has no events`)
  }
}

async function story(StackName: string): Promise<string[]> {
  const lines: string[] = []
  for await (const page of paginateDescribeStackEvents({ client: cloudformation }, { StackName })) {
    for (const event of page.StackEvents ?? []) {
      const { LogicalResourceId, ResourceStatus, PhysicalResourceId, ResourceStatusReason = '' } = event
      lines.push(
        `${event.Timestamp?.toISOString()} ${LogicalResourceId} ${ResourceStatus} ${PhysicalResourceId} ${ResourceStatusReason}`,
      )
    }
  }
  return lines.reverse()
}

async function tellStories(): Promise<void> {
  for (const name of (await inventory.statuses()).keys()) {
    console.log(`-- ${name}`)
    console.log((await story(name)).slice(-80).join('\n'))
  }
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
