import { CloudWatchClient, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch'
import { GetRoleCommand } from '@aws-sdk/client-iam'
import {
  AddPermissionCommand,
  CreateAliasCommand,
  PublishVersionCommand,
  PutFunctionEventInvokeConfigCommand,
  PutFunctionRecursionConfigCommand,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
} from '@aws-sdk/client-lambda'
import {
  CreateBucketCommand,
  type LambdaFunctionConfiguration,
  ListObjectsV2Command,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { CreateQueueCommand, ReceiveMessageCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { functionZip } from '../../house/function-zip.ts'
import { Account, policyOf } from './account.ts'

const LOGS = { Effect: 'Allow', Action: 'logs:*', Resource: '*' }
const LOG_KEY = 'export const handler = async (e) => console.log("saw", e.Records[0].s3.object.key)'

/** The handler of the tutorial, with its words. */
const CONTENT_TYPE = `
import { S3Client, GetObjectCommand } from '@aws-sdk/client-s3'
const s3 = new S3Client({ maxAttempts: 1 })
export const handler = async (event) => {
  const [{ s3: { bucket, object } }] = event.Records
  console.log('RAW', object.key)
  const Key = decodeURIComponent(object.key.replace(/\\+/g, ' '))
  try {
    const { ContentType } = await s3.send(new GetObjectCommand({ Bucket: bucket.name, Key }))
    console.log('CONTENT TYPE:', ContentType)
  } catch (error) {
    console.log(error.name, error.message)
    throw error
  }
}`

/** Writes the next link of a chain into the bucket the event came from. */
const CHAIN = `
import { S3Client, PutObjectCommand } from '@aws-sdk/client-s3'
const s3 = new S3Client({ maxAttempts: 1 })
export const handler = async (event) => {
  const [{ s3: { bucket, object } }] = event.Records
  const n = Number(object.key)
  if (n < 20) await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: String(n + 1), Body: 'x' }))
}`

describe('the trigger of a bucket', () => {
  let account: Account
  beforeAll(async () => {
    account = await Account.open()
  })
  afterAll(() => account?.[Symbol.asyncDispose]())

  async function connect(Bucket: string, ...targets: [string, Partial<LambdaFunctionConfiguration>?][]) {
    await account.s3.send(new CreateBucketCommand({ Bucket })).catch((error: Error) => {
      if (error.name !== 'BucketAlreadyOwnedByYou') throw error
    })
    for (const [arn] of targets) {
      await account.lambda.send(
        new AddPermissionCommand({
          FunctionName: arn,
          StatementId: `from-${Bucket}`,
          Action: 'lambda:InvokeFunction',
          Principal: 's3.amazonaws.com',
          SourceArn: `arn:aws:s3:::${Bucket}`,
          SourceAccount: account.id,
        }),
      )
    }
    await account.s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket,
        NotificationConfiguration: {
          LambdaFunctionConfigurations: targets.map(([LambdaFunctionArn, more]) => ({
            LambdaFunctionArn,
            Events: ['s3:ObjectCreated:*'],
            ...more,
          })),
        },
      }),
    )
  }

  const put = (Bucket: string, Key: string) =>
    account.s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x', ContentType: 'text/plain' }))
  const text = (name: string) => async () => (await account.lines(name)).join('\n')
  const suffix = (Value: string) => ({ Filter: { Key: { FilterRules: [{ Name: 'suffix' as const, Value }] } } })

  async function makeQueue(QueueName: string) {
    const { QueueUrl } = await account.sqs.send(new CreateQueueCommand({ QueueName }))
    return { url: QueueUrl as string, arn: `arn:aws:sqs:${account.server.region}:${account.id}:${QueueName}` }
  }

  async function receive(QueueUrl: string) {
    const { Messages: [message] = [] } = await account.sqs.send(
      new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }),
    )
    if (message === undefined) throw new Error('nothing came')
    return JSON.parse(`${message.Body}`)
  }

  async function metric(MetricName: string, name: string): Promise<number> {
    const cloudwatch = new CloudWatchClient(account.server.clientConfig())
    const nowMs = Date.now()
    const { Datapoints = [] } = await cloudwatch.send(
      new GetMetricStatisticsCommand({
        Namespace: 'AWS/Lambda',
        MetricName,
        Dimensions: [{ Name: 'FunctionName', Value: name }],
        StartTime: new Date(nowMs - 600_000),
        EndTime: new Date(nowMs + 600_000),
        Period: 3600,
        Statistics: ['Sum'],
      }),
    )
    cloudwatch.destroy()
    return Datapoints.reduce((total, { Sum = 0 }) => total + Sum, 0)
  }

  it('T97 T105 T139 runs the tutorial once, for a key with everything in it, and never for a test event', async () => {
    const Role = await account.role('r97', LOGS, {
      Effect: 'Allow',
      Action: 's3:GetObject',
      Resource: 'arn:aws:s3:::*',
    })
    await connect('b97', [await account.deploy('f97', CONTENT_TYPE, { Role })])
    await put('b97', 'my key+ü.txt')
    await expect.poll(text('f97'), { timeout: 20_000 }).toContain('CONTENT TYPE: text/plain')
    const log = await text('f97')()
    expect(log).toContain('RAW my+key%2B%C3%BC.txt')
    expect(log.match(/^START /gm)).toHaveLength(1)
  })

  it('T98 a role that may not read is refused in the words of S3, and the event is tried again', async () => {
    const Role = await account.role('r98', LOGS)
    await connect('b98', [await account.deploy('f98', CONTENT_TYPE, { Role })])
    await put('b98', 'k')
    await expect
      .poll(text('f98'), { timeout: 20_000 })
      .toContain(
        `AccessDenied User: arn:aws:sts::${account.id}:assumed-role/r98/f98 is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::b98/k" because no identity-based policy allows the s3:GetObject action`,
      )
    const state = async () => (await account.server.traces('s3://b98/k', 1))[0]?.steps.map(({ step }) => step)
    await expect.poll(state, { timeout: 20_000 }).toContain('retry')
  })

  it('T99 what a function writes is told as written by its role session', async () => {
    const Role = await account.role('r99', { Effect: 'Allow', Action: ['logs:*', 's3:*'], Resource: '*' })
    const source = `
      import { S3Client, PutObjectCommand } from '@aws-sdk/client-s3'
      export const handler = async ({ Records: [{ s3: { bucket, object } }] }) =>
        new S3Client({}).send(new PutObjectCommand({ Bucket: bucket.name + '-resized', Key: object.key, Body: 'small' }))`
    const queue = await makeQueue('q99')
    const Policy = policyOf({
      Effect: 'Allow',
      Principal: { Service: 's3.amazonaws.com' },
      Action: 'sqs:SendMessage',
      Resource: queue.arn,
    })
    await account.sqs.send(new SetQueueAttributesCommand({ QueueUrl: queue.url, Attributes: { Policy } }))
    await account.s3.send(new CreateBucketCommand({ Bucket: 'b99-resized' }))
    await account.s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket: 'b99-resized',
        NotificationConfiguration: { QueueConfigurations: [{ QueueArn: queue.arn, Events: ['s3:ObjectCreated:*'] }] },
        SkipDestinationValidation: true,
      }),
    )
    await connect('b99', [await account.deploy('f99', source, { Role })])
    await put('b99', 'k')
    const { Role: role } = await account.iam.send(new GetRoleCommand({ RoleName: 'r99' }))
    const seen = await receive(queue.url)
    const told = seen.Event === 's3:TestEvent' ? await receive(queue.url) : seen
    expect(told.Records[0]).toMatchObject({
      eventName: 'ObjectCreated:Put',
      userIdentity: { principalId: `AWS:${role?.RoleId}:f99` },
      s3: { bucket: { name: 'b99-resized' }, object: { key: 'k' } },
    })
  })

  it('T100 a function that feeds itself is stopped after 16 runs', async () => {
    const queue = await makeQueue('q100')
    const arn = await account.deploy('f100', CHAIN, { DeadLetterConfig: { TargetArn: queue.arn } })
    await connect('b100', [arn])
    await put('b100', '1')
    const dead = await receive(queue.url)
    expect(dead.Records[0].s3.object.key).toBe('17')
    const { KeyCount } = await account.s3.send(new ListObjectsV2Command({ Bucket: 'b100' }))
    expect(KeyCount).toBe(17)
    await expect.poll(() => metric('RecursiveInvocationsDropped', 'f100'), { timeout: 20_000 }).toBe(1)
  })

  it('T101 one that is allowed to is not', async () => {
    const arn = await account.deploy('f101', CHAIN)
    await account.lambda.send(new PutFunctionRecursionConfigCommand({ FunctionName: 'f101', RecursiveLoop: 'Allow' }))
    await connect('b101', [arn])
    await put('b101', '1')
    const count = async () => (await account.s3.send(new ListObjectsV2Command({ Bucket: 'b101' }))).KeyCount
    await expect.poll(count, { timeout: 20_000 }).toBe(20)
  })

  it('T102 the record of a failure holds the whole event of S3', async () => {
    const queue = await makeQueue('q102')
    const arn = await account.deploy('f102', 'export const handler = async () => { throw new Error("no") }')
    await account.lambda.send(
      new PutFunctionEventInvokeConfigCommand({
        FunctionName: 'f102',
        MaximumRetryAttempts: 0,
        DestinationConfig: { OnFailure: { Destination: queue.arn } },
      }),
    )
    await connect('b102', [arn])
    expect((await put('b102', 'k')).$metadata.httpStatusCode).toBe(200)
    expect((await receive(queue.url)).requestPayload.Records[0]).toMatchObject({
      eventSource: 'aws:s3',
      s3: { bucket: { name: 'b102' }, object: { key: 'k', size: 1 } },
    })
  })

  it('T103 only the function whose filter matches runs', async () => {
    const jpg = await account.deploy('f103a', LOG_KEY)
    const png = await account.deploy('f103b', LOG_KEY)
    await connect('b103', [jpg, suffix('.jpg')], [png, suffix('.png')])
    await put('b103', 'a.jpg')
    await put('b103', 'b.png')
    await expect.poll(text('f103a'), { timeout: 20_000 }).toContain('saw a.jpg')
    await expect.poll(text('f103b'), { timeout: 20_000 }).toContain('saw b.png')
    expect(await text('f103a')()).not.toContain('b.png')
    expect(await text('f103b')()).not.toContain('a.jpg')
  })

  it('T104 the next event runs the version that the alias names now', async () => {
    const source = (n: number) => `export const handler = async (e, c) => console.log('ran', c.functionVersion) // ${n}`
    const FunctionName = 'f104'
    const arn = await account.deploy(FunctionName, source(1))
    await account.lambda.send(new PublishVersionCommand({ FunctionName }))
    const alias = { FunctionName, Name: 'PROD' }
    await account.lambda.send(new CreateAliasCommand({ ...alias, FunctionVersion: '1' }))
    await connect('b104', [`${arn}:PROD`])
    await put('b104', 'one')
    await expect.poll(text(FunctionName), { timeout: 20_000 }).toContain('ran 1')
    const ZipFile = functionZip({ 'index.mjs': source(2) })
    await account.lambda.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile }))
    await account.updated(FunctionName)
    await account.lambda.send(new PublishVersionCommand({ FunctionName }))
    await account.lambda.send(new UpdateAliasCommand({ ...alias, FunctionVersion: '2' }))
    await put('b104', 'two')
    await expect.poll(text(FunctionName), { timeout: 20_000 }).toContain('ran 2')
  })
})
