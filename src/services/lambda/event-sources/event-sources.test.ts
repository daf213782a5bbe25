import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Message } from '@aws-sdk/client-sqs'
import { AwsError } from '../../../protocol/errors.ts'
import { sleep } from '../../../std/clock.ts'
import { testPackage } from '../test-package.ts'
import { ACCOUNT, REGION, ROLE, TestLambda } from '../testing.ts'
import { failedItems } from './batch.ts'

const FARN = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:F`
const QUEUE = `arn:aws:sqs:${REGION}:${ACCOUNT}:q`
const CODE = { Runtime: 'nodejs22.x', Handler: 'index.handler', Role: ROLE, Code: { ZipFile: testPackage() } } as const
const SECOND = 1000
const VISIBILITY_MS = 30 * SECOND

/** A queue as far as a poller sees it. */
class ScriptedQueue {
  readonly messages = new Map<string, { body: string; visibleMs: number; receives: number }>()
  isGone = false
  readonly #test: TestLambda
  #next = 1

  constructor(test: TestLambda) {
    this.#test = test
    const { answers, clock } = test
    answers['GetQueueAttributes'] = () => {
      if (this.isGone) throw new AwsError('AWS.SimpleQueueService.NonExistentQueue', 400, 'gone')
      return { Attributes: { VisibilityTimeout: '30' } }
    }
    answers['ReceiveMessage'] = async (
      input: { QueueUrl: string; MaxNumberOfMessages: number; WaitTimeSeconds: number },
      signal,
    ) => {
      expect(input.QueueUrl).toBe(`/${ACCOUNT}/q`)
      const found = this.#take(input.MaxNumberOfMessages)
      if (found.length === 0) await sleep(clock, input.WaitTimeSeconds * SECOND, signal).catch(() => undefined)
      return { Messages: found }
    }
    answers['DeleteMessageBatch'] = ({ Entries }: { Entries: { ReceiptHandle: string }[] }) => {
      expect(Entries.length).toBeLessThanOrEqual(10)
      for (const { ReceiptHandle } of Entries) this.messages.delete(ReceiptHandle)
      return {}
    }
  }

  send(...bodies: string[]): void {
    for (const body of bodies) this.messages.set(`m${this.#next++}`, { body, visibleMs: 0, receives: 0 })
  }

  #take(limit: number): Message[] {
    const nowMs = this.#test.clock.now()
    const visible = [...this.messages].filter(([, { visibleMs }]) => visibleMs <= nowMs).slice(0, limit)
    return visible.map(([id, message]) => {
      message.visibleMs = nowMs + VISIBILITY_MS
      message.receives++
      return {
        MessageId: id,
        ReceiptHandle: id,
        Body: message.body,
        MD5OfBody: 'md5',
        Attributes: { ApproximateReceiveCount: String(message.receives), SentTimestamp: '1' },
        MessageAttributes: { n: { DataType: 'Number', StringValue: '1' } },
      }
    })
  }
}

let test: TestLambda
let queue: ScriptedQueue
beforeEach(async () => {
  test = await TestLambda.start()
  queue = new ScriptedQueue(test)
  await test.call('CreateFunction', { FunctionName: 'F', ...CODE })
})
afterEach(async () => {
  await test[Symbol.asyncDispose]()
  expect(test.failures).toEqual([])
})

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable('the call must fail'),
    ({ code, status, message }: { code: string; status: number; message: string }) => ({ code, status, message }),
  )
const map = (more: object = {}) =>
  test.call('CreateEventSourceMapping', { FunctionName: 'F', EventSourceArn: QUEUE, ...more })
const advance = async (...delays: number[]) => {
  for (const delayMs of delays) {
    await test.clock.advance(delayMs)
    await test.settle()
  }
}
interface Event {
  Records: { messageId: string; body: string; attributes: Record<string, string> }[]
}
const events = () => test.executor.runs.map(({ payload }) => JSON.parse(payload) as Event)
const bodies = () => events().map(({ Records }) => Records.map(({ body }) => body))

describe('an event source mapping', () => {
  it('is answered as being created, and read as enabled', async () => {
    const made = await map()
    expect(made).toEqual({
      UUID: expect.any(String),
      EventSourceMappingArn: `arn:aws:lambda:${REGION}:${ACCOUNT}:event-source-mapping:${made.UUID}`,
      BatchSize: 10,
      MaximumBatchingWindowInSeconds: 0,
      EventSourceArn: QUEUE,
      FunctionArn: FARN,
      LastModified: new Date(test.clock.now()),
      State: 'Creating',
      StateTransitionReason: 'USER_INITIATED',
      FunctionResponseTypes: [],
    })
    const UUID = made.UUID as string
    expect((await test.call('GetEventSourceMapping', { UUID })).State).toBe('Enabled')
    expect((await test.call('UpdateEventSourceMapping', { UUID, BatchSize: 5 })).State).toBe('Updating')
    expect((await test.call('UpdateEventSourceMapping', { UUID, Enabled: false })).State).toBe('Disabling')
    expect((await test.call('UpdateEventSourceMapping', { UUID, Enabled: true })).State).toBe('Enabling')
    await test.call('UpdateEventSourceMapping', { UUID, Enabled: false })
    expect((await test.call('GetEventSourceMapping', { UUID })).State).toBe('Disabled')
    expect((await test.call('ListEventSourceMappings', { FunctionName: 'F' })).EventSourceMappings).toHaveLength(1)
    expect((await test.call('ListEventSourceMappings', { FunctionName: 'G' })).EventSourceMappings).toEqual([])
    expect((await test.call('DeleteEventSourceMapping', { UUID })).State).toBe('Deleting')
    expect(await failure(test.call('GetEventSourceMapping', { UUID }))).toMatchObject({
      message: 'The resource you requested does not exist.',
    })
  })

  it.each([
    ['another source', { EventSourceArn: 'arn:aws:s3:::b' }, 'Unrecognized event source.'],
    ['a missing function', { FunctionName: 'G' }, 'Function does not exist'],
    [
      'a large batch without a window',
      { BatchSize: 11 },
      'Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10',
    ],
    ['a broken filter', { FilterCriteria: { Filters: [{ Pattern: '{' }] } }, 'Invalid filter pattern definition.'],
    [
      'what queues do not have',
      { StartingPosition: 'LATEST' },
      'StartingPosition is not supported by Millrace. Leave it out.',
    ],
  ])('refuses %s', async (_what, more, message) => {
    expect(await failure(map(more))).toEqual({ code: 'InvalidParameterValueException', status: 400, message })
  })

  it('refuses what the role may not poll, what is gone, and what hides messages too briefly', async () => {
    test.roleActions = ['sqs:ReceiveMessage']
    expect((await failure(map())).message).toBe(
      'The provided execution role does not have permissions to call DeleteMessage on SQS',
    )
    test.roleActions = ['*']
    queue.isGone = true
    expect((await failure(map())).message).toBe(
      'Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist.',
    )
    queue.isGone = false
    await test.call('UpdateFunctionConfiguration', { FunctionName: 'F', Timeout: 60 })
    expect((await failure(map())).message).toBe(
      'Queue visibility timeout: 30 seconds is less than Function timeout: 60 seconds',
    )
  })

  it('has tags', async () => {
    const { EventSourceMappingArn: Resource = '' } = (await map({ Tags: { team: 'a' } })) as Record<string, string>
    await test.call('TagResource', { Resource, Tags: { stage: 'b' } })
    await test.call('UntagResource', { Resource, TagKeys: ['team'] })
    expect((await test.call('ListTags', { Resource })).Tags).toEqual({ stage: 'b' })
  })

  it('is one per queue and function', async () => {
    const { UUID } = await map()
    expect(await failure(map())).toEqual({
      code: 'ResourceConflictException',
      status: 409,
      message: `An event source mapping with SQS arn (" ${QUEUE} ") and function (" F ") already exists. Please update or delete the existing mapping with UUID ${UUID}`,
    })
  })
})

describe('a poller', () => {
  it('gives messages to the function in batches, and deletes them', async () => {
    queue.send(...Array.from({ length: 12 }, (_, i) => String(i)))
    await map()
    await test.settle()
    expect(bodies().map((batch) => batch.length)).toEqual([10, 2])
    expect(queue.messages.size).toBe(0)
    expect(events()[0]?.Records[0]).toEqual({
      messageId: 'm1',
      receiptHandle: 'm1',
      body: '0',
      attributes: { ApproximateReceiveCount: '1', SentTimestamp: '1' },
      messageAttributes: { n: { stringValue: '1', stringListValues: [], binaryListValues: [], dataType: 'Number' } },
      md5OfBody: 'md5',
      eventSource: 'aws:sqs',
      eventSourceARN: QUEUE,
      awsRegion: REGION,
    })
  })

  it('does not spin when receives come back at once with nothing', async () => {
    let receives = 0
    test.answers['ReceiveMessage'] = () => {
      receives++
      return {}
    }
    await map()
    await advance(0, SECOND, SECOND)
    expect(receives).toBeLessThanOrEqual(4)
  })

  it('leaves the messages of a failed batch in the queue', async () => {
    test.executor.behaviour = () => {
      throw new Error('boom')
    }
    queue.send('a')
    await map()
    await test.settle()
    expect(queue.messages.size).toBe(1)
    test.executor.behaviour = () => 'null'
    await advance(VISIBILITY_MS, 20 * SECOND)
    expect(events()[1]?.Records[0]?.attributes['ApproximateReceiveCount']).toBe('2')
    expect(queue.messages.size).toBe(0)
  })

  it('keeps only the messages that the function names, where it may', async () => {
    test.executor.behaviour = () => JSON.stringify({ batchItemFailures: [{ itemIdentifier: 'm2' }] })
    queue.send('a', 'b', 'c')
    await map({ FunctionResponseTypes: ['ReportBatchItemFailures'] })
    await test.settle()
    expect([...queue.messages.keys()]).toEqual(['m2'])
  })

  it('deletes what no filter lets through', async () => {
    queue.send('{"kind":"a","n":1}', '{"kind":"b"}', 'text')
    const Filters = [{ Pattern: JSON.stringify({ body: { kind: ['a'] } }) }]
    await map({ FilterCriteria: { Filters } })
    await test.settle()
    expect(bodies()).toEqual([['{"kind":"a","n":1}']])
    expect(queue.messages.size).toBe(0)
  })

  it('collects a batch for as long as its window', async () => {
    queue.send('a')
    await map({ BatchSize: 100, MaximumBatchingWindowInSeconds: 40 })
    await test.settle()
    queue.send('b', 'c')
    await advance(20 * SECOND)
    expect(bodies()).toEqual([])
    await advance(20 * SECOND)
    expect(bodies()).toEqual([['a', 'b', 'c']])
  })

  it('runs no more batches at one time than it may', async () => {
    const finishes: (() => void)[] = []
    test.executor.behaviour = () => new Promise<string>((resolve) => void finishes.push(() => resolve('null')))
    queue.send('1', '2', '3', '4')
    await map({ BatchSize: 1, ScalingConfig: { MaximumConcurrency: 2 } })
    await test.settle()
    expect(test.executor.busiest).toBe(2)
    while (finishes.length > 0) {
      for (const finish of finishes.splice(0)) finish()
      await test.settle()
    }
    expect(test.executor.runs).toHaveLength(4)
    expect(test.executor.busiest).toBe(2)
    expect(queue.messages.size).toBe(0)
  })

  it('counts its messages where its metrics are asked for', async () => {
    const { UUID, MetricsConfig } = await map({
      MetricsConfig: { Metrics: ['EventCount'] },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      FilterCriteria: { Filters: [{ Pattern: '{"body":[{"prefix":"wanted"}]}' }] },
    })
    expect(MetricsConfig).toEqual({ Metrics: ['EventCount'] })
    test.executor.behaviour = () => '{"batchItemFailures":[{"itemIdentifier":"m3"}]}'
    queue.send('other', 'wanted 2', 'wanted 3')
    await test.settle()
    const counted = test.metrics.filter(({ mappingId }) => mappingId === UUID)
    expect(Object.fromEntries(counted.map(({ name, value }) => [name, value]))).toEqual({
      PolledEventCount: 3,
      FilteredOutEventCount: 1,
      InvokedEventCount: 2,
      FailedInvokeEventCount: 1,
      DeletedEventCount: 1,
    })
  })

  it('cannot become the mapping that another one is', async () => {
    await test.call('CreateFunction', { FunctionName: 'G', ...CODE })
    const { UUID: first } = await map()
    const { UUID = '' } = await map({ FunctionName: 'G' })
    expect(await failure(test.call('UpdateEventSourceMapping', { UUID, FunctionName: 'F' }))).toMatchObject({
      code: 'ResourceConflictException',
      message: expect.stringMatching(new RegExp(`already exists.*with UUID ${first}$`)),
    })
    await test.call('UpdateEventSourceMapping', { UUID, FunctionName: 'G', BatchSize: 2 })
  })

  it('stops with its mapping, and waits while its function is gone', async () => {
    const { UUID = '' } = await map()
    await test.settle()
    await test.call('UpdateEventSourceMapping', { UUID, Enabled: false })
    await test.settle()
    queue.send('a')
    await advance(60 * SECOND)
    expect(test.executor.runs).toEqual([])
    await test.call('UpdateEventSourceMapping', { UUID, Enabled: true })
    await test.settle()
    expect(bodies()).toEqual([['a']])
    await test.call('DeleteFunction', { FunctionName: 'F' })
    queue.send('b')
    await advance(20 * SECOND, 60 * SECOND)
    expect(queue.messages.size).toBe(1)
    expect((await test.call('GetEventSourceMapping', { UUID })).LastProcessingResult).toBe(
      'PROBLEM: the function does not exist',
    )
  })
})

describe('the answer of a function to a batch', () => {
  const ids = new Set(['a', 'b'])
  it.each([
    ['{"batchItemFailures":[{"itemIdentifier":"a"}]}', ['a']],
    ['{"batchItemFailures":[]}', []],
    ['{"batchItemFailures":null}', []],
    ['{}', []],
    ['null', []],
    ['"done"', []],
  ])('%s keeps %j', (answer, failed) => {
    expect(failedItems(answer, ids)).toEqual(new Set(failed))
  })
  it.each([
    '{"batchItemFailures":[{"itemIdentifier":"x"}]}',
    '{"batchItemFailures":[{"itemIdentifier":""}]}',
    '{"batchItemFailures":[{"itemIdentifier":null}]}',
    '{"batchItemFailures":[{"id":"a"}]}',
    '{"batchItemFailures":"a"}',
    '{',
  ])('%s keeps all', (answer) => {
    expect(failedItems(answer, ids)).toBe('all')
  })
})
