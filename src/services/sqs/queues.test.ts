import { beforeEach, describe, expect, it } from 'vitest'
import { transact } from '../../store/transaction.ts'
import { TestSqs } from './testing.ts'

const never = new AbortController().signal
let test: TestSqs
beforeEach(() => {
  test = new TestSqs()
})

const attributesOf = async (QueueUrl: string, ...AttributeNames: 'All'[]) =>
  (await test.call('GetQueueAttributes', { QueueUrl, AttributeNames })).Attributes

describe('a queue', () => {
  it('has the address and attributes of AWS', async () => {
    const url = await test.queue('q', { VisibilityTimeout: '60' })
    expect(url).toBe('http://localhost:4566/123456789012/q')
    const seconds = String(Math.floor(test.clock.now() / 1000))
    expect(await attributesOf(url, 'All')).toEqual({
      QueueArn: 'arn:aws:sqs:us-east-1:123456789012:q',
      ApproximateNumberOfMessages: '0',
      ApproximateNumberOfMessagesNotVisible: '0',
      ApproximateNumberOfMessagesDelayed: '0',
      CreatedTimestamp: seconds,
      LastModifiedTimestamp: seconds,
      VisibilityTimeout: '60',
      DelaySeconds: '0',
      ReceiveMessageWaitTimeSeconds: '0',
      MaximumMessageSize: '1048576',
      MessageRetentionPeriod: '345600',
      SqsManagedSseEnabled: 'true',
    })
    expect(await attributesOf(url)).toBeUndefined()
  })

  it('may be created again as it is, not otherwise', async () => {
    const url = await test.queue('q', { VisibilityTimeout: '60' })
    expect(await test.queue('q', { DelaySeconds: '0' })).toBe(url)
    await expect(test.queue('q', { VisibilityTimeout: '61' })).rejects.toMatchObject({
      code: 'QueueAlreadyExists',
      message: 'A queue already exists with the same name and a different value for attribute VisibilityTimeout',
    })
  })

  it('leaves its name alone for a minute after it is deleted, and its messages behind', async () => {
    const url = await test.queue('q')
    await test.send(url, 'x'.repeat(200_000))
    await test.call('DeleteQueue', { QueueUrl: url })
    await expect(test.send(url, 'a')).rejects.toMatchObject({ code: 'AWS.SimpleQueueService.NonExistentQueue' })
    await expect(test.queue('q')).rejects.toMatchObject({ code: 'AWS.SimpleQueueService.QueueDeletedRecently' })
    await test.clock.advance(60_000)
    await test.queue('q')
    expect(await test.receive(url)).toEqual([])
    await test.sqs.upkeep.step(never)
    expect((await test.store.list({ gte: Buffer.of(2), lt: Buffer.of(3), limit: 100 })).length).toBe(1)
  })

  it('is purged at once, once a minute, in flight too', async () => {
    const url = await test.queue('q')
    await test.send(url, 'a')
    await test.send(url, 'b')
    const [a] = await test.receive(url, { MaxNumberOfMessages: 1 })
    await test.call('PurgeQueue', { QueueUrl: url })
    expect(await test.counts(url)).toBe('0 0 0')
    await test.call('DeleteMessage', { QueueUrl: url, ReceiptHandle: a?.ReceiptHandle })
    await expect(test.call('PurgeQueue', { QueueUrl: url })).rejects.toMatchObject({
      code: 'AWS.SimpleQueueService.PurgeQueueInProgress',
      message: 'Only one PurgeQueue operation on q is allowed every 60 seconds.',
    })
    await test.send(url, 'c')
    await test.sqs.upkeep.step(never)
    expect(await test.bodies(url)).toEqual(['c'])
  })

  it('is found by name and listed by prefix, page by page', async () => {
    for (const name of ['a1', 'a2', 'a3', 'b1']) await test.queue(name)
    expect(await test.call('GetQueueUrl', { QueueName: 'a2' })).toEqual({ QueueUrl: expect.stringMatching(/\/a2$/) })
    await expect(test.call('GetQueueUrl', { QueueName: 'x' })).rejects.toMatchObject({
      code: 'AWS.SimpleQueueService.NonExistentQueue',
      message: 'The specified queue does not exist.',
    })
    const first = await test.call('ListQueues', { QueueNamePrefix: 'a', MaxResults: 2 })
    expect(first.QueueUrls?.map((url) => url.slice(-2))).toEqual(['a1', 'a2'])
    const second = await test.call('ListQueues', { QueueNamePrefix: 'a', MaxResults: 2, NextToken: first.NextToken })
    expect(second).toEqual({ QueueUrls: [expect.stringMatching(/a3$/)] })
  })

  it('carries tags', async () => {
    const { QueueUrl } = await test.call('CreateQueue', { QueueName: 'q', tags: { a: '1', b: '2' } })
    await test.call('TagQueue', { QueueUrl, Tags: { b: '3', c: '4' } })
    await test.call('UntagQueue', { QueueUrl, TagKeys: ['a'] })
    expect(await test.call('ListQueueTags', { QueueUrl })).toEqual({ Tags: { b: '3', c: '4' } })
  })

  it.each([
    ['bad name', {}, 'InvalidParameterValue'],
    ['q.fifo', {}, 'InvalidParameterValue'],
    ['q', { FifoQueue: 'true' }, 'InvalidParameterValue'],
    ['q', { FifoQueue: 'false' }, 'InvalidAttributeName'],
    ['q', { ContentBasedDeduplication: 'true' }, 'InvalidAttributeName'],
    ['q', { Nonsense: '1' }, 'InvalidAttributeName'],
    ['q', { VisibilityTimeout: '43201' }, 'InvalidAttributeValue'],
    ['q', { DelaySeconds: '-1' }, 'InvalidAttributeValue'],
    ['q', { MaximumMessageSize: '1023' }, 'InvalidAttributeValue'],
    ['q', { MessageRetentionPeriod: '59' }, 'InvalidAttributeValue'],
    ['q', { ReceiveMessageWaitTimeSeconds: '21' }, 'InvalidAttributeValue'],
    ['q', { Policy: '{}' }, 'InvalidAttributeValue'],
    ['q', { KmsMasterKeyId: 'alias/aws/sqs' }, 'InvalidAttributeValue'],
    ['q', { RedriveAllowPolicy: '{"redrivePermission":"some"}' }, 'InvalidParameterValue'],
    ['q.fifo', { FifoQueue: 'true', FifoThroughputLimit: 'perMessageGroupId' }, 'InvalidAttributeValue'],
  ] as const)('named %s with %j is refused', async (name, attributes, code) => {
    await expect(test.queue(name, attributes)).rejects.toMatchObject({ code })
  })

  it('refuses messages above its own limit', async () => {
    const url = await test.queue('q', { MaximumMessageSize: '1024' })
    await test.send(url, 'x'.repeat(1024))
    await expect(test.send(url, 'x'.repeat(1025))).rejects.toThrow('Message must be shorter than 1024 bytes.')
  })
})

describe('permission', () => {
  it('is asked for the action on the queue; a batch is many of one', async () => {
    const url = await test.queue('q')
    const resource = test.arn('q')
    expect(await test.grants('SendMessageBatch', { QueueUrl: url, Entries: [] })).toEqual([
      { action: 'sqs:SendMessage', resource },
    ])
    expect(
      await test.grants('ReceiveMessage', { QueueUrl: 'https://sqs.us-east-1.amazonaws.com/123456789012/q' }),
    ).toEqual([{ action: 'sqs:ReceiveMessage', resource }])
    await expect(test.grants('PurgeQueue', { QueueUrl: 'http://localhost/q' })).rejects.toMatchObject({
      code: 'AWS.SimpleQueueService.NonExistentQueue',
    })
  })

  it('is given to accounts under a label and taken back', async () => {
    const url = await test.queue('q')
    const add = { QueueUrl: url, Label: 'l', AWSAccountIds: ['111122223333'], Actions: ['SendMessage'] }
    await test.call('AddPermission', add)
    await expect(test.call('AddPermission', add)).rejects.toThrow('Already exists.')
    const { policy } = await test.sqs.resourcePolicy(test.arn('q'))
    expect(policy?.document.statements).toMatchObject([{ name: 'l', effect: 'Allow' }])
    expect(JSON.parse((await attributesOf(url, 'All'))?.Policy as string).Statement).toEqual([
      {
        Sid: 'l',
        Effect: 'Allow',
        Principal: { AWS: 'arn:aws:iam::111122223333:root' },
        Action: 'SQS:SendMessage',
        Resource: test.arn('q'),
      },
    ])
    await test.call('RemovePermission', { QueueUrl: url, Label: 'l' })
    await expect(test.call('RemovePermission', { QueueUrl: url, Label: 'l' })).rejects.toThrow("can't find label")
    expect((await attributesOf(url, 'All'))?.Policy).toBeUndefined()
  })
})

describe('a queue as a target', () => {
  const source = { principal: 's3.amazonaws.com', arn: 'arn:aws:s3:::b', accountId: '123456789012' }
  const policy = (sourceArn: string) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 's3',
          Effect: 'Allow',
          Principal: { Service: 's3.amazonaws.com' },
          Action: 'SQS:SendMessage',
          Resource: test.arn('q'),
          Condition: {
            ArnLike: { 'aws:SourceArn': sourceArn },
            StringEquals: { 'aws:SourceAccount': source.accountId },
          },
        },
      ],
    })
  const deliver = (payload: string, targetArn = test.arn('q')) =>
    transact(test.store, (tx) =>
      test.sqs.target.accept(tx, {
        id: 'event-1',
        targetArn,
        source,
        payload,
        traceHeader: 'Root=1-3152b799-8954dae64eda91bc9a23a7e8',
        occurredMs: test.clock.now(),
        subject: 's3://b/k',
      }),
    )

  it('permits what its policy allows, and says why', async () => {
    await test.queue('q', { Policy: policy('arn:aws:s3:::b') })
    expect(await test.sqs.target.permits(test.arn('q'), source)).toEqual({
      allowed: true,
      note: `Allow by statement s3 of ${test.arn('q')}`,
    })
    const other = await test.sqs.target.permits(test.arn('q'), { ...source, arn: 'arn:aws:s3:::other' })
    expect(other).toMatchObject({ allowed: false, note: expect.stringContaining('no statement of the policy') })
    await test.queue('open')
    expect(await test.sqs.target.permits(test.arn('open'), source)).toMatchObject({ allowed: false })
  })

  it('takes an event as a message, byte for byte, with its trace', async () => {
    const url = await test.queue('q')
    const payload = '{"Records":[{"eventSource":"aws:s3"}]}'
    expect(await deliver(payload)).toMatchObject({ kind: 'accepted' })
    const [message] = await test.receive(url, { AttributeNames: ['All'] })
    expect(message?.Body).toBe(payload)
    expect(message?.Attributes?.AWSTraceHeader).toBe('Root=1-3152b799-8954dae64eda91bc9a23a7e8')
  })

  it('refuses what it cannot take, with the reason', async () => {
    await test.queue('q', { MaximumMessageSize: '1024' })
    expect(await deliver('x'.repeat(2000))).toMatchObject({
      kind: 'refused',
      note: expect.stringContaining('1024 bytes'),
    })
    expect(await deliver('x', test.arn('gone'))).toMatchObject({
      kind: 'refused',
      note: expect.stringContaining('does not exist'),
    })
  })
})
