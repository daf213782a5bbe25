import { beforeEach, describe, expect, it } from 'vitest'
import { TestSqs } from './testing.ts'

const SECOND = 1000
const never = new AbortController().signal
let test: TestSqs
let url: string
let deadUrl: string
beforeEach(async () => {
  test = new TestSqs()
  deadUrl = await test.queue('dead')
  url = await test.queue('q', { RedrivePolicy: redrive('dead', 2) })
})

const redrive = (name: string, maxReceiveCount: number | string) =>
  JSON.stringify({ deadLetterTargetArn: `arn:aws:sqs:us-east-1:123456789012:${name}`, maxReceiveCount })
const fail = async (queueUrl: string, times: number) => {
  for (let n = 0; n < times; n++) {
    await test.receive(queueUrl)
    await test.clock.advance(30 * SECOND)
  }
}
const start = (more: { DestinationArn?: string; MaxNumberOfMessagesPerSecond?: number } = {}) =>
  test.call('StartMessageMoveTask', { SourceArn: test.arn('dead'), ...more })
const tasks = async () =>
  (await test.call('ListMessageMoveTasks', { SourceArn: test.arn('dead'), MaxResults: 10 })).Results ?? []

describe('a message that is received too often', () => {
  it('goes to the dead-letter queue whole, with its id, time and source', async () => {
    const body = 'x'.repeat(100_000)
    const attributes = { a: { DataType: 'String', StringValue: 'b' } }
    const { MessageId } = await test.send(url, body, { MessageAttributes: attributes })
    const sentMs = test.clock.now()
    await fail(url, 2)
    expect(await test.receive(url)).toEqual([])
    const [dead] = await test.receive(deadUrl, { AttributeNames: ['All'], MessageAttributeNames: ['All'] })
    expect(dead).toMatchObject({ MessageId, Body: body, MessageAttributes: attributes })
    expect(dead?.Attributes).toMatchObject({
      SentTimestamp: String(sentMs),
      ApproximateReceiveCount: '3',
      DeadLetterQueueSourceArn: test.arn('q'),
    })
    expect(await test.counts(url)).toBe('0 0 0')
  })

  it('makes room in the same receive for those behind it', async () => {
    await test.send(url, 'poison')
    await fail(url, 2)
    await test.send(url, 'good')
    expect(await test.bodies(url)).toEqual(['good'])
  })

  it('stays where it is when the dead-letter queue is gone', async () => {
    await test.send(url, 'a')
    await fail(url, 2)
    await test.call('DeleteQueue', { QueueUrl: deadUrl })
    expect(await test.bodies(url)).toEqual(['a'])
  })

  it('keeps the order of its group in FIFO queues', async () => {
    await test.queue('dead.fifo', { FifoQueue: 'true' })
    const fifo = await test.queue('q.fifo', { FifoQueue: 'true', RedrivePolicy: redrive('dead.fifo', 1) })
    for (const id of ['a', 'b']) await test.send(fifo, id, { MessageGroupId: 'g', MessageDeduplicationId: id })
    await test.receive(fifo, { MaxNumberOfMessages: 1 })
    await test.clock.advance(30 * SECOND)
    expect(await test.bodies(fifo)).toEqual(['b'])
    await test.clock.advance(30 * SECOND)
    expect(await test.bodies(fifo)).toEqual([])
    expect(await test.bodies(deadUrl.replace('dead', 'dead.fifo'))).toEqual(['a', 'b'])
  })
})

describe('a redrive policy', () => {
  it.each([
    ['{', 'Redrive policy is not a valid JSON map.'],
    ['{"deadLetterTargetArn":"x"}', 'Redrive policy does not contain mandatory attribute: maxReceiveCount.'],
    ['{"maxReceiveCount":1}', 'Redrive policy does not contain mandatory attribute: deadLetterTargetArn.'],
    [redrive('dead', 1001), 'Invalid value for maxReceiveCount: 1001, valid values are from 1 to 1000 both inclusive.'],
    [redrive('missing', 1), 'Dead letter target does not exist.'],
    [redrive('dead.fifo', 1), 'Dead-letter queue must be same type of queue as the source.'],
  ])('%s is refused', async (RedrivePolicy, reason) => {
    await test.queue('dead.fifo', { FifoQueue: 'true' })
    const set = test.call('SetQueueAttributes', { QueueUrl: url, Attributes: { RedrivePolicy } })
    await expect(set).rejects.toMatchObject({
      code: 'InvalidParameterValue',
      message: `Value ${RedrivePolicy} for parameter RedrivePolicy is invalid. Reason: ${reason}`,
    })
  })

  it('takes the count as text, as CloudFormation writes it, and goes with an empty text', async () => {
    await test.call('SetQueueAttributes', { QueueUrl: url, Attributes: { RedrivePolicy: redrive('dead', '1') } })
    await test.call('SetQueueAttributes', { QueueUrl: url, Attributes: { RedrivePolicy: '' } })
    const { Attributes } = await test.call('GetQueueAttributes', { QueueUrl: url, AttributeNames: ['RedrivePolicy'] })
    expect(Attributes).toEqual({})
  })

  it('names the sources of a dead-letter queue', async () => {
    const { queueUrls } = await test.call('ListDeadLetterSourceQueues', { QueueUrl: deadUrl })
    expect(queueUrls).toEqual([url])
  })

  it('is refused by a queue that allows others only', async () => {
    const allow = JSON.stringify({ redrivePermission: 'byQueue', sourceQueueArns: [test.arn('other')] })
    await test.call('SetQueueAttributes', { QueueUrl: deadUrl, Attributes: { RedriveAllowPolicy: allow } })
    await expect(test.queue('another', { RedrivePolicy: redrive('dead', 1) })).rejects.toThrow('RedriveAllowPolicy')
    expect(await test.queue('other', { RedrivePolicy: redrive('dead', 1) })).toContain('/other')
    await test.send(url, 'a')
    await fail(url, 2)
    expect(await test.bodies(url)).toEqual(['a'])
  })
})

describe('a message move task', () => {
  beforeEach(async () => {
    for (const body of ['a', 'b', 'c']) await test.send(url, body)
    await fail(url, 3)
  })

  it('brings dead letters back as new messages', async () => {
    expect(await test.counts(deadUrl)).toBe('3 0 0')
    await start()
    while (await test.sqs.mover.step(never));
    const back = await test.receive(url, { AttributeNames: ['All'] })
    expect(back.map(({ Body }) => Body)).toEqual(['a', 'b', 'c'])
    expect(back[0]?.Attributes).toMatchObject({ ApproximateReceiveCount: '1', SentTimestamp: String(test.clock.now()) })
    expect(await tasks()).toMatchObject([
      { Status: 'COMPLETED', ApproximateNumberOfMessagesMoved: 3, ApproximateNumberOfMessagesToMove: 3 },
    ])
    expect(await test.counts(deadUrl)).toBe('0 0 0')
  })

  it('keeps to its rate, can be cancelled, and takes another destination', async () => {
    const other = await test.queue('other')
    const { TaskHandle } = await start({ DestinationArn: test.arn('other'), MaxNumberOfMessagesPerSecond: 2 })
    await expect(start()).rejects.toThrow('There is already a task running.')
    await test.sqs.mover.step(never)
    expect(await test.call('CancelMessageMoveTask', { TaskHandle })).toEqual({ ApproximateNumberOfMessagesMoved: 2 })
    await test.sqs.mover.step(never)
    expect(await test.bodies(other)).toEqual(['a', 'b'])
    expect(await tasks()).toMatchObject([{ Status: 'CANCELLED' }])
  })

  it('fails when a message has no source to go back to', async () => {
    await test.send(deadUrl, 'direct')
    await start()
    while (await test.sqs.mover.step(never));
    expect(await tasks()).toMatchObject([{ Status: 'FAILED', FailureReason: 'CouldNotDetermineMessageSource' }])
  })

  it('is only for dead-letter queues that exist', async () => {
    await expect(test.call('StartMessageMoveTask', { SourceArn: test.arn('q') })).rejects.toThrow(
      'Source queue must be configured as a Dead Letter Queue.',
    )
    await expect(test.call('StartMessageMoveTask', { SourceArn: test.arn('x') })).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
    })
  })
})
