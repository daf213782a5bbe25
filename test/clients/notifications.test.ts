import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge'
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { CreateTopicCommand, SNSClient, SetTopicAttributesCommand, SubscribeCommand } from '@aws-sdk/client-sns'
import { CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../../src/testing/index.ts'

const TRACE = 'Root=1-3152b799-8954dae64eda91bc9a23a7e8;Parent=7fa8c0f79203be72;Sampled=1'

describe('a bucket notifies', () => {
  let server: TestServer
  let s3: S3Client
  let sqs: SQSClient
  let sns: SNSClient
  let events: EventBridgeClient

  beforeAll(async () => {
    server = await startTestServer()
    s3 = new S3Client(server.clientConfig())
    sqs = new SQSClient(server.clientConfig())
    sns = new SNSClient(server.clientConfig())
    events = new EventBridgeClient(server.clientConfig())
  })
  afterAll(() => server?.stop())

  const allow = (service: string, action: string, resource: string) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: action, Resource: resource }],
    })

  async function makeQueue(name: string, service: string): Promise<{ url: string; arn: string }> {
    const arn = `arn:aws:sqs:${server.region}:${server.accountId}:${name}`
    const { QueueUrl } = await sqs.send(
      new CreateQueueCommand({ QueueName: name, Attributes: { Policy: allow(service, 'sqs:SendMessage', arn) } }),
    )
    return { url: QueueUrl as string, arn }
  }

  async function receive(url: string) {
    const { Messages: [message] = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: url, WaitTimeSeconds: 10, MessageSystemAttributeNames: ['All'] }),
    )
    if (message === undefined) throw new Error('nothing came')
    await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: message.ReceiptHandle }))
    return { body: JSON.parse(message.Body as string), attributes: message.Attributes ?? {} }
  }

  const configure = (bucket: string, configuration: object) =>
    s3.send(new PutBucketNotificationConfigurationCommand({ Bucket: bucket, NotificationConfiguration: configuration }))

  it('a queue, first by a test event, then by each change, trace and all', async () => {
    const queue = await makeQueue('changes', 's3.amazonaws.com')
    await s3.send(new CreateBucketCommand({ Bucket: 'to-queue' }))
    await configure('to-queue', { QueueConfigurations: [{ QueueArn: queue.arn, Events: ['s3:ObjectCreated:*'] }] })
    expect((await receive(queue.url)).body).toMatchObject({
      Service: 'Amazon S3',
      Event: 's3:TestEvent',
      Bucket: 'to-queue',
    })

    const put = new PutObjectCommand({ Bucket: 'to-queue', Key: 'a b+ü', Body: 'x' })
    put.middlewareStack.add(
      (next) => (args) => {
        ;(args.request as { headers: Record<string, string> }).headers['x-amzn-trace-id'] = TRACE
        return next(args)
      },
      { step: 'build' },
    )
    await s3.send(put)
    const { body, attributes } = await receive(queue.url)
    expect(body.Records[0]).toMatchObject({
      eventName: 'ObjectCreated:Put',
      s3: { object: { key: 'a+b%2B%C3%BC', size: 1 } },
    })
    expect(attributes.AWSTraceHeader).toBe(TRACE)
  })

  it('no queue that is missing or does not permit', async () => {
    await s3.send(new CreateBucketCommand({ Bucket: 'refused' }))
    const missing = `arn:aws:sqs:${server.region}:${server.accountId}:nowhere`
    await sqs.send(new CreateQueueCommand({ QueueName: 'closed' }))
    const closed = missing.replace('nowhere', 'closed')
    const configuration = {
      QueueConfigurations: [
        { QueueArn: missing, Events: ['s3:ObjectCreated:Put'] },
        { QueueArn: closed, Events: ['s3:ObjectCreated:Post'] },
      ],
    }
    await expect(configure('refused', configuration)).rejects.toMatchObject({
      name: 'InvalidArgument',
      ArgumentName1: missing,
      ArgumentValue1: 'The destination queue does not exist',
      ArgumentName2: closed,
      ArgumentValue2: 'Permissions on the destination queue do not allow S3 to publish notifications from this bucket',
    })
  })

  it('a topic, which tells its subscribers', async () => {
    const queue = await makeQueue('subscriber', 'sns.amazonaws.com')
    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 'changes' }))
    const Policy = allow('s3.amazonaws.com', 'sns:Publish', TopicArn as string)
    await sns.send(new SetTopicAttributesCommand({ TopicArn, AttributeName: 'Policy', AttributeValue: Policy }))
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: queue.arn }))
    await s3.send(new CreateBucketCommand({ Bucket: 'to-topic' }))
    await configure('to-topic', { TopicConfigurations: [{ TopicArn, Events: ['s3:ObjectRemoved:*'] }] })
    expect(JSON.parse((await receive(queue.url)).body.Message).Event).toBe('s3:TestEvent')
    await s3.send(new DeleteObjectCommand({ Bucket: 'to-topic', Key: 'gone' }))
    const { body } = await receive(queue.url)
    expect(body.Subject).toBe('Amazon S3 Notification')
    expect(JSON.parse(body.Message).Records[0]).toMatchObject({
      eventName: 'ObjectRemoved:Delete',
      s3: { object: { key: 'gone' } },
    })
  })

  it('EventBridge, whose rules pick what they want', async () => {
    const queue = await makeQueue('from-bus', 'events.amazonaws.com')
    const pattern = { source: ['aws.s3'], 'detail-type': ['Object Created'], detail: { bucket: { name: ['to-bus'] } } }
    await events.send(new PutRuleCommand({ Name: 'created', EventPattern: JSON.stringify(pattern) }))
    await events.send(new PutTargetsCommand({ Rule: 'created', Targets: [{ Id: 'q', Arn: queue.arn }] }))
    await s3.send(new CreateBucketCommand({ Bucket: 'to-bus' }))
    await configure('to-bus', { EventBridgeConfiguration: {} })
    await s3.send(new DeleteObjectCommand({ Bucket: 'to-bus', Key: 'other' }))
    await s3.send(new PutObjectCommand({ Bucket: 'to-bus', Key: 'a b+ü', Body: 'hello' }))
    const { body } = await receive(queue.url)
    expect(body).toMatchObject({
      source: 'aws.s3',
      'detail-type': 'Object Created',
      account: server.accountId,
      resources: ['arn:aws:s3:::to-bus'],
      detail: { bucket: { name: 'to-bus' }, object: { key: 'a b+ü', size: 5 }, reason: 'PutObject' },
    })
  })
})
