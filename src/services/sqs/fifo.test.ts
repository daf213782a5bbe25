import { beforeEach, describe, expect, it } from 'vitest'
import { TestSqs } from './testing.ts'

const SECOND = 1000
let test: TestSqs
let url: string
beforeEach(async () => {
  test = new TestSqs()
  url = await test.queue('q.fifo', { FifoQueue: 'true', ContentBasedDeduplication: 'true' })
})

const send = (MessageGroupId: string, ...bodies: string[]) =>
  bodies.reduce(async (before, body) => {
    await before
    await test.send(url, body, { MessageGroupId })
  }, Promise.resolve())
const remove = (ReceiptHandle: string | undefined) => test.call('DeleteMessage', { QueueUrl: url, ReceiptHandle })

describe('a FIFO queue', () => {
  it('gives the messages of a group in order, and none while one of them is in flight', async () => {
    await send('g', 'a', 'b', 'c')
    const [a] = await test.receive(url, { MaxNumberOfMessages: 1 })
    expect(a?.Body).toBe('a')
    expect(await test.bodies(url)).toEqual([])
    await remove(a?.ReceiptHandle)
    expect(await test.bodies(url)).toEqual(['b', 'c'])
  })

  it('gives several of a group at once, and frees it when the last one is deleted', async () => {
    await send('g', 'a', 'b', 'c')
    const [a, b] = await test.receive(url, { MaxNumberOfMessages: 2 })
    await remove(b?.ReceiptHandle)
    expect(await test.bodies(url)).toEqual([])
    await remove(a?.ReceiptHandle)
    expect(await test.bodies(url)).toEqual(['c'])
  })

  it('holds a group while any message of it is in flight, whichever was shown again', async () => {
    await send('g', 'a', 'b', 'c')
    const [a, b] = await test.receive(url, { MaxNumberOfMessages: 2 })
    await test.call('ChangeMessageVisibility', { QueueUrl: url, ReceiptHandle: a?.ReceiptHandle, VisibilityTimeout: 0 })
    expect(await test.bodies(url)).toEqual([])
    await remove(b?.ReceiptHandle)
    expect(await test.bodies(url)).toEqual(['a', 'c'])
  })

  it('gives a failed message again before those that were sent later', async () => {
    await send('g', 'a', 'b')
    expect(await test.bodies(url, { MaxNumberOfMessages: 1 })).toEqual(['a'])
    await test.clock.advance(30 * SECOND)
    expect(await test.bodies(url)).toEqual(['a', 'b'])
  })

  it('lets groups pass each other', async () => {
    await send('g', 'g1', 'g2')
    await send('h', 'h1')
    expect(await test.bodies(url, { MaxNumberOfMessages: 1 })).toEqual(['g1'])
    expect(await test.bodies(url)).toEqual(['h1'])
  })

  it('turns from group to group, so that a busy one starves nobody', async () => {
    await send('busy', ...Array.from({ length: 6 }, (_, n) => `busy${n}`))
    await test.clock.advance(1)
    await send('quiet', 'quiet')
    const [first] = await test.receive(url, { MaxNumberOfMessages: 1 })
    await test.clock.advance(1)
    await remove(first?.ReceiptHandle)
    expect(await test.bodies(url, { MaxNumberOfMessages: 1 })).toEqual(['quiet'])
  })

  it('shows a message again when its visibility is changed, in its place', async () => {
    await send('g', 'a', 'b')
    const [a] = await test.receive(url, { MaxNumberOfMessages: 1 })
    await test.call('ChangeMessageVisibility', { QueueUrl: url, ReceiptHandle: a?.ReceiptHandle, VisibilityTimeout: 0 })
    expect(await test.bodies(url)).toEqual(['a', 'b'])
  })

  it('does not delete with a handle whose time is over', async () => {
    await send('g', 'a')
    const [a] = await test.receive(url)
    await test.clock.advance(30 * SECOND)
    await expect(remove(a?.ReceiptHandle)).rejects.toThrow('The receipt handle has expired.')
    expect(await test.bodies(url)).toEqual(['a'])
  })

  it('takes what it was sent in the last five minutes once', async () => {
    const first = await test.send(url, 'a', { MessageGroupId: 'g' })
    const again = await test.send(url, 'a', { MessageGroupId: 'h' })
    expect(again).toMatchObject({ MessageId: first.MessageId, SequenceNumber: first.SequenceNumber })
    const [a] = await test.receive(url)
    await remove(a?.ReceiptHandle)
    await test.clock.advance(299 * SECOND)
    await test.send(url, 'a', { MessageGroupId: 'g' })
    expect(await test.bodies(url)).toEqual([])
    await test.clock.advance(SECOND)
    await test.send(url, 'a', { MessageGroupId: 'g' })
    expect(await test.bodies(url)).toEqual(['a'])
  })

  it('deduplicates per group where it is told to', async () => {
    await test.call('SetQueueAttributes', { QueueUrl: url, Attributes: { DeduplicationScope: 'messageGroup' } })
    for (const MessageGroupId of ['g', 'h', 'g']) await test.send(url, 'a', { MessageGroupId })
    expect(await test.bodies(url)).toEqual(['a', 'a'])
  })

  it('numbers messages upwards, over a purge and a restart too', async () => {
    const numbers: string[] = []
    const next = async (from: TestSqs, body: string) =>
      numbers.push((await from.send(url, body, { MessageGroupId: 'g' })).SequenceNumber as string)
    await next(test, 'a')
    await test.call('PurgeQueue', { QueueUrl: url })
    await next(test, 'b')
    await next(test.restart(), 'c')
    expect(numbers.every((number) => /^\d{20}$/.test(number))).toBe(true)
    expect(numbers.toSorted()).toEqual(numbers)
    expect(new Set(numbers).size).toBe(3)
  })

  it('says group, sequence and deduplication id', async () => {
    const { SequenceNumber } = await test.send(url, 'a', { MessageGroupId: 'g', MessageDeduplicationId: 'd' })
    const [message] = await test.receive(url, { AttributeNames: ['All'] })
    expect(message?.Attributes).toMatchObject({ MessageGroupId: 'g', MessageDeduplicationId: 'd', SequenceNumber })
  })

  it('answers a repeated receive with the same messages, hidden anew', async () => {
    await send('g', 'a', 'b')
    const first = await test.receive(url, { ReceiveRequestAttemptId: 'r1' })
    await test.clock.advance(20 * SECOND)
    expect(await test.receive(url, { ReceiveRequestAttemptId: 'r1' })).toEqual(first)
    await test.clock.advance(20 * SECOND)
    expect(await test.bodies(url)).toEqual([])
    await remove(first[0]?.ReceiptHandle)
    await remove(first[1]?.ReceiptHandle)
    expect(await test.bodies(url, { ReceiveRequestAttemptId: 'r1' })).toEqual([])
  })

  it('holds messages back as long as the queue says, not the message', async () => {
    await expect(test.send(url, 'a', { MessageGroupId: 'g', DelaySeconds: 5 })).rejects.toThrow('DelaySeconds')
    await test.call('SetQueueAttributes', { QueueUrl: url, Attributes: { DelaySeconds: '5' } })
    await send('g', 'a')
    expect(await test.counts(url)).toBe('0 0 1')
    await test.clock.advance(5 * SECOND)
    expect(await test.bodies(url)).toEqual(['a'])
  })

  it('forgets messages past their retention, and groups with them', async () => {
    await test.call('SetQueueAttributes', { QueueUrl: url, Attributes: { MessageRetentionPeriod: '60' } })
    await send('g', ...Array.from({ length: 25 }, (_, n) => String(n)))
    await test.clock.advance(60 * SECOND)
    await send('g', 'new')
    await test.sqs.upkeep.step(new AbortController().signal)
    expect(await test.counts(url)).toBe('1 0 0')
    expect(await test.bodies(url)).toEqual(['new'])
  })

  it('gives nothing twice to receivers at the same time', async () => {
    for (const group of ['g', 'h', 'i', 'j']) await send(group, ...[1, 2, 3].map((n) => group + n))
    const received = (
      await Promise.all(Array.from({ length: 6 }, () => test.bodies(url, { MaxNumberOfMessages: 3 })))
    ).flat()
    expect(new Set(received).size).toBe(received.length)
    for (const group of ['g', 'h', 'i', 'j']) {
      const bodies = received.filter((body) => body.startsWith(group))
      expect(bodies).toEqual([1, 2, 3].map((n) => group + n).slice(0, bodies.length))
    }
  })

  it.each([
    [{}, 'MissingParameter', 'MessageGroupId'],
    [{ MessageGroupId: 'a b' }, 'InvalidParameterValue', 'can only include alphanumeric and punctuation characters'],
  ])('refuses %j', async (more, code, message) => {
    await expect(test.send(url, 'a', more)).rejects.toMatchObject({ code, message: expect.stringContaining(message) })
  })

  it('needs a deduplication id when contents do not count', async () => {
    await test.call('SetQueueAttributes', { QueueUrl: url, Attributes: { ContentBasedDeduplication: 'false' } })
    await expect(send('g', 'a')).rejects.toThrow(
      'The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
    )
  })
})
