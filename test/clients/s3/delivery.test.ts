import { CloudWatchClient, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch'
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs'
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge'
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam'
import {
  AddPermissionCommand,
  CreateAliasCommand,
  CreateFunctionCommand,
  DeleteFunctionCommand,
  GetFunctionRecursionConfigCommand,
  LambdaClient,
  PublishVersionCommand,
  PutFunctionRecursionConfigCommand,
  RemovePermissionCommand,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda'
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetBucketNotificationConfigurationCommand,
  type LambdaFunctionConfiguration,
  ListObjectsV2Command,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ManualClock, startTestServer, type TestServer } from '../../../src/testing/index.ts'
import { functionZip } from '../../house/function-zip.ts'
import { rawClient } from './wire.ts'

const CREATED = ['s3:ObjectCreated:*' as const]
const SEE =
  'exports.handler = async (event, context) => console.log(`saw ${context.functionVersion} ${JSON.stringify(event)}`)'
const FAIL = 'exports.handler = async (event) => { console.log(`saw ${JSON.stringify(event)}`); throw new Error("no") }'
const SLOW = `exports.handler = async (event) => {
  console.log('saw ' + JSON.stringify(event))
  await new Promise((resolve) => setTimeout(resolve, 2000))
  console.log('done')
}`
/** Writes `chain/2` for `chain/1`, as long as the number is below the limit. */
const chain = (limit: number) => `
const { S3Client, PutObjectCommand } = require('@aws-sdk/client-s3')
const s3 = new S3Client({ maxAttempts: 1 })
exports.handler = async ({ Records: [{ s3: { bucket, object } }] }) => {
  const [name, number] = object.key.split('/')
  if (number < ${limit})
    await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: name + '/' + (Number(number) + 1), Body: 'x' }))
}`
const MOVE = `
const { S3Client, PutObjectCommand } = require('@aws-sdk/client-s3')
exports.handler = async ({ Records: [{ s3: { bucket, object } }] }) => {
  console.log('saw ' + object.key)
  const Key = object.key.replace('in/', 'out/')
  await new S3Client({}).send(new PutObjectCommand({ Bucket: bucket.name, Key, Body: 'x' }))
}`

let server: TestServer
let s3: S3Client
let lambda: LambdaClient
let sqs: SQSClient

beforeAll(async () => {
  server = await startTestServer()
  ;({ s3, lambda, sqs } = clientsOf(server))
  await makeRole(server)
})
afterAll(() => server?.stop())

function clientsOf(of: TestServer) {
  const config = { ...of.clientConfig(), maxAttempts: 1 }
  return {
    s3: new S3Client({ ...config, forcePathStyle: true }),
    lambda: new LambdaClient(config),
    sqs: new SQSClient(config),
  }
}

const roleArn = (of: TestServer) => `arn:aws:iam::${of.accountId}:role/runner`

async function makeRole(of: TestServer): Promise<void> {
  const iam = new IAMClient(of.clientConfig())
  const policy = (statement: object) => JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
  const trust = { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }
  await iam.send(new CreateRoleCommand({ RoleName: 'runner', AssumeRolePolicyDocument: policy(trust) }))
  const PolicyDocument = policy({ Effect: 'Allow', Action: '*', Resource: '*' })
  await iam.send(new PutRolePolicyCommand({ RoleName: 'runner', PolicyName: 'all', PolicyDocument }))
}

async function deploy(FunctionName: string, code: string, deadLetters?: string): Promise<string> {
  const { FunctionArn } = await lambda.send(
    new CreateFunctionCommand({
      FunctionName,
      Runtime: 'nodejs22.x',
      Handler: 'index.handler',
      Role: roleArn(server),
      Timeout: 10,
      Code: { ZipFile: functionZip({ 'index.js': code }) },
      ...(deadLetters !== undefined && { DeadLetterConfig: { TargetArn: deadLetters } }),
    }),
  )
  await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 20, minDelay: 1 }, { FunctionName })
  return FunctionArn as string
}

const permit = (FunctionName: string, Qualifier?: string) =>
  lambda.send(
    new AddPermissionCommand({
      FunctionName,
      Qualifier,
      StatementId: 's3',
      Action: 'lambda:InvokeFunction',
      Principal: 's3.amazonaws.com',
      SourceAccount: server.accountId,
    }),
  )

const configure = (Bucket: string, rules: Partial<LambdaFunctionConfiguration>[], SkipDestinationValidation = false) =>
  s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket,
      SkipDestinationValidation,
      NotificationConfiguration: {
        LambdaFunctionConfigurations: rules.map((rule) => ({ LambdaFunctionArn: undefined, Events: CREATED, ...rule })),
      },
    }),
  )

/** A bucket and a function of one name, connected. */
async function connected(name: string, code: string, prefix = '', deadLetters?: string): Promise<string> {
  await s3.send(new CreateBucketCommand({ Bucket: name }))
  const LambdaFunctionArn = await deploy(name, code, deadLetters)
  await permit(name)
  const Filter = { Key: { FilterRules: [{ Name: 'prefix' as const, Value: prefix }] } }
  await configure(name, [{ LambdaFunctionArn, ...(prefix !== '' && { Filter }) }])
  return LambdaFunctionArn
}

const put = (Bucket: string, Key: string) => s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }))

/** What a function printed, line by line. */
async function lines(name: string, of = server): Promise<string[]> {
  const logs = new CloudWatchLogsClient(of.clientConfig())
  try {
    const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${name}` }))
    return events.flatMap(({ message = '' }) => message.trimEnd().split('\t').at(-1) as string)
  } catch (error) {
    if ((error as Error).name === 'ResourceNotFoundException') return []
    throw error
  }
}

const seen = async (name: string, of = server) => (await lines(name, of)).filter((line) => line.startsWith('saw '))

const stateOf = async (bucket: string, key: string) => (await server.traces(`s3://${bucket}/${key}`, 1))[0]?.state

async function makeQueue(QueueName: string, service: string) {
  const arn = `arn:aws:sqs:${server.region}:${server.accountId}:${QueueName}`
  const statement = { Effect: 'Allow', Principal: { Service: service }, Action: 'sqs:SendMessage', Resource: arn }
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes: { Policy } }))
  return { arn, url: QueueUrl as string }
}

async function receive(QueueUrl: string) {
  const { Messages: [message] = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 15, MessageSystemAttributeNames: ['All'] }),
  )
  if (message === undefined) throw new Error('nothing came')
  await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }))
  return { body: JSON.parse(message.Body as string), attributes: message.Attributes ?? {} }
}

async function droppedLoops(name: string): Promise<number> {
  const nowMs = Date.now()
  const { Datapoints = [] } = await new CloudWatchClient(server.clientConfig()).send(
    new GetMetricStatisticsCommand({
      Namespace: 'AWS/Lambda',
      MetricName: 'RecursiveInvocationsDropped',
      Dimensions: [{ Name: 'FunctionName', Value: name }],
      StartTime: new Date(nowMs - 600_000),
      EndTime: new Date(nowMs + 600_000),
      Period: 3600,
      Statistics: ['Sum'],
    }),
  )
  return Datapoints.reduce((total, { Sum = 0 }) => total + Sum, 0)
}

const keyCount = async (Bucket: string, Prefix = '') =>
  (await s3.send(new ListObjectsV2Command({ Bucket, Prefix }))).KeyCount

describe('an event runs a function', () => {
  it('65. which nobody waits for, with the message as its payload', async () => {
    await connected('slow', SLOW)
    await put('slow', 'k')
    expect(await lines('slow')).not.toContain('done')
    await expect.poll(() => seen('slow'), { timeout: 10_000 }).toHaveLength(1)
    const [line] = (await seen('slow')) as [string]
    const { Records } = JSON.parse(line.slice('saw '.length))
    expect(Records[0]).toMatchObject({ eventName: 'ObjectCreated:Put', s3: { object: { key: 'k' } } })
    expect(await lines('slow')).not.toContain('done')
    await expect.poll(() => lines('slow'), { timeout: 10_000 }).toContain('done')
  })

  it('66. twice more with the same payload when it throws', async () => {
    const clock = new ManualClock(Date.now())
    await using timed = await startTestServer({ clock })
    await makeRole(timed)
    const own = clientsOf(timed)
    const { FunctionArn } = await own.lambda.send(
      new CreateFunctionCommand({
        FunctionName: 'fails',
        Runtime: 'nodejs22.x',
        Handler: 'index.handler',
        Role: roleArn(timed),
        Timeout: 600,
        Code: { ZipFile: functionZip({ 'index.js': FAIL }) },
      }),
    )
    await own.lambda.send(
      new AddPermissionCommand({
        FunctionName: 'fails',
        StatementId: 's3',
        Action: 'lambda:InvokeFunction',
        Principal: 's3.amazonaws.com',
      }),
    )
    await own.s3.send(new CreateBucketCommand({ Bucket: 'fails' }))
    await own.s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket: 'fails',
        NotificationConfiguration: {
          LambdaFunctionConfigurations: [{ LambdaFunctionArn: FunctionArn, Events: CREATED }],
        },
      }),
    )
    await own.s3.send(new PutObjectCommand({ Bucket: 'fails', Key: 'k', Body: 'x' }))
    const story = async () => (await timed.traces('s3://fails/k', 1))[0]
    const state = async () => {
      // Only while the event waits, and by little: a run takes real time, and the clock must not pass its timeout.
      if ((await story())?.steps.at(-1)?.step === 'retry') await clock.advance(5000)
      return (await story())?.state
    }
    await expect.poll(state, { timeout: 20_000, interval: 20 }).toBe('failed')
    const retries = (await story())?.steps.filter(({ step }) => step === 'retry')
    expect(retries).toHaveLength(2)
    const printed = async () => {
      await clock.advance(1000)
      return seen('fails', timed)
    }
    await expect.poll(printed, { timeout: 10_000, interval: 20 }).toHaveLength(3)
    expect(new Set(await printed()).size).toBe(1)
  })

  it('67. only while it permits', async () => {
    const arn = await connected('permits', SEE)
    await lambda.send(new RemovePermissionCommand({ FunctionName: 'permits', StatementId: 's3' }))
    expect((await put('permits', 'lost')).$metadata.httpStatusCode).toBe(200)
    await expect.poll(() => stateOf('permits', 'lost'), { timeout: 10_000 }).toBe('dropped')
    const configuration = await s3.send(new GetBucketNotificationConfigurationCommand({ Bucket: 'permits' }))
    expect(configuration.LambdaFunctionConfigurations?.[0]?.LambdaFunctionArn).toBe(arn)
    await permit('permits')
    await put('permits', 'found')
    await expect.poll(() => seen('permits'), { timeout: 10_000 }).toHaveLength(1)
    expect((await seen('permits'))[0]).toContain('"key":"found"')
  })

  it('68. until that is deleted, which the bucket does not mind before it is configured again', async () => {
    const arn = await connected('deleted', SEE)
    const good = await deploy('good', SEE)
    await permit('good')
    await lambda.send(new DeleteFunctionCommand({ FunctionName: 'deleted' }))
    expect((await put('deleted', 'k')).$metadata.httpStatusCode).toBe(200)
    const rules = [{ LambdaFunctionArn: arn }, { LambdaFunctionArn: good, Events: ['s3:ObjectRemoved:*' as const] }]
    await expect(configure('deleted', rules)).rejects.toMatchObject({
      name: 'InvalidArgument',
      ArgumentName1: `${arn}, null`,
      ArgumentValue1: `Not authorized to invoke function [${arn}]`,
    })
    expect((await configure('deleted', rules, true)).$metadata.httpStatusCode).toBe(200)
  })

  it('69. in the version of the alias that the rule names', async () => {
    await s3.send(new CreateBucketCommand({ Bucket: 'aliased' }))
    const arn = await deploy('aliased', SEE)
    const { Version } = await lambda.send(new PublishVersionCommand({ FunctionName: 'aliased' }))
    await lambda.send(new CreateAliasCommand({ FunctionName: 'aliased', Name: 'live', FunctionVersion: Version }))
    await permit('aliased')
    const rule = { LambdaFunctionArn: `${arn}:live` }
    await expect(configure('aliased', [rule])).rejects.toMatchObject({ ArgumentName1: `${arn}:live, null` })
    await permit('aliased', 'live')
    await configure('aliased', [rule])
    await put('aliased', 'k')
    await expect.poll(() => seen('aliased'), { timeout: 10_000 }).toHaveLength(1)
    expect((await seen('aliased'))[0]).toMatch(/^saw 1 /)
  })
})

describe('an event goes on', () => {
  it('70. with the trace of its request', async () => {
    const trace = 'Root=1-3152b799-8954dae64eda91bc9a23a7e8;Parent=7fa8c0f79203be72;Sampled=1'
    const queue = await makeQueue('traced', 's3.amazonaws.com')
    await s3.send(new CreateBucketCommand({ Bucket: 'traced' }))
    await s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket: 'traced',
        NotificationConfiguration: { QueueConfigurations: [{ QueueArn: queue.arn, Events: CREATED }] },
        SkipDestinationValidation: true,
      }),
    )
    await rawClient(server)('PUT', '/traced/k', { body: 'x', headers: { 'x-amzn-trace-id': trace } })
    const { body, attributes } = await receive(queue.url)
    expect([body.Records[0].s3.object.key, attributes['AWSTraceHeader']]).toEqual(['k', trace])
  })

  it('71. to EventBridge in its words', async () => {
    const queue = await makeQueue('bus', 'events.amazonaws.com')
    const events = new EventBridgeClient(server.clientConfig())
    const EventPattern = JSON.stringify({ source: ['aws.s3'], detail: { bucket: { name: ['bus'] } } })
    await events.send(new PutRuleCommand({ Name: 'all', EventPattern }))
    await events.send(new PutTargetsCommand({ Rule: 'all', Targets: [{ Id: 'q', Arn: queue.arn }] }))
    await s3.send(new CreateBucketCommand({ Bucket: 'bus' }))
    await s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket: 'bus',
        NotificationConfiguration: { EventBridgeConfiguration: {} },
      }),
    )
    const Key = 'a b+ü'
    await put('bus', Key)
    const created = (await receive(queue.url)).body
    await s3.send(new DeleteObjectCommand({ Bucket: 'bus', Key }))
    const deleted = (await receive(queue.url)).body
    const common = { source: 'aws.s3', account: server.accountId, resources: ['arn:aws:s3:::bus'] }
    expect(created).toMatchObject({
      ...common,
      'detail-type': 'Object Created',
      detail: { reason: 'PutObject', object: { key: Key, size: 1 } },
    })
    expect(deleted).toMatchObject({
      ...common,
      'detail-type': 'Object Deleted',
      detail: { reason: 'DeleteObject', 'deletion-type': 'Permanently Deleted', object: { key: Key } },
    })
    expect(Object.keys(deleted.detail.object)).toEqual(['key', 'sequencer'])
  })
})

describe('a function that writes into its own bucket', () => {
  it('72. is stopped, and what it did not get is kept', async () => {
    const queue = await makeQueue('loop-dead', 'lambda.amazonaws.com')
    await connected('loop', chain(40), '', queue.arn)
    await put('loop', 'a/1')
    const { body } = await receive(queue.url)
    const last = Number(body.Records[0].s3.object.key.split('/')[1])
    expect(last).toBeGreaterThanOrEqual(16)
    expect(last).toBeLessThanOrEqual(18)
    expect(await keyCount('loop')).toBe(last)
    await expect.poll(() => droppedLoops('loop'), { timeout: 10_000 }).toBeGreaterThanOrEqual(1)
  })

  it('73. goes on when it may', async () => {
    const FunctionName = 'allowed'
    await connected(FunctionName, chain(22))
    const { RecursiveLoop } = await lambda.send(new GetFunctionRecursionConfigCommand({ FunctionName }))
    expect(RecursiveLoop).toBe('Terminate')
    await lambda.send(new PutFunctionRecursionConfigCommand({ FunctionName, RecursiveLoop: 'Allow' }))
    await put(FunctionName, 'a/1')
    await expect.poll(() => keyCount(FunctionName), { timeout: 20_000 }).toBe(22)
    expect(await droppedLoops(FunctionName)).toBe(0)
  })

  it('74. under another prefix runs once', async () => {
    await connected('moved', MOVE, 'in/')
    await put('moved', 'in/k')
    await expect.poll(() => keyCount('moved', 'out/'), { timeout: 10_000 }).toBe(1)
    const unmatched = async () => (await server.traces('s3://moved/out/k', 1))[0]?.targetArn
    expect(await unmatched()).toBeFalsy()
    await expect.poll(() => seen('moved'), { timeout: 10_000 }).toEqual(['saw in/k'])
  })

  it('75. is counted chain by chain', async () => {
    await connected('chains', chain(12))
    await put('chains', 'a/1')
    await put('chains', 'b/1')
    await expect.poll(() => keyCount('chains'), { timeout: 20_000 }).toBe(24)
    expect(await droppedLoops('chains')).toBe(0)
  })
})
