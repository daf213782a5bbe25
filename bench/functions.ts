import { setTimeout as delay } from 'node:timers/promises'
import { CloudWatchLogsClient, paginateFilterLogEvents } from '@aws-sdk/client-cloudwatch-logs'
import { AttachRolePolicyCommand, CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam'
import {
  AddPermissionCommand,
  CreateFunctionCommand,
  InvokeCommand,
  LambdaClient,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda'
import { CreateBucketCommand, PutBucketNotificationConfigurationCommand, S3Client } from '@aws-sdk/client-s3'
import { functionZip } from '../test/house/function-zip.ts'
import type { Connection as Server } from '../test/house/server-process.ts'
import { Connection, type LoadResult } from './load.ts'
import type { LoadTask } from './load-process.ts'
import { type Identity, signedRequest } from './sign.ts'

export interface FunctionFigures {
  readonly lines: readonly string[]
  readonly figures: Readonly<Record<string, number>>
}

const COLD_SAMPLES = 8
/** A new process is started ahead in this time: a cold start finds it, as it does for whoever invokes now and then. */
const COLD_PAUSE_MS = 1500
/** Environments that are busy at the same time; one function each, or their events would wait for fewer of them. */
const WIDE = 8
const LATENCY_SAMPLES = 400

// CLOCK_MONOTONIC is one clock for all processes of a machine, so the handler's reading and the sender's compare.
const HANDLER = `
exports.handler = async (event) => {
  const runningNs = process.hrtime.bigint()
  if (event.Records) console.log('RAN ' + event.Records[0].s3.object.key + ' ' + runningNs)
  return String(runningNs)
}
`
const SDK_HANDLER = `const { S3Client } = require('@aws-sdk/client-s3'); new S3Client({})${HANDLER}`

/** Cold and warm invokes, the way from a PUT to the running handler, and events a second from end to end. */
export async function measureFunctions(
  server: Server,
  identity: Identity,
  port: number,
  load: (task: LoadTask) => Promise<LoadResult>,
  seconds: number,
): Promise<FunctionFigures> {
  const lambda = new LambdaClient(server)
  const roleArn = await createRole(server)
  const cold = await coldStarts(lambda, 'cold', roleArn, HANDLER)
  const coldSdk = await coldStarts(lambda, 'cold-sdk', roleArn, SDK_HANDLER)

  const functionArn = await createFunction(lambda, 'warm', roleArn)
  for (let at = 0; at < WIDE; at++) await createFunction(lambda, `wide-${at}`, roleArn)
  const invoke = (connections: number, name = 'warm', distinct = 1): Promise<LoadResult> =>
    load({
      port,
      identity,
      service: 'lambda',
      method: 'POST',
      target: `/2015-03-31/functions/${name}/invocations`,
      distinct,
      bodyBytes: 2,
      bodyText: '{}',
      connections,
      seconds,
    })
  await invoke(1)
  const warm = await invoke(1)
  await invoke(8)
  const warm8 = await invoke(8)
  await invoke(WIDE, 'wide-{i}', WIDE)
  const wide = await invoke(WIDE, 'wide-{i}', WIDE)

  for (const bucket of ['latency', 'throughput']) await createTrigger(server, bucket, functionArn)
  const latencyMs = await putToRunning(server, identity, port, 'latency')
  const events = await eventsPerSecond(server, identity, port, load, seconds)

  const at = (sorted: number[], fraction: number) => sorted[Math.floor(sorted.length * fraction)] ?? Number.NaN
  const figures = {
    coldP50Ms: at(cold, 0.5),
    coldMaxMs: at(cold, 0.99),
    coldSdkP50Ms: at(coldSdk, 0.5),
    coldSdkMaxMs: at(coldSdk, 0.99),
    warmP50Ms: warm.p50Ms,
    warmP99Ms: warm.p99Ms,
    warmPerSecond: warm.perSecond,
    warm8PerSecond: warm8.perSecond,
    widePerSecond: wide.perSecond,
    putToRunningP50Ms: at(latencyMs, 0.5),
    putToRunningP99Ms: at(latencyMs, 0.99),
    eventsPerSecond: events.perSecond,
  }
  const ms = (value: number) => `${value.toFixed(2)} ms`
  return {
    figures,
    lines: [
      `cold invoke sent → handler running, ${COLD_SAMPLES} functions each: p50 ${ms(figures.coldP50Ms)}, max ${ms(figures.coldMaxMs)}; handler that imports @aws-sdk/client-s3: p50 ${ms(figures.coldSdkP50Ms)}, max ${ms(figures.coldSdkMaxMs)}`,
      `warm invoke: 1 client p50 ${ms(warm.p50Ms)}, p99 ${ms(warm.p99Ms)}, ${Math.round(warm.perSecond)}/s; 8 clients ${Math.round(warm8.perSecond)}/s, p50 ${ms(warm8.p50Ms)}; errors ${warm.errorCount + warm8.errorCount}`,
      `warm invokes over ${WIDE} environments, ${WIDE} clients: ${Math.round(wide.perSecond)}/s, p50 ${ms(wide.p50Ms)}; errors ${wide.errorCount}`,
      `PUT sent → handler running, 1 client, ${latencyMs.length} events: p50 ${ms(figures.putToRunningP50Ms)}, p99 ${ms(figures.putToRunningP99Ms)}`,
      `events from end to end, 16 writers: ${events.count} events in ${events.seconds.toFixed(1)} s = ${Math.round(events.perSecond)}/s`,
    ],
  }
}

/** ms from the request of a first event until its handler runs, sorted; a new function each time. */
async function coldStarts(lambda: LambdaClient, name: string, roleArn: string, handler: string): Promise<number[]> {
  const tookMs: number[] = []
  // Not counted: the client's own first call.
  for (let sample = 0; sample <= COLD_SAMPLES; sample++) {
    const FunctionName = `${name}-${sample}`
    await createFunction(lambda, FunctionName, roleArn, handler)
    await delay(COLD_PAUSE_MS)
    const sentNs = process.hrtime.bigint()
    const { Payload, FunctionError } = await lambda.send(new InvokeCommand({ FunctionName, Payload: '{}' }))
    if (FunctionError !== undefined || Payload === undefined) throw new Error(`${FunctionName} failed`)
    const runningNs = BigInt(JSON.parse(Buffer.from(Payload).toString()))
    if (sample > 0) tookMs.push(Number(runningNs - sentNs) / 1e6)
  }
  return tookMs.sort((a, b) => a - b)
}

export async function createRole(server: Server): Promise<string> {
  const iam = new IAMClient(server)
  const trust = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
  }
  const { Role } = await iam.send(
    new CreateRoleCommand({ RoleName: 'bench', AssumeRolePolicyDocument: JSON.stringify(trust) }),
  )
  await iam.send(
    new AttachRolePolicyCommand({
      RoleName: 'bench',
      PolicyArn: 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole',
    }),
  )
  return Role?.Arn as string
}

export async function createFunction(
  lambda: LambdaClient,
  name: string,
  roleArn: string,
  handler = HANDLER,
  variables?: Record<string, string>,
): Promise<string> {
  const { FunctionArn } = await lambda.send(
    new CreateFunctionCommand({
      FunctionName: name,
      Runtime: 'nodejs22.x',
      Handler: 'index.handler',
      Role: roleArn,
      Timeout: 30,
      ...(variables && { Environment: { Variables: variables } }),
      Code: { ZipFile: functionZip({ 'index.js': handler }) },
    }),
  )
  await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 20 }, { FunctionName: name })
  return FunctionArn as string
}

export async function createTrigger(server: Server, bucket: string, functionArn: string): Promise<void> {
  const s3 = new S3Client(server)
  await s3.send(new CreateBucketCommand({ Bucket: bucket }))
  await new LambdaClient(server).send(
    new AddPermissionCommand({
      FunctionName: functionArn,
      StatementId: bucket,
      Action: 'lambda:InvokeFunction',
      Principal: 's3.amazonaws.com',
      SourceArn: `arn:aws:s3:::${bucket}`,
    }),
  )
  await s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket: bucket,
      NotificationConfiguration: {
        LambdaFunctionConfigurations: [{ Events: ['s3:ObjectCreated:*'], LambdaFunctionArn: functionArn }],
      },
    }),
  )
}

async function putToRunning(server: Server, identity: Identity, port: number, bucket: string): Promise<number[]> {
  const connection = await Connection.open(port)
  const sentNs = new Map<string, bigint>()
  for (let sample = 0; sample < LATENCY_SAMPLES; sample++) {
    const key = `${bucket}-${sample}`
    const request = signedRequest(identity, 's3', {
      method: 'PUT',
      target: `/${bucket}/${key}`,
      host: `127.0.0.1:${port}`,
      body: Buffer.alloc(1024),
    })
    sentNs.set(key, process.hrtime.bigint())
    await connection.exchange(request)
    await delay(5)
  }
  connection.close()
  const ran = await readRuns(server, (runs) => [...sentNs.keys()].every((key) => runs.has(key)))
  return [...sentNs].map(([key, ns]) => Number((ran.get(key) as bigint) - ns) / 1e6).sort((a, b) => a - b)
}

async function eventsPerSecond(
  server: Server,
  identity: Identity,
  port: number,
  load: (task: LoadTask) => Promise<LoadResult>,
  seconds: number,
): Promise<{ count: number; seconds: number; perSecond: number }> {
  const limit = 20_000
  const startedNs = process.hrtime.bigint()
  const puts = await load({
    port,
    identity,
    service: 's3',
    method: 'PUT',
    target: '/throughput/event-{i}',
    distinct: limit,
    bodyBytes: 1024,
    connections: 16,
    seconds,
    requestLimit: limit,
  })
  const count = puts.requestCount - puts.errorCount
  const signedNs = process.hrtime.bigint()
  const runs = await readRuns(
    server,
    (all) => [...all.keys()].filter((key) => key.startsWith('event-')).length >= count,
  )
  const lastNs = [...runs]
    .filter(([key]) => key.startsWith('event-'))
    .reduce((last, [, ns]) => (ns > last ? ns : last), startedNs)
  // The load process signs its requests before it sends them: the time of that is not the server's.
  const signingSeconds = Number(signedNs - startedNs) / 1e9 - puts.seconds
  const elapsed = Math.max(puts.seconds, Number(lastNs - startedNs) / 1e9 - Math.max(0, signingSeconds))
  return { count, seconds: elapsed, perSecond: count / elapsed }
}

/** Key → when its handler ran, read from the function's log until `isComplete`. */
async function readRuns(
  server: Server,
  isComplete: (runs: Map<string, bigint>) => boolean,
): Promise<Map<string, bigint>> {
  const logs = new CloudWatchLogsClient(server)
  const deadlineMs = Date.now() + 120_000
  for (;;) {
    const runs = new Map<string, bigint>()
    try {
      for await (const page of paginateFilterLogEvents(
        { client: logs },
        { logGroupName: '/aws/lambda/warm', filterPattern: 'RAN' },
      )) {
        for (const event of page.events ?? []) {
          const match = /RAN (\S+) (\d+)/.exec(event.message ?? '')
          if (match) runs.set(match[1] as string, BigInt(match[2] as string))
        }
      }
    } catch (error) {
      if ((error as Error).name !== 'ResourceNotFoundException') throw error
    }
    if (isComplete(runs)) return runs
    if (Date.now() > deadlineMs) throw new Error(`only ${runs.size} events ran`)
    await delay(500)
  }
}
