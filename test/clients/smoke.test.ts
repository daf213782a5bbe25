import { Readable } from 'node:stream'
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs'
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam'
import {
  AddPermissionCommand,
  CreateFunctionCommand,
  InvokeCommand,
  LambdaClient,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda'
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { ListDocumentsCommand, SSMClient } from '@aws-sdk/client-ssm'
import { Upload } from '@aws-sdk/lib-storage'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../../src/testing/index.ts'
import { functionZip } from '../house/function-zip.ts'

const HANDLER = `
exports.handler = async (event) => {
  const record = event.Records?.[0]
  console.log('saw', record ? record.eventName + ' ' + decodeURIComponent(record.s3.object.key) : 'a call')
  return { got: event }
}
`

/** The shortest walk through the whole house with the SDK's own clients. */
describe('with the AWS SDK, from an empty server', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer()
  })
  afterAll(() => server.stop())

  it('everyone is who they are', async () => {
    const identity = await new STSClient(server.clientConfig()).send(new GetCallerIdentityCommand({}))
    expect(identity.Arn).toBe('arn:aws:iam::123456789012:root')
  })

  it('an object is put, read and listed', async () => {
    const s3 = new S3Client(server.clientConfig())
    await s3.send(new CreateBucketCommand({ Bucket: 'plain' }))
    await s3.send(new PutObjectCommand({ Bucket: 'plain', Key: 'a/../b ü+.txt', Body: 'hello' }))
    const read = await s3.send(new GetObjectCommand({ Bucket: 'plain', Key: 'a/../b ü+.txt' }))
    expect(await read.Body?.transformToString()).toBe('hello')
    const listed = await s3.send(new ListObjectsV2Command({ Bucket: 'plain' }))
    expect(listed.Contents?.map((object) => object.Key)).toEqual(['a/../b ü+.txt'])
  })

  it('a signed URL reads and writes without credentials, and a changed one does not', async () => {
    const s3 = new S3Client(server.clientConfig())
    await s3.send(new CreateBucketCommand({ Bucket: 'shared' }))
    const target = { Bucket: 'shared', Key: 'for you +.txt' }
    const put = await fetch(await getSignedUrl(s3, new PutObjectCommand(target)), { method: 'PUT', body: 'a present' })
    expect(put.status).toBe(200)
    const url = await getSignedUrl(s3, new GetObjectCommand(target))
    expect(await (await fetch(url)).text()).toBe('a present')
    const forged = await fetch(url.replace('for%20you', 'not%20you'))
    expect([forged.status, await forged.text()]).toEqual([403, expect.stringContaining('SignatureDoesNotMatch')])
  })

  it('a stream of unknown length is uploaded in parts', async () => {
    const client = new S3Client(server.clientConfig())
    await client.send(new CreateBucketCommand({ Bucket: 'large' }))
    const part = Buffer.alloc(1024 * 1024, 'x')
    const Body = Readable.from(Array.from({ length: 11 }, () => part))
    const done = await new Upload({ client, params: { Bucket: 'large', Key: 'k', Body } }).done()
    expect(done.ETag).toMatch(/-3"$/)
    const { Body: read } = await client.send(new GetObjectCommand({ Bucket: 'large', Key: 'k' }))
    expect((await read?.transformToByteArray())?.length).toBe(11 * part.length)
  })

  it('an operation that does not exist here is refused in the words of its service', async () => {
    const ssm = new SSMClient({ ...server.clientConfig(), maxAttempts: 1 })
    await expect(ssm.send(new ListDocumentsCommand({}))).rejects.toMatchObject({
      name: 'NotImplemented',
      $metadata: { httpStatusCode: 501 },
    })
  })

  it('an object runs a function, whose log can be read and whose event tells its story', async () => {
    const s3 = new S3Client(server.clientConfig())
    const iam = new IAMClient(server.clientConfig())
    const lambda = new LambdaClient(server.clientConfig())
    const logs = new CloudWatchLogsClient(server.clientConfig())

    await s3.send(new CreateBucketCommand({ Bucket: 'uploads' }))
    const { Role } = await iam.send(
      new CreateRoleCommand({
        RoleName: 'runner',
        AssumeRolePolicyDocument: JSON.stringify({
          Version: '2012-10-17',
          Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
        }),
      }),
    )
    const statement = { Effect: 'Allow', Action: 'logs:*', Resource: '*' }
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
    await iam.send(new PutRolePolicyCommand({ RoleName: 'runner', PolicyName: 'logs', PolicyDocument }))

    const { FunctionArn } = await lambda.send(
      new CreateFunctionCommand({
        FunctionName: 'watcher',
        Runtime: 'nodejs22.x',
        Handler: 'index.handler',
        Role: Role?.Arn,
        Code: { ZipFile: functionZip({ 'index.js': HANDLER }) },
      }),
    )
    await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 20 }, { FunctionName: 'watcher' })
    const direct = await lambda.send(new InvokeCommand({ FunctionName: 'watcher', Payload: JSON.stringify({ n: 1 }) }))
    expect(JSON.parse(Buffer.from(direct.Payload ?? []).toString())).toEqual({ got: { n: 1 } })

    await lambda.send(
      new AddPermissionCommand({
        FunctionName: 'watcher',
        StatementId: 'bucket',
        Action: 'lambda:InvokeFunction',
        Principal: 's3.amazonaws.com',
        SourceArn: 'arn:aws:s3:::uploads',
        SourceAccount: server.accountId,
      }),
    )
    await s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket: 'uploads',
        NotificationConfiguration: {
          LambdaFunctionConfigurations: [{ LambdaFunctionArn: FunctionArn, Events: ['s3:ObjectCreated:*'] }],
        },
      }),
    )
    await s3.send(new PutObjectCommand({ Bucket: 'uploads', Key: 'photo ü.jpg', Body: 'pixels' }))

    const messages = async () => {
      const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName: '/aws/lambda/watcher' }))
      return events.map((event) => event.message ?? '').join('')
    }
    await expect.poll(messages, { timeout: 20_000 }).toContain('saw ObjectCreated:Put photo+ü.jpg')
    const state = async () => (await server.traces('s3://uploads/photo ü.jpg', 1))[0]?.state
    await expect.poll(state, { timeout: 20_000 }).toBe('succeeded')
  })
})
