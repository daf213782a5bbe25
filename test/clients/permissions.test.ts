import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs'
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand, UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam'
import {
  AddPermissionCommand,
  CreateFunctionCommand,
  LambdaClient,
  RemovePermissionCommand,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda'
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Trace } from '../../src/index.ts'
import { startTestServer, type TestServer } from '../../src/testing/index.ts'
import { functionZip } from '../house/function-zip.ts'

const COPY_FUNCTION = `
const { S3Client, GetObjectCommand, PutObjectCommand } = require('@aws-sdk/client-s3')
const s3 = new S3Client({ maxAttempts: 1 })
exports.handler = async ({ Records: [{ s3: { bucket, object } }] }) => {
  const Key = decodeURIComponent(object.key.replace(/\\+/g, ' '))
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket.name, Key }))
  await s3.send(new PutObjectCommand({ Bucket: bucket.name + '-resized', Key, Body: await Body.transformToByteArray() }))
}
`

const trust = (service: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
  })

const rights = (bucket: string, actions: readonly ('read' | 'write' | 'log')[]) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Sid: 'Nothing', Effect: 'Allow', Action: 'sts:GetCallerIdentity', Resource: '*' },
      ...actions.map(
        (action) =>
          ({
            read: { Effect: 'Allow', Action: 's3:GetObject', Resource: `arn:aws:s3:::${bucket}/*` },
            write: { Effect: 'Allow', Action: 's3:PutObject', Resource: `arn:aws:s3:::${bucket}-resized/*` },
            log: { Effect: 'Allow', Action: 'logs:*', Resource: '*' },
          })[action],
      ),
    ],
  })

/** A thumbnail application of its own for every test, complete and working until the test takes something away. */
describe('removing one permission of the thumbnail application', () => {
  let server: TestServer
  let s3: S3Client
  let iam: IAMClient
  let lambda: LambdaClient
  let logs: CloudWatchLogsClient

  beforeAll(async () => {
    server = await startTestServer()
    s3 = new S3Client(server.clientConfig())
    iam = new IAMClient(server.clientConfig())
    lambda = new LambdaClient(server.clientConfig())
    logs = new CloudWatchLogsClient(server.clientConfig())
  })
  afterAll(() => server.stop())

  async function deploy(name: string): Promise<string> {
    await s3.send(new CreateBucketCommand({ Bucket: name }))
    await s3.send(new CreateBucketCommand({ Bucket: `${name}-resized` }))
    const { Role } = await iam.send(
      new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: trust('lambda.amazonaws.com') }),
    )
    await grant(name, ['read', 'write', 'log'])
    const { FunctionArn } = await lambda.send(
      new CreateFunctionCommand({
        FunctionName: name,
        Runtime: 'nodejs22.x',
        Handler: 'index.handler',
        Role: Role?.Arn,
        Timeout: 20,
        MemorySize: 512,
        Code: { ZipFile: functionZip({ 'index.js': COPY_FUNCTION }) },
      }),
    )
    await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 10 }, { FunctionName: name })
    await lambda.send(
      new AddPermissionCommand({
        FunctionName: name,
        StatementId: 's3invoke',
        Action: 'lambda:InvokeFunction',
        Principal: 's3.amazonaws.com',
        SourceArn: `arn:aws:s3:::${name}`,
        SourceAccount: server.accountId,
      }),
    )
    await notify(name, FunctionArn as string)
    return FunctionArn as string
  }

  function grant(name: string, actions: readonly ('read' | 'write' | 'log')[]) {
    return iam.send(
      new PutRolePolicyCommand({ RoleName: name, PolicyName: 'rights', PolicyDocument: rights(name, actions) }),
    )
  }

  function notify(bucket: string, functionArn: string) {
    return s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket: bucket,
        NotificationConfiguration: {
          LambdaFunctionConfigurations: [{ LambdaFunctionArn: functionArn, Events: ['s3:ObjectCreated:*'] }],
        },
      }),
    )
  }

  async function upload(bucket: string, key = 'a photo+ü.jpg'): Promise<string> {
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: 'pixels' }))
    return `s3://${bucket}/${key}`
  }

  /** The newest event of a subject as soon as it satisfies `isTold`; the function runs in a process of its own. */
  async function story(subject: string, isTold: (trace: Trace, text: string) => boolean): Promise<string> {
    let text = ''
    const look = async () => {
      const [trace] = await server.traces(subject, 1)
      text = JSON.stringify(trace ?? null)
      return trace !== undefined && isTold(trace, text)
    }
    await expect.poll(look, { timeout: 15_000 }).toBe(true)
    return text
  }

  async function isCopied(bucket: string, key = 'a photo+ü.jpg'): Promise<boolean> {
    try {
      await s3.send(new GetObjectCommand({ Bucket: `${bucket}-resized`, Key: key }))
      return true
    } catch (error) {
      expect((error as Error).name).toBe('NoSuchKey')
      return false
    }
  }

  async function log(name: string, text: string): Promise<void> {
    await expect
      .poll(
        async () => {
          const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${name}` }))
          return events.map((event) => event.message).join('\n')
        },
        { timeout: 10_000 },
      )
      .toContain(text)
  }

  it('works while nothing is taken away', async () => {
    await deploy('whole')
    await story(await upload('whole'), (trace) => trace.state === 'succeeded')
    expect(await isCopied('whole')).toBe(true)
  })

  it('without the resource policy, saving the notification is refused and a saved one delivers nothing', async () => {
    const arn = await deploy('no-resource-policy')
    await lambda.send(new RemovePermissionCommand({ FunctionName: 'no-resource-policy', StatementId: 's3invoke' }))
    await expect(notify('no-resource-policy', arn)).rejects.toMatchObject({
      name: 'InvalidArgument',
      message: 'Unable to validate the following destination configurations',
      ArgumentName1: `${arn}, null`,
      ArgumentValue1: `Not authorized to invoke function [${arn}]`,
    })
    const told = await story(await upload('no-resource-policy'), (trace) => trace.state === 'dropped')
    expect(told).toContain('no resource-based policy allows the lambda:InvokeFunction action')
    expect(await isCopied('no-resource-policy')).toBe(false)
  })

  it("without the role's s3:GetObject, reading the object is what fails", async () => {
    await deploy('no-read')
    await grant('no-read', ['write', 'log'])
    const message = `User: arn:aws:sts::${server.accountId}:assumed-role/no-read/no-read is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::no-read/a photo+ü.jpg" because no identity-based policy allows the s3:GetObject action`
    const told = await story(await upload('no-read'), (_, text) => text.includes('AccessDenied'))
    expect(told).toContain(JSON.stringify(message).slice(1, -1))
    await log('no-read', 's3:GetObject')
    expect(await isCopied('no-read')).toBe(false)
  })

  it("without the role's s3:PutObject, writing the copy is what fails", async () => {
    await deploy('no-write')
    await grant('no-write', ['read', 'log'])
    const told = await story(await upload('no-write'), (_, text) => text.includes('AccessDenied'))
    expect(told).toContain('assumed-role/no-write/no-write is not authorized to perform: s3:PutObject on resource')
    expect(told).toContain('because no identity-based policy allows the s3:PutObject action')
    expect(await isCopied('no-write')).toBe(false)
  })

  it('without the trust of Lambda, the function does not start, warm or cold', async () => {
    await deploy('no-trust')
    await story(await upload('no-trust', 'first'), (trace) => trace.state === 'succeeded')
    await iam.send(
      new UpdateAssumeRolePolicyCommand({ RoleName: 'no-trust', PolicyDocument: trust('ec2.amazonaws.com') }),
    )
    const told = await story(await upload('no-trust'), (_, text) => text.includes('cannot be assumed'))
    expect(told).toContain('The role defined for the function cannot be assumed by Lambda.')
    expect(await isCopied('no-trust')).toBe(false)
  })

  it('without permission to log, the function runs and its log is lost', async () => {
    await deploy('no-log')
    await grant('no-log', ['read', 'write'])
    await story(await upload('no-log'), (trace) => trace.state === 'succeeded')
    await expect(logs.send(new FilterLogEventsCommand({ logGroupName: '/aws/lambda/no-log' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    })
  })
})
