import { CreateBucketCommand, GetBucketTaggingCommand, PutBucketTaggingCommand, S3Client } from '@aws-sdk/client-s3'
import {
  GetPublicAccessBlockCommand,
  ListTagsForResourceCommand,
  S3ControlClient,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-s3-control'
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand } from '@aws-sdk/client-iam'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ClientConfig, startTestServer, type TestServer } from '../../../src/testing/index.ts'
import { rawClient } from './wire.ts'

const ResourceArn = 'arn:aws:s3:::tagged'
const allow = (Action: string) => ({ Effect: 'Allow', Action, Resource: ResourceArn })
const deny = (Action: string) => ({ ...allow(Action), Effect: 'Deny' })

describe('S3 Control with the AWS SDK', () => {
  let server: TestServer
  let s3: S3Client
  let control: S3ControlClient
  const controlOf = (config: ClientConfig) =>
    // The account stands before the host otherwise, where an address in digits has no room for it.
    new S3ControlClient({ ...config, endpointProvider: () => ({ url: new URL(server.endpoint) }) } as ClientConfig)
  beforeAll(async () => {
    server = await startTestServer()
    s3 = new S3Client(server.clientConfig())
    control = controlOf(server.clientConfig())
    await s3.send(new CreateBucketCommand({ Bucket: 'tagged' }))
  })
  afterAll(() => server.stop())

  const list = async (client = control) =>
    (await client.send(new ListTagsForResourceCommand({ AccountId: server.accountId, ResourceArn }))).Tags

  it('a bucket without tags has an empty list of them', async () => {
    expect(await list()).toEqual([])
  })

  it('tags are added, replaced and removed, and are those of the bucket', async () => {
    const AccountId = server.accountId
    const Tagging = { TagSet: [{ Key: 'a', Value: '1' }] }
    await s3.send(new PutBucketTaggingCommand({ Bucket: 'tagged', Tagging }))
    const Tags = [
      { Key: 'b', Value: 'two + more' },
      { Key: 'a', Value: '2' },
    ]
    await control.send(new TagResourceCommand({ AccountId, ResourceArn, Tags }))
    expect(await list()).toEqual(expect.arrayContaining(Tags))
    await control.send(new UntagResourceCommand({ AccountId, ResourceArn, TagKeys: ['a', 'none'] }))
    const { TagSet } = await s3.send(new GetBucketTaggingCommand({ Bucket: 'tagged' }))
    expect(TagSet).toEqual([{ Key: 'b', Value: 'two + more' }])
  })

  it('the account may stand before the host', async () => {
    const path = `/v20180820/tags/${encodeURIComponent(ResourceArn)}`
    const reply = await rawClient(server)('GET', path, {
      host: `${server.accountId}.localhost`,
      headers: { 'x-amz-account-id': server.accountId },
    })
    expect(reply.status).toBe(200)
    expect(reply.text).toContain(
      '<ListTagsForResourceResult xmlns="http://awss3control.amazonaws.com/doc/2018-08-20/">',
    )
  })

  it('a bucket may be called like its paths', async () => {
    await s3.send(new CreateBucketCommand({ Bucket: 'v20180820' }))
    const reply = await rawClient(server)('GET', '/v20180820/tags/x')
    expect([reply.status, reply.text]).toEqual([404, expect.stringContaining('<Code>NoSuchKey</Code>')])
  })

  it('either permission is enough, and a denial of one is one', async () => {
    const credentials = async (UserName: string, Statement: object[]) => {
      const iam = new IAMClient(server.clientConfig())
      await iam.send(new CreateUserCommand({ UserName }))
      const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement })
      await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'p', PolicyDocument }))
      const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }))
      return controlOf(
        server.clientConfig({
          accessKeyId: AccessKey?.AccessKeyId as string,
          secretAccessKey: AccessKey?.SecretAccessKey as string,
        }),
      )
    }
    expect(await list(await credentials('new', [allow('s3:ListTagsForResource')]))).toBeDefined()
    expect(await list(await credentials('old', [allow('s3:GetBucketTagging')]))).toBeDefined()
    for (const statements of [
      [allow('s3:GetObject')],
      [allow('s3:GetBucketTagging'), deny('s3:ListTagsForResource')],
    ]) {
      const client = await credentials(`denied${statements.length}`, statements)
      await expect(list(client)).rejects.toMatchObject({ name: 'AccessDenied' })
    }
  })

  it('says what is wrong, and what is not here', async () => {
    const AccountId = server.accountId
    const of = (input: { AccountId: string; ResourceArn: string }) =>
      control.send(new ListTagsForResourceCommand(input))
    await expect(of({ AccountId, ResourceArn: 'arn:aws:s3:::none' })).rejects.toMatchObject({ name: 'NoSuchBucket' })
    await expect(of({ AccountId: '111122223333', ResourceArn })).rejects.toMatchObject({ name: 'AccessDenied' })
    await expect(
      of({ AccountId, ResourceArn: `arn:aws:s3:us-east-1:${AccountId}:accesspoint/a` }),
    ).rejects.toMatchObject({ $metadata: { httpStatusCode: 501 } })
    await expect(control.send(new GetPublicAccessBlockCommand({ AccountId }))).rejects.toMatchObject({
      name: 'NotImplemented',
      $metadata: { httpStatusCode: 501 },
    })
  })
})
