/** The calls of Terraform's aws_s3_bucket and aws_s3_bucket_notification, in their order, and what the provider makes of the answers. */
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  GetBucketAccelerateConfigurationCommand,
  GetBucketAclCommand,
  GetBucketCorsCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLocationCommand,
  GetBucketLoggingCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketPolicyCommand,
  GetBucketReplicationCommand,
  GetBucketRequestPaymentCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetBucketWebsiteCommand,
  GetObjectLockConfigurationCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  PutBucketNotificationConfigurationCommand,
} from '@aws-sdk/client-s3'
import { CreateQueueCommand, GetQueueAttributesCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs'
import { describe, expect, it } from 'vitest'
import { useAccount } from '../cloudformation/account.ts'
import { rawClient } from '../s3/wire.ts'

const account = useAccount()
const Bucket = 'terraform-bucket'

/** `code`, where the SDK throws, and `statusCode message` where there is none. */
async function codeOf(answer: Promise<unknown>): Promise<string> {
  try {
    await answer
    return 'an answer'
  } catch (error) {
    return (error as Error).name
  }
}

describe('aws_s3_bucket', () => {
  it('is absent with 404, for HeadBucket tells no code', async () => {
    const error = await account.s3.send(new HeadBucketCommand({ Bucket })).catch((error: unknown) => error)
    expect(error).toMatchObject({ name: 'NotFound', $metadata: { httpStatusCode: 404 } })
  })

  it('is created with its tags, and seen at once with its region', async () => {
    const Tags = [{ Key: 'Team', Value: 'pictures' }]
    await account.s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { Tags } }))
    const { BucketRegion } = await account.s3.send(new HeadBucketCommand({ Bucket }))
    expect(BucketRegion).toBe('us-east-1')
    expect((await account.s3.send(new GetBucketTaggingCommand({ Bucket }))).TagSet).toEqual(Tags)
  })

  it.each([
    ['NoSuchBucketPolicy', () => account.s3.send(new GetBucketPolicyCommand({ Bucket }))],
    ['NoSuchCORSConfiguration', () => account.s3.send(new GetBucketCorsCommand({ Bucket }))],
    ['NoSuchWebsiteConfiguration', () => account.s3.send(new GetBucketWebsiteCommand({ Bucket }))],
    ['NoSuchLifecycleConfiguration', () => account.s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))],
    ['ReplicationConfigurationNotFoundError', () => account.s3.send(new GetBucketReplicationCommand({ Bucket }))],
    ['ObjectLockConfigurationNotFoundError', () => account.s3.send(new GetObjectLockConfigurationCommand({ Bucket }))],
  ])('says %s of what it does not have', async (code, get) => {
    expect(await codeOf(get())).toBe(code)
  })

  it('answers all else that a refresh reads', async () => {
    const acl = await account.s3.send(new GetBucketAclCommand({ Bucket }))
    expect(acl.Grants).toMatchObject([{ Permission: 'FULL_CONTROL', Grantee: { ID: acl.Owner?.ID } }])
    expect((await account.s3.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBeUndefined()
    expect((await account.s3.send(new GetBucketAccelerateConfigurationCommand({ Bucket }))).Status).toBeUndefined()
    expect((await account.s3.send(new GetBucketRequestPaymentCommand({ Bucket }))).Payer).toBe('BucketOwner')
    expect((await account.s3.send(new GetBucketLoggingCommand({ Bucket }))).LoggingEnabled).toBeUndefined()
    expect((await account.s3.send(new GetBucketLocationCommand({ Bucket }))).LocationConstraint).toBeUndefined()
    // Buckets are encrypted by S3 and closed to the public from the beginning.
    const { ServerSideEncryptionConfiguration } = await account.s3.send(new GetBucketEncryptionCommand({ Bucket }))
    expect(ServerSideEncryptionConfiguration?.Rules).toMatchObject([
      { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } },
    ])
    const { PublicAccessBlockConfiguration } = await account.s3.send(new GetPublicAccessBlockCommand({ Bucket }))
    expect(PublicAccessBlockConfiguration).toMatchObject({ BlockPublicAcls: true, RestrictPublicBuckets: true })
  })

  it('tells its tags to S3 Control, whose client puts the account before the host', async () => {
    const { accountId, endpoint } = account.server
    const { port } = new URL(endpoint)
    const path = `/v20180820/tags/${encodeURIComponent(`arn:aws:s3:::${Bucket}`)}`
    for (const domain of ['127.0.0.1', 'localhost', 's3-control.localhost']) {
      const reply = await rawClient(account.server)('GET', path, {
        host: `${accountId}.${domain}:${port}`,
        headers: { 'x-amz-account-id': accountId },
      })
      expect([domain, reply.status, reply.text]).toEqual([
        domain,
        200,
        expect.stringMatching(/<Key>Team<\/Key><Value>pictures<\/Value>/),
      ])
    }
  })
})

describe('aws_s3_bucket_notification', () => {
  const notifications = async () => {
    const { $metadata, ...read } = await account.s3.send(new GetBucketNotificationConfigurationCommand({ Bucket }))
    expect($metadata.httpStatusCode).toBe(200)
    return read
  }

  it('gives back ids, order and filters as they were put', async () => {
    const { QueueUrl } = await account.sqs.send(new CreateQueueCommand({ QueueName: 'terraform' }))
    const { Attributes } = await account.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
    )
    const QueueArn = Attributes?.['QueueArn'] ?? ''
    const Statement = {
      Effect: 'Allow',
      Principal: { Service: 's3.amazonaws.com' },
      Action: 'sqs:SendMessage',
      Resource: QueueArn,
    }
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement })
    await account.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }))
    const one = (Id: string, Name: 'prefix' | 'suffix', Value: string) => ({
      Id,
      QueueArn,
      Events: ['s3:ObjectCreated:*' as const, 's3:ObjectRemoved:Delete' as const],
      Filter: { Key: { FilterRules: [{ Name, Value }] } },
    })
    const QueueConfigurations = [
      one('tf-s3-queue-zz', 'prefix', 'z/'),
      one('tf-s3-queue-aa', 'prefix', 'a/'),
      one('with a blank', 'prefix', 'm/'),
    ]
    await account.s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket,
        NotificationConfiguration: { QueueConfigurations, EventBridgeConfiguration: {} },
      }),
    )
    const read = await notifications()
    const lowered = JSON.parse(JSON.stringify(read).replaceAll('"Prefix"', '"prefix"')) as typeof read
    expect(lowered).toEqual({ QueueConfigurations, EventBridgeConfiguration: {} })
  })

  it('is deleted by putting none', async () => {
    await account.s3.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration: {} }))
    expect(await notifications()).toEqual({})
    await account.s3.send(new DeleteBucketCommand({ Bucket }))
    expect(await codeOf(account.s3.send(new GetBucketNotificationConfigurationCommand({ Bucket })))).toBe(
      'NoSuchBucket',
    )
  })
})
