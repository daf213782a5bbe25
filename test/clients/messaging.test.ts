import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  CreateTopicCommand,
  GetTopicAttributesCommand,
  ListSubscriptionsByTopicCommand,
  PublishBatchCommand,
  PublishCommand,
  SNSClient,
  SubscribeCommand,
} from '@aws-sdk/client-sns'
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../../src/testing/index.ts'

describe('queues and topics with the AWS SDK', () => {
  let server: TestServer
  let sqs: SQSClient
  let sns: SNSClient
  beforeAll(async () => {
    server = await startTestServer()
    sqs = new SQSClient(server.clientConfig())
    sns = new SNSClient(server.clientConfig())
  })
  afterAll(() => server.stop())

  const queue = async (QueueName: string, Attributes: Record<string, string> = {}) =>
    (await sqs.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl as string
  /** Lets any topic of the account send. */
  const open = (name: string) => ({
    Policy: JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: 'sns.amazonaws.com' },
          Action: 'sqs:SendMessage',
          Resource: arn(name),
          Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:sns:*:123456789012:*' } },
        },
      ],
    }),
  })
  const arn = (name: string) => `arn:aws:sqs:us-east-1:123456789012:${name}`
  const receive = async (QueueUrl: string) => {
    const input = { QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1, MessageAttributeNames: ['All'] }
    return (await sqs.send(new ReceiveMessageCommand(input))).Messages ?? []
  }

  // The client checks every digest that an answer carries.
  it('a message is sent, received and deleted', async () => {
    const url = await queue('plain')
    expect((await sqs.send(new GetQueueUrlCommand({ QueueName: 'plain' }))).QueueUrl).toBe(url)
    const MessageAttributes = {
      text: { DataType: 'String', StringValue: 'é' },
      bytes: { DataType: 'Binary', BinaryValue: new Uint8Array([0, 255]) },
    }
    await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'hello\n"ü"', MessageAttributes }))
    const [message] = await receive(url)
    expect(message).toMatchObject({ Body: 'hello\n"ü"', MessageAttributes })
    await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: message?.ReceiptHandle }))
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] }))
    expect(Attributes).toMatchObject({ ApproximateNumberOfMessages: '0', ApproximateNumberOfMessagesNotVisible: '0' })
  })

  it('errors have the names that the SDK knows', async () => {
    const QueueUrl = `${server.endpoint}/123456789012/missing`
    const missing = sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'a' }))
    await expect(missing).rejects.toMatchObject({ name: 'QueueDoesNotExist', $metadata: { httpStatusCode: 400 } })
    const TopicArn = 'arn:aws:sns:us-east-1:123456789012:missing'
    await expect(sns.send(new PublishCommand({ TopicArn, Message: 'a' }))).rejects.toMatchObject({
      name: 'NotFoundException',
      $metadata: { httpStatusCode: 404 },
    })
  })

  it('a long poll ends with the first message', async () => {
    const url = await queue('slow')
    const waiting = sqs.send(new ReceiveMessageCommand({ QueueUrl: url, WaitTimeSeconds: 20 }))
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: [{ Id: 'a', MessageBody: 'at last' }] }))
    expect((await waiting).Messages?.[0]?.Body).toBe('at last')
  })

  it('a topic reaches two queues, each with what it filters for', async () => {
    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 'orders' }))
    const red = await queue('red', open('red'))
    const all = await queue('all', open('all'))
    await sns.send(
      new SubscribeCommand({
        TopicArn,
        Protocol: 'sqs',
        Endpoint: arn('red'),
        Attributes: { FilterPolicy: '{"color":["red"]}', RawMessageDelivery: 'true' },
      }),
    )
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: arn('all') }))
    const color = (StringValue: string) => ({ color: { DataType: 'String', StringValue } })
    await sns.send(new PublishCommand({ TopicArn, Message: 'one', MessageAttributes: color('red') }))
    const PublishBatchRequestEntries = [{ Id: 'x', Message: 'two', MessageAttributes: color('blue') }]
    await sns.send(new PublishBatchCommand({ TopicArn, PublishBatchRequestEntries }))
    expect((await receive(red)).map(({ Body }) => Body)).toEqual(['one'])
    const envelopes = (await receive(all)).map(({ Body }) => JSON.parse(Body as string))
    expect(envelopes.map(({ Message }) => Message)).toEqual(['one', 'two'])
    const { Subscriptions } = await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn }))
    expect(Subscriptions?.length).toBe(2)
  })

  it('an endpoint on this machine confirms by its link and gets messages', async () => {
    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 'hooks' }))
    const bodies: string[] = []
    let onPost = () => {}
    const hook = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk) => (body += chunk))
      request.on('end', () => {
        response.end()
        bodies.push(body)
        onPost()
      })
    })
    await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve))
    const posted = async (count: number) => {
      while (bodies.length < count) await new Promise<void>((resolve) => (onPost = resolve))
      return JSON.parse(bodies[count - 1] as string)
    }
    const Endpoint = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/`
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'http', Endpoint }))
    const { SubscribeURL } = await posted(1)
    expect((await fetch(SubscribeURL)).status).toBe(200)
    const { Attributes } = await sns.send(new GetTopicAttributesCommand({ TopicArn }))
    expect(Attributes).toMatchObject({ SubscriptionsConfirmed: '1', SubscriptionsPending: '0' })
    await sns.send(new PublishCommand({ TopicArn, Message: 'hooked' }))
    expect((await posted(2)).Message).toBe('hooked')
    hook.close()
  })
})
