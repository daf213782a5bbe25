import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { settle } from '../../std/clock.ts'
import { transact } from '../../store/transaction.ts'
import { ACCOUNT, REGION, TestSns } from './testing.ts'

let test: TestSns
let topic: string
beforeEach(async () => {
  test = new TestSns()
  topic = await test.topic('t')
})
afterEach(async () => {
  await test[Symbol.asyncDispose]()
  expect(test.failures).toEqual([])
})

const publish = (Message: string, more: Parameters<typeof test.call<'Publish'>>[1] | object = {}) =>
  test.call('Publish', { TopicArn: topic, Message, ...more } as Parameters<typeof test.call<'Publish'>>[1])
const text = (StringValue: string) => ({ DataType: 'String', StringValue })

describe('a message of a topic', () => {
  it('reaches every queue in its envelope, laid out as AWS does', async () => {
    const queue = await test.queue(topic, 'q')
    const { MessageId } = await publish('hello "you"', { Subject: 'greeting', MessageAttributes: { a: text('b') } })
    const [payload] = test.sqs.payloads(queue)
    expect(JSON.parse(payload as string)).toEqual({
      Type: 'Notification',
      MessageId,
      TopicArn: topic,
      Subject: 'greeting',
      Message: 'hello "you"',
      Timestamp: new Date(test.clock.now()).toISOString(),
      SignatureVersion: '1',
      Signature: expect.any(String),
      SigningCertURL: expect.stringContaining('http://localhost:4566/'),
      UnsubscribeURL: expect.stringContaining('http://localhost:4566/_millrace/sns/unsubscribe?SubscriptionArn='),
      MessageAttributes: { a: { Type: 'String', Value: 'b' } },
    })
    expect(payload?.split('\n')[1]).toBe('  "Type" : "Notification",')
    expect(test.sqs.deliveries[0]?.source).toEqual({ principal: 'sns.amazonaws.com', arn: topic, accountId: ACCOUNT })
    expect(test.sqs.deliveries[0]?.message).toEqual({})
  })

  it('arrives as it is, with its attributes, where delivery is raw', async () => {
    const queue = await test.queue(topic, 'q', { RawMessageDelivery: 'true' })
    await publish('hello', { MessageAttributes: { a: text('b') } })
    expect(test.sqs.payloads(queue)).toEqual(['hello'])
    expect(test.sqs.deliveries[0]?.message?.attributes).toEqual({ a: { dataType: 'String', stringValue: 'b' } })
  })

  it('reaches functions as an event, with the trace of the publisher', async () => {
    const Endpoint = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:F`
    const { SubscriptionArn } = await test.call('Subscribe', { TopicArn: topic, Protocol: 'lambda', Endpoint })
    await test.call('Publish', { TopicArn: topic, Message: 'hello' }, { traceHeader: 'Root=1-x' })
    const [delivery] = test.lambda.deliveries
    expect(JSON.parse(delivery?.payload as string)).toMatchObject({
      Records: [
        {
          EventSource: 'aws:sns',
          EventVersion: '1.0',
          EventSubscriptionArn: SubscriptionArn,
          Sns: { Type: 'Notification', TopicArn: topic, Subject: null, Message: 'hello', MessageAttributes: {} },
        },
      ],
    })
    expect(delivery?.traceHeader).toBe('Root=1-x')
  })

  it('reaches only those whose filter it passes', async () => {
    const red = await test.queue(topic, 'red', { FilterPolicy: '{"color":["red"]}' })
    const big = await test.queue(topic, 'big', {
      FilterPolicy: '{"size":[{"numeric":[">",5]}]}',
      FilterPolicyScope: 'MessageBody',
    })
    await publish('{"size":9}', { MessageAttributes: { color: text('blue') } })
    await publish('{"size":1}', { MessageAttributes: { color: text('red') } })
    const messages = (arn: string) => test.sqs.payloads(arn).map((payload) => JSON.parse(payload).Message)
    expect(messages(red)).toEqual(['{"size":1}'])
    expect(messages(big)).toEqual(['{"size":9}'])
  })

  it('has a text of its own per protocol with the structure json', async () => {
    const queue = await test.queue(topic, 'q', { RawMessageDelivery: 'true' })
    await publish('{"default":"d","sqs":"s"}', { MessageStructure: 'json' })
    expect(test.sqs.payloads(queue)).toEqual(['s'])
    await expect(publish('{"sqs":"s"}', { MessageStructure: 'json' })).rejects.toThrow('No default entry')
  })

  it('tells its story', async () => {
    const queue = await test.queue(topic, 'q')
    await publish('hello')
    expect(await test.traces.find(topic)).toMatchObject([
      {
        state: 'succeeded',
        eventName: 'Publish',
        targetArn: queue,
        steps: [{ step: 'matched' }, { step: 'permission' }, { step: 'delivered' }],
      },
    ])
  })

  it('goes to the dead-letter queue of a subscription that may not be delivered to', async () => {
    const dead = `arn:aws:sqs:${REGION}:${ACCOUNT}:dead`
    const queue = await test.queue(topic, 'q', { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead }) })
    test.sqs.forbidden.add(queue)
    await publish('hello')
    expect(test.sqs.payloads(queue)).toEqual([])
    expect(test.sqs.payloads(dead).map((payload) => JSON.parse(payload).Message)).toEqual(['hello'])
  })

  it('waits, whole, for a service that cannot take it now', async () => {
    const queue = await test.queue(topic, 'q', { RawMessageDelivery: 'true' })
    test.sqs.busy.add(queue)
    const body = 'x'.repeat(200_000)
    await publish(body)
    await test.clock.advance(0)
    expect(test.sqs.payloads(queue)).toEqual([])
    test.sqs.busy.delete(queue)
    await test.clock.advance(1000)
    expect(test.sqs.payloads(queue)).toEqual([body])
  })

  it.each([
    [{ Message: '' }, 'Empty message'],
    [{ Message: 'x'.repeat(262_145) }, 'Message too long'],
    [{ Message: 'a', Subject: 'a\nb' }, 'Subject'],
    [{ Message: 'a', Subject: 'x'.repeat(101) }, 'Subject'],
    [{ Message: 'a', MessageDeduplicationId: 'd' }, 'MessageDeduplicationId'],
    [
      { Message: 'a', MessageAttributes: { a: { DataType: 'Nonsense', StringValue: 'x' } } },
      'invalid message attribute type',
    ],
  ])('is refused: case %#', async (input, message) => {
    await expect(publish('', input)).rejects.toMatchObject({
      code: 'InvalidParameter',
      message: expect.stringContaining(message),
    })
  })

  it('of a missing topic is refused', async () => {
    await expect(publish('a', { TopicArn: `${topic}x` })).rejects.toMatchObject({
      code: 'NotFound',
      message: 'Topic does not exist',
    })
  })

  it('is published in batches, each for itself', async () => {
    const queue = await test.queue(topic, 'q', { RawMessageDelivery: 'true' })
    const answer = await test.call('PublishBatch', {
      TopicArn: topic,
      PublishBatchRequestEntries: [
        { Id: '1', Message: 'a' },
        { Id: '2', Message: '' },
        { Id: '3', Message: 'c' },
      ],
    })
    expect(answer.Successful?.map(({ Id }) => Id)).toEqual(['1', '3'])
    expect(answer.Failed).toMatchObject([{ Id: '2', Code: 'InvalidParameter', SenderFault: true }])
    expect(test.sqs.payloads(queue)).toEqual(['a', 'c'])
  })
})

describe('a FIFO topic', () => {
  beforeEach(async () => {
    topic = await test.topic('t.fifo', { FifoTopic: 'true', ContentBasedDeduplication: 'true' })
  })

  it('numbers messages, takes each once, and hands group and deduplication id on', async () => {
    const queue = await test.queue(topic, 'q.fifo')
    const first = await publish('a', { MessageGroupId: 'g' })
    const again = await publish('a', { MessageGroupId: 'g' })
    const second = await publish('b', { MessageGroupId: 'g', MessageDeduplicationId: 'd' })
    expect(again).toEqual(first)
    expect((second.SequenceNumber as string) > (first.SequenceNumber as string)).toBe(true)
    expect(test.sqs.payloads(queue).map((payload) => JSON.parse(payload).SequenceNumber)).toEqual([
      first.SequenceNumber,
      second.SequenceNumber,
    ])
    expect(test.sqs.deliveries[1]?.message).toEqual({ groupId: 'g', deduplicationId: 'd' })
  })

  it('needs a group, and delivers to queues only', async () => {
    await expect(publish('a')).rejects.toThrow('The MessageGroupId parameter is required for FIFO topics')
    const Endpoint = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:F`
    await expect(test.call('Subscribe', { TopicArn: topic, Protocol: 'lambda', Endpoint })).rejects.toThrow('FIFO')
  })
})

describe('an HTTP subscription', () => {
  let server: Server
  let url: string
  const posts: { type: string | undefined; body: string }[] = []
  let status = 200
  beforeEach(async () => {
    posts.length = 0
    status = 200
    server = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk) => (body += chunk))
      request.on('end', () => {
        posts.push({ type: request.headers['x-amz-sns-message-type'] as string, body })
        response.writeHead(status).end()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  })
  afterEach(() => new Promise((resolve) => server.close(resolve)))

  /** Real sockets take as many turns as they take. */
  const posted = async (count: number) => {
    while (posts.length < count) await settle()
    await settle(20)
  }

  it('gets nothing before it has confirmed, then the messages, until its link ends it', async () => {
    const input = { TopicArn: topic, Protocol: 'http', Endpoint: url }
    expect(await test.call('Subscribe', input)).toEqual({ SubscriptionArn: 'pending confirmation' })
    await posted(1)
    await publish('unseen')
    const confirmation = JSON.parse(posts[0]?.body as string)
    expect(confirmation).toMatchObject({ Type: 'SubscriptionConfirmation', TopicArn: topic })
    const link = confirmation.SubscribeURL.slice('http://localhost:4566'.length)
    expect(await test.sns.links.open(link)).toMatchObject({ status: 200 })
    await publish('seen')
    await posted(2)
    const notification = JSON.parse(posts[1]?.body as string)
    expect(posts[1]?.type).toBe('Notification')
    expect(notification.Message).toBe('seen')
    const end = notification.UnsubscribeURL.slice('http://localhost:4566'.length)
    expect(await test.sns.links.open(end.replace(/Token=..../, 'Token=xxxx'))).toMatchObject({ status: 403 })
    expect(await test.sns.links.open(end)).toMatchObject({ status: 200 })
    expect((await test.call('ListSubscriptions', {})).Subscriptions).toEqual([])
  })

  it('ends when it is not confirmed within two days', async () => {
    await test.call('Subscribe', { TopicArn: topic, Protocol: 'http', Endpoint: url })
    await posted(1)
    const step = async (hours: number) => {
      await test.clock.advance(hours * 3_600_000)
      await test.sns.upkeep(new AbortController().signal)
      return (await test.call('ListSubscriptions', {})).Subscriptions?.length
    }
    expect(await step(47)).toBe(1)
    expect(await step(1)).toBe(0)
  })

  it('is tried four times, then the message is a dead letter', async () => {
    const deadLetterTargetArn = `arn:aws:sqs:${REGION}:${ACCOUNT}:dead`
    const Attributes = { RedrivePolicy: JSON.stringify({ deadLetterTargetArn }) }
    await test.call('Subscribe', { TopicArn: topic, Protocol: 'http', Endpoint: url, Attributes })
    await posted(1)
    const { Token } = JSON.parse(posts[0]?.body as string)
    await test.call('ConfirmSubscription', { TopicArn: topic, Token })
    status = 503
    await publish('hello')
    for (let attempt = 2; attempt <= 5; attempt++) {
      await posted(attempt)
      await test.clock.advance(20_000)
    }
    await settle(50)
    expect(posts).toHaveLength(5)
    expect(test.sqs.payloads(deadLetterTargetArn)).toHaveLength(1)
    expect((await test.traces.find(topic))[0]?.state).toBe('failed')
  })

  it.each([
    ['http', 'http://example.com/'],
    ['https', 'https://10.0.0.1/'],
    ['http', 'http://127.0.0.1.example.com/'],
    ['http', 'https://localhost/'],
    ['email', 'a@example.com'],
    ['sqs', 'http://localhost/1/q'],
    ['sqs', `arn:aws:sqs:us-east-1:${ACCOUNT}:q.fifo`],
  ])('by %s to %s is refused', async (Protocol, Endpoint) => {
    await expect(test.call('Subscribe', { TopicArn: topic, Protocol, Endpoint })).rejects.toMatchObject({
      code: 'InvalidParameter',
    })
  })
})

describe('topics and subscriptions', () => {
  it('are what they were made, once', async () => {
    expect(await test.topic('t', {})).toBe(topic)
    await expect(test.topic('t', { DisplayName: 'other' })).rejects.toThrow(
      'Topic already exists with different attributes',
    )
    const queue = await test.queue(topic, 'q')
    await test.queue(topic, 'q')
    const { Subscriptions = [] } = await test.call('ListSubscriptionsByTopic', { TopicArn: topic })
    expect(Subscriptions).toMatchObject([{ Protocol: 'sqs', Endpoint: queue, TopicArn: topic, Owner: ACCOUNT }])
    const { Attributes } = await test.call('GetTopicAttributes', { TopicArn: topic })
    expect(Attributes).toMatchObject({ TopicArn: topic, Owner: ACCOUNT, SubscriptionsConfirmed: '1', DisplayName: '' })
    await test.call('Unsubscribe', { SubscriptionArn: Subscriptions[0]?.SubscriptionArn })
    await publish('nobody hears')
    expect(test.sqs.deliveries).toEqual([])
  })

  it('change their attributes, checked', async () => {
    await test.queue(topic, 'q')
    const { Subscriptions = [] } = await test.call('ListSubscriptions', {})
    const SubscriptionArn = Subscriptions[0]?.SubscriptionArn
    const set = (AttributeName: string, AttributeValue: string) =>
      test.call('SetSubscriptionAttributes', { SubscriptionArn, AttributeName, AttributeValue })
    await set('FilterPolicy', '{"a":["b"]}')
    await expect(set('FilterPolicy', '{"a":"b"}')).rejects.toThrow('FilterPolicy: "a" must be an object or an array')
    await expect(set('Nonsense', '1')).rejects.toThrow('Invalid parameter: AttributeName')
    await publish('filtered')
    await set('FilterPolicy', '')
    await publish('heard')
    expect(test.sqs.deliveries).toHaveLength(1)
  })

  it.each([
    ['bad name', {}],
    ['t.fifo', {}],
    ['t2', { FifoTopic: 'true' }],
    ['t2', { Nonsense: '1' }],
    ['t2', { KmsMasterKeyId: 'alias/aws/sns' }],
    ['t2', { LambdaSuccessFeedbackRoleArn: 'arn:aws:iam::123456789012:role/r' }],
    ['t2', { SQSSuccessFeedbackSampleRate: '101' }],
    ['t2', { Policy: '{}' }],
  ])('named %s with %j are refused', async (name, attributes) => {
    await expect(test.topic(name, attributes as Record<string, string>)).rejects.toMatchObject({
      code: 'InvalidParameter',
    })
  })

  it('may say how much of nothing is logged', async () => {
    const TopicArn = await test.topic('sampled', { SQSSuccessFeedbackSampleRate: '0', SQSSuccessFeedbackRoleArn: '' })
    const { Attributes } = await test.call('GetTopicAttributes', { TopicArn })
    expect(Attributes).toMatchObject({ SQSSuccessFeedbackSampleRate: '0' })
  })

  it('go with their topic', async () => {
    await test.queue(topic, 'q')
    await test.call('DeleteTopic', { TopicArn: topic })
    await test.call('DeleteTopic', { TopicArn: topic })
    expect((await test.call('ListSubscriptions', {})).Subscriptions).toEqual([])
    expect((await test.call('ListTopics', {})).Topics).toEqual([])
  })

  it('list a hundred a page', async () => {
    for (let n = 0; n < 120; n++) await test.topic(`topic-${String(n).padStart(3, '0')}`)
    const first = await test.call('ListTopics', {})
    const second = await test.call('ListTopics', { NextToken: first.NextToken })
    expect([first.Topics?.length, second.Topics?.length, second.NextToken]).toEqual([100, 21, undefined])
  })

  it('carry tags and permissions', async () => {
    await test.call('TagResource', {
      ResourceArn: topic,
      Tags: [
        { Key: 'a', Value: '1' },
        { Key: 'b', Value: '2' },
      ],
    })
    await test.call('UntagResource', { ResourceArn: topic, TagKeys: ['a'] })
    expect(await test.call('ListTagsForResource', { ResourceArn: topic })).toEqual({ Tags: [{ Key: 'b', Value: '2' }] })
    await test.call('AddPermission', {
      TopicArn: topic,
      Label: 'l',
      AWSAccountId: ['111122223333'],
      ActionName: ['Publish'],
    })
    const { policy } = await test.sns.resourcePolicy(topic)
    expect(policy?.document.statements.map(({ name }) => name)).toEqual(['__default_statement_ID', 'l'])
    await test.call('RemovePermission', { TopicArn: topic, Label: 'l' })
    expect((await test.sns.resourcePolicy(topic)).policy?.document.statements).toHaveLength(1)
  })

  it('ask for permission on the topic', async () => {
    expect(await test.grants('Publish', { TopicArn: topic, Message: 'a' })).toEqual([
      { action: 'sns:Publish', resource: topic },
    ])
    expect(await test.grants('Unsubscribe', { SubscriptionArn: `${topic}:id` })).toEqual([
      { action: 'sns:Unsubscribe', resource: topic },
    ])
  })
})

describe('a topic as a target', () => {
  it('takes an event of a bucket it permits, for all its subscriptions, in one commit', async () => {
    const queue = await test.queue(topic, 'q')
    const source = { principal: 's3.amazonaws.com', arn: 'arn:aws:s3:::b', accountId: ACCOUNT }
    expect(await test.sns.target.permits(topic, source)).toMatchObject({ allowed: false })
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 's3',
          Effect: 'Allow',
          Principal: { Service: 's3.amazonaws.com' },
          Action: 'SNS:Publish',
          Resource: topic,
          Condition: { ArnLike: { 'aws:SourceArn': source.arn } },
        },
      ],
    })
    await test.call('SetTopicAttributes', { TopicArn: topic, AttributeName: 'Policy', AttributeValue: Policy })
    expect(await test.sns.target.permits(topic, source)).toEqual({
      allowed: true,
      note: `Allow by statement s3 of ${topic}`,
    })
    const payload = '{"Records":[]}'
    const acceptance = await transact(test.store, (tx) =>
      test.sns.target.accept(tx, {
        id: 'e1',
        targetArn: topic,
        source,
        payload,
        occurredMs: test.clock.now(),
        subject: 's3://b/k',
      }),
    )
    expect(acceptance).toMatchObject({ kind: 'accepted', note: expect.stringContaining('to 1 subscriptions') })
    expect(JSON.parse(test.sqs.payloads(queue)[0] as string)).toMatchObject({
      Subject: 'Amazon S3 Notification',
      Message: payload,
    })
    expect(await test.traces.find('s3://b/k')).toMatchObject([{ targetArn: queue }])
  })
})
