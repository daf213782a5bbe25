import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { settle } from '../../std/clock.ts'
import { TestSqs } from './testing.ts'

const SECOND = 1000
let test: TestSqs
let url: string
beforeEach(async () => {
  test = new TestSqs()
  url = await test.queue('q')
})

const md5 = (text: string) => createHash('md5').update(text).digest('hex')

describe('a message of a standard queue', () => {
  it('is sent, received once, hidden, and gone when it is deleted', async () => {
    const sent = await test.send(url, 'hello')
    expect(sent.MD5OfMessageBody).toBe(md5('hello'))
    const [message] = await test.receive(url)
    expect(message).toMatchObject({ Body: 'hello', MessageId: sent.MessageId, MD5OfBody: md5('hello') })
    expect(await test.receive(url)).toEqual([])
    await test.call('DeleteMessage', { QueueUrl: url, ReceiptHandle: message?.ReceiptHandle })
    await test.clock.advance(60 * SECOND)
    expect(await test.receive(url)).toEqual([])
    expect(await test.counts(url)).toBe('0 0 0')
  })

  it('comes again when its visibility timeout is over, with a count and a new handle', async () => {
    await test.send(url, 'a')
    const [first] = await test.receive(url, { AttributeNames: ['All'] })
    await test.clock.advance(30 * SECOND)
    const [second] = await test.receive(url, { MessageSystemAttributeNames: ['All'] })
    expect(first?.Attributes?.ApproximateReceiveCount).toBe('1')
    expect(second?.Attributes).toMatchObject({
      ApproximateReceiveCount: '2',
      ApproximateFirstReceiveTimestamp: first?.Attributes?.ApproximateFirstReceiveTimestamp,
      SentTimestamp: first?.Attributes?.SentTimestamp,
      SenderId: '123456789012',
    })
    expect(second?.ReceiptHandle).not.toBe(first?.ReceiptHandle)
    // The stale handle deletes nothing, and says nothing.
    await test.call('DeleteMessage', { QueueUrl: url, ReceiptHandle: first?.ReceiptHandle })
    expect(await test.counts(url)).toBe('0 1 0')
    await test.call('DeleteMessage', { QueueUrl: url, ReceiptHandle: second?.ReceiptHandle })
    expect(await test.counts(url)).toBe('0 0 0')
  })

  it('can be deleted with its last handle after the timeout, while nobody else has received it', async () => {
    await test.send(url, 'a')
    const [message] = await test.receive(url)
    await test.clock.advance(31 * SECOND)
    await test.call('DeleteMessage', { QueueUrl: url, ReceiptHandle: message?.ReceiptHandle })
    expect(await test.receive(url)).toEqual([])
  })

  it('can be hidden longer or shown at once', async () => {
    await test.send(url, 'a')
    const [message] = await test.receive(url)
    const change = (VisibilityTimeout: number) =>
      test.call('ChangeMessageVisibility', { QueueUrl: url, ReceiptHandle: message?.ReceiptHandle, VisibilityTimeout })
    await change(100)
    await test.clock.advance(99 * SECOND)
    expect(await test.receive(url)).toEqual([])
    await change(0)
    expect(await test.bodies(url)).toEqual(['a'])
    await expect(change(5)).rejects.toMatchObject({ code: 'InvalidParameterValue' })
  })

  it('may be hidden for twelve hours in all', async () => {
    await test.send(url, 'a')
    const [message] = await test.receive(url)
    await test.clock.advance(20 * SECOND)
    const change = { QueueUrl: url, ReceiptHandle: message?.ReceiptHandle, VisibilityTimeout: 43_200 }
    await expect(test.call('ChangeMessageVisibility', change)).rejects.toThrow('is beyond the limit [43200 seconds]')
  })

  it('keeps its order while nobody fails', async () => {
    for (let n = 0; n < 5; n++) await test.send(url, String(n))
    expect(await test.bodies(url)).toEqual(['0', '1', '2', '3', '4'])
  })

  it('waits as long as it or its queue says', async () => {
    await test.call('SetQueueAttributes', { QueueUrl: url, Attributes: { DelaySeconds: '10' } })
    await test.send(url, 'queue')
    await test.send(url, 'own', { DelaySeconds: 5 })
    await test.send(url, 'now', { DelaySeconds: 0 })
    expect(await test.counts(url)).toBe('1 0 2')
    expect(await test.bodies(url)).toEqual(['now'])
    await test.clock.advance(5 * SECOND)
    expect(await test.bodies(url)).toEqual(['own'])
    await test.clock.advance(5 * SECOND)
    expect(await test.bodies(url)).toEqual(['queue'])
  })

  it('of 1 MiB arrives whole; one byte more is refused', async () => {
    const body = '"é'.repeat(349_525) + 'x'
    expect(Buffer.byteLength(body)).toBe(1024 * 1024)
    await test.send(url, body)
    const [message] = await test.receive(url)
    expect(message?.Body).toBe(body)
    expect(message?.MD5OfBody).toBe(md5(body))
    await test.call('DeleteMessage', { QueueUrl: url, ReceiptHandle: message?.ReceiptHandle })
    await expect(test.send(url, `${body}x`)).rejects.toThrow('Message must be shorter than 1048576 bytes.')
    expect(await rowsOf(test, 'sqs-body')).toBe(0)
  })

  it('carries attributes, and their digest is that of AWS', async () => {
    const attributes = {
      b: { DataType: 'Binary', BinaryValue: Buffer.from([1, 2, 3]) },
      'my.number': { DataType: 'Number.int', StringValue: '42' },
      'my.text': { DataType: 'String', StringValue: 'é' },
    }
    const sent = await test.send(url, 'a', { MessageAttributes: attributes })
    // Computed by hand: 4 bytes of length and bytes of name and type, 1 or 2, 4 bytes of length and bytes of the value.
    const parts = Buffer.concat([
      field('b'),
      field('Binary'),
      Buffer.of(2),
      field(Buffer.of(1, 2, 3)),
      field('my.number'),
      field('Number.int'),
      Buffer.of(1),
      field('42'),
      field('my.text'),
      field('String'),
      Buffer.of(1),
      field('é'),
    ])
    expect(sent.MD5OfMessageAttributes).toBe(createHash('md5').update(parts).digest('hex'))
    const [all] = await test.receive(url, { MessageAttributeNames: ['All'], VisibilityTimeout: 0 })
    expect(all?.MessageAttributes).toEqual(attributes)
    expect(all?.MD5OfMessageAttributes).toBe(sent.MD5OfMessageAttributes)
    const [some] = await test.receive(url, { MessageAttributeNames: ['my.*'], VisibilityTimeout: 0 })
    expect(Object.keys(some?.MessageAttributes ?? {})).toEqual(['my.number', 'my.text'])
    const [none] = await test.receive(url)
    expect(none?.MessageAttributes).toBeUndefined()
  })

  it('carries the trace it was sent with', async () => {
    const header = 'Root=1-3152b799-8954dae64eda91bc9a23a7e8;Parent=7fa8c0f79203be72;Sampled=1'
    await test.call('SendMessage', { QueueUrl: url, MessageBody: 'http' }, { traceHeader: header })
    const system = { AWSTraceHeader: { DataType: 'String', StringValue: header } }
    const sent = await test.send(url, 'attribute', { MessageSystemAttributes: system })
    expect(sent.MD5OfMessageSystemAttributes).toMatch(/^[0-9a-f]{32}$/)
    const received = await test.receive(url, { MessageSystemAttributeNames: ['AWSTraceHeader'] })
    expect(received.map(({ Attributes }) => Attributes)).toEqual([
      { AWSTraceHeader: header },
      { AWSTraceHeader: header },
    ])
  })

  it('survives the death of the server, in flight too', async () => {
    await test.send(url, 'a')
    await test.send(url, 'b')
    await test.receive(url, { MaxNumberOfMessages: 1 })
    const next = test.restart()
    expect(await next.bodies(url)).toEqual(['b'])
    await next.clock.advance(30 * SECOND)
    expect(await next.bodies(url)).toEqual(['a', 'b'])
  })

  it('goes when its retention period is over, received or not', async () => {
    await test.call('SetQueueAttributes', { QueueUrl: url, Attributes: { MessageRetentionPeriod: '60' } })
    await test.send(url, 'a')
    await test.clock.advance(60 * SECOND)
    expect(await test.receive(url)).toEqual([])
    await test.send(url, 'x'.repeat(100_000))
    await test.clock.advance(61 * SECOND)
    await test.sqs.upkeep.step(new AbortController().signal)
    expect(await test.counts(url)).toBe('0 0 0')
    expect(await rowsOf(test, 'sqs-')).toBe(1)
  })
})

describe('receivers', () => {
  it('never get the same message, however many there are', async () => {
    for (let n = 0; n < 40; n++) await test.send(url, String(n))
    const received = await Promise.all(Array.from({ length: 8 }, () => test.bodies(url)))
    const bodies = received.flat()
    expect(new Set(bodies).size).toBe(bodies.length)
    expect(bodies.length).toBe(40)
  })

  it('miss none that are sent while they look', async () => {
    const sent = Array.from({ length: 200 }, (_, n) => String(n))
    const got: string[] = []
    const receiver = async () => {
      for (let n = 0; n < 100; n++) got.push(...(await test.bodies(url, { MaxNumberOfMessages: 2 })))
    }
    await Promise.all([...sent.map((body) => test.send(url, body)), receiver(), receiver(), receiver()])
    for (;;) {
      const more = await test.bodies(url)
      if (more.length === 0) break
      got.push(...more)
    }
    expect(got.toSorted()).toEqual(sent.toSorted())
  })

  it('wait for the first message, and no longer', async () => {
    const waiting = test.bodies(url, { WaitTimeSeconds: 20 })
    await test.clock.advance(7 * SECOND)
    await test.send(url, 'late')
    expect(await waiting).toEqual(['late'])
  })

  it('are woken by a message that becomes visible while they wait', async () => {
    await test.send(url, 'delayed', { DelaySeconds: 3 })
    const waiting = test.bodies(url, { WaitTimeSeconds: 20 })
    await test.clock.advance(3 * SECOND)
    expect(await waiting).toEqual(['delayed'])
  })

  it('are answered with nothing when their time is over, as their queue says', async () => {
    await test.call('SetQueueAttributes', { QueueUrl: url, Attributes: { ReceiveMessageWaitTimeSeconds: '4' } })
    let answer: string[] | undefined
    void test.bodies(url).then((bodies) => (answer = bodies))
    await test.clock.advance(3999)
    expect(answer).toBeUndefined()
    await test.clock.advance(1)
    expect(answer).toEqual([])
  })

  it('that went away take no message', async () => {
    const gone = new AbortController()
    const input = { QueueUrl: url, WaitTimeSeconds: 20 }
    const waiting = test.call('ReceiveMessage', input, { signal: gone.signal })
    await settle()
    gone.abort()
    expect(await waiting).toEqual({})
    await test.send(url, 'a')
    expect(await test.bodies(url)).toEqual(['a'])
  })

  it('are told when their queue is deleted', async () => {
    const waiting = test.bodies(url, { WaitTimeSeconds: 20 })
    const refused = expect(waiting).rejects.toMatchObject({ code: 'AWS.SimpleQueueService.NonExistentQueue' })
    await settle()
    await test.call('DeleteQueue', { QueueUrl: url })
    await refused
  })

  it.each([
    [
      { MaxNumberOfMessages: 11 },
      'Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.',
    ],
    [
      { WaitTimeSeconds: 21 },
      'Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.',
    ],
    [
      { VisibilityTimeout: -1 },
      'Value -1 for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and 43200, if provided.',
    ],
    [{ ReceiveRequestAttemptId: 'a' }, 'is not valid for this queue type'],
  ])('%j is refused', async (input, message) => {
    await expect(test.receive(url, input)).rejects.toThrow(message)
  })
})

describe('a batch', () => {
  it('sends what it can and names what it cannot', async () => {
    const { Successful, Failed } = await test.call('SendMessageBatch', {
      QueueUrl: url,
      Entries: [
        { Id: 'one', MessageBody: 'a' },
        { Id: 'bad', MessageBody: 'b\u0000' },
        { Id: 'two', MessageBody: 'c' },
        { Id: 'late', MessageBody: 'd', DelaySeconds: 901 },
      ],
    })
    expect(Successful?.map(({ Id, MD5OfMessageBody }) => [Id, MD5OfMessageBody])).toEqual([
      ['one', md5('a')],
      ['two', md5('c')],
    ])
    expect(Failed?.map(({ Id, Code, SenderFault }) => [Id, Code, SenderFault])).toEqual([
      ['bad', 'InvalidMessageContents', true],
      ['late', 'InvalidParameterValue', true],
    ])
    expect(await test.bodies(url)).toEqual(['a', 'c'])
  })

  it('deletes and changes what it can', async () => {
    await test.send(url, 'a')
    await test.send(url, 'b')
    const [a, b] = await test.receive(url)
    const changed = await test.call('ChangeMessageVisibilityBatch', {
      QueueUrl: url,
      Entries: [
        { Id: '1', ReceiptHandle: a?.ReceiptHandle, VisibilityTimeout: 0 },
        { Id: '2', ReceiptHandle: 'nonsense', VisibilityTimeout: 0 },
      ],
    })
    expect(changed).toMatchObject({ Successful: [{ Id: '1' }], Failed: [{ Id: '2', Code: 'ReceiptHandleIsInvalid' }] })
    const Entries = [a, b].map((message, index) => ({ Id: String(index), ReceiptHandle: message?.ReceiptHandle }))
    expect(await test.call('DeleteMessageBatch', { QueueUrl: url, Entries })).toEqual({
      Successful: [{ Id: '0' }, { Id: '1' }],
      Failed: [],
    })
    expect(await test.counts(url)).toBe('0 0 0')
  })

  it.each([
    [[], 'AWS.SimpleQueueService.EmptyBatchRequest'],
    [
      Array.from({ length: 11 }, (_, n) => ({ Id: `${n}`, MessageBody: 'a' })),
      'AWS.SimpleQueueService.TooManyEntriesInBatchRequest',
    ],
    [
      [
        { Id: 'a', MessageBody: 'a' },
        { Id: 'a', MessageBody: 'a' },
      ],
      'AWS.SimpleQueueService.BatchEntryIdsNotDistinct',
    ],
    [[{ Id: 'a b', MessageBody: 'a' }], 'AWS.SimpleQueueService.InvalidBatchEntryId'],
    [
      [
        { Id: 'a', MessageBody: 'x'.repeat(600_000) },
        { Id: 'b', MessageBody: 'x'.repeat(600_000) },
      ],
      'AWS.SimpleQueueService.BatchRequestTooLong',
    ],
  ])('is refused as a whole: case %#', async (Entries, code) => {
    await expect(test.call('SendMessageBatch', { QueueUrl: url, Entries })).rejects.toMatchObject({ code })
  })
})

function field(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value as string)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

/** Rows of all tables whose names begin so. */
async function rowsOf({ store }: TestSqs, table: string): Promise<number> {
  const gte = Buffer.concat([Buffer.of(2), Buffer.from(table)])
  return (await store.list({ gte, lt: Buffer.concat([gte, Buffer.of(0xff)]), limit: 1000 })).length
}
