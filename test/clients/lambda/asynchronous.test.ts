import { CloudWatchClient, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch'
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge'
import {
  CreateAliasCommand,
  CreateEventSourceMappingCommand,
  DeleteFunctionCommand,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
  UpdateFunctionCodeCommand,
} from '@aws-sdk/client-lambda'
import {
  CreateQueueCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ACCOUNT, REGION, ROLE, TestLambda } from '../../../src/services/lambda/testing.ts'
import { functionZip } from '../../house/function-zip.ts'
import { Account, policyOf } from './account.ts'

const FAILING = 'export const handler = async (e) => { console.log("ran", e.n); throw new Error("boom") }'
const LOGGING = 'export const handler = async (e) => { console.log("ran", e.n); return { got: e.n } }'

describe('asynchronous invocation', () => {
  let account: Account
  beforeAll(async () => {
    account = await Account.open()
  })
  afterAll(() => account?.[Symbol.asyncDispose]())

  async function makeQueue(QueueName: string, Attributes: Record<string, string> = {}) {
    const { QueueUrl } = await account.sqs.send(new CreateQueueCommand({ QueueName, Attributes }))
    return { url: QueueUrl as string, arn: `arn:aws:sqs:${account.server.region}:${account.id}:${QueueName}` }
  }

  async function receive(QueueUrl: string): Promise<Message> {
    const { Messages: [message] = [] } = await account.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        WaitTimeSeconds: 20,
        MessageAttributeNames: ['All'],
        MessageSystemAttributeNames: ['All'],
      }),
    )
    if (message === undefined) throw new Error('nothing came')
    return message
  }

  const record = async (url: string) => JSON.parse(`${(await receive(url)).Body}`)
  const event = (name: string, n: number | string = 1) => account.invoke(name, { n }, { InvocationType: 'Event' })
  const destination = (
    name: string,
    more: { success?: string; failure?: string; retries?: number; qualifier?: string },
  ) =>
    account.lambda.send(
      new PutFunctionEventInvokeConfigCommand({
        FunctionName: name,
        Qualifier: more.qualifier,
        MaximumRetryAttempts: more.retries ?? 0,
        DestinationConfig: {
          ...(more.success && { OnSuccess: { Destination: more.success } }),
          ...(more.failure && { OnFailure: { Destination: more.failure } }),
        },
      }),
    )
  const runs = async (name: string) => (await account.lines(name)).filter((line) => line.includes('\tran ')).length
  const reserve = (FunctionName: string, ReservedConcurrentExecutions: number) =>
    account.lambda.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions }))

  it('T84 the record of a failure tells everything', async () => {
    const arn = await account.deploy('f84', FAILING)
    const queue = await makeQueue('q84')
    await destination('f84', { failure: queue.arn })
    const { requestId } = await event('f84')
    expect(await record(queue.url)).toEqual({
      version: '1.0',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      requestContext: {
        requestId,
        functionArn: `${arn}:$LATEST`,
        condition: 'RetriesExhausted',
        approximateInvokeCount: 1,
      },
      requestPayload: { n: 1 },
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      responsePayload: expect.objectContaining({ errorType: 'Error', errorMessage: 'boom' }),
    })
    await expect.poll(() => runs('f84'), { timeout: 20_000 }).toBe(1)
  })

  it('T87 the record of a success holds the result', async () => {
    await account.deploy('f87', LOGGING)
    const queue = await makeQueue('q87')
    await destination('f87', { success: queue.arn })
    await event('f87', 7)
    const told = await record(queue.url)
    expect(told).toMatchObject({ requestContext: { condition: 'Success' }, responsePayload: { got: 7 } })
    expect(told.responseContext).not.toHaveProperty('functionError')
  })

  it('T88 a function that is switched off does not run, and the record says so', async () => {
    await account.deploy('f88', LOGGING)
    const queue = await makeQueue('q88')
    await destination('f88', { failure: queue.arn })
    await reserve('f88', 0)
    expect((await event('f88')).status).toBe(202)
    const told = await record(queue.url)
    expect(told.requestContext).toMatchObject({ condition: 'ZeroReservedConcurrency', approximateInvokeCount: 0 })
    expect(told).not.toHaveProperty('responseContext')
    expect(told).not.toHaveProperty('responsePayload')
    expect(await runs('f88')).toBe(0)
  })

  it('T89 a dead letter is the event as it was, and says beside it what went wrong', async () => {
    const queue = await makeQueue('q89')
    await account.deploy('f89', FAILING, { DeadLetterConfig: { TargetArn: queue.arn } })
    await account.lambda.send(new PutFunctionEventInvokeConfigCommand({ FunctionName: 'f89', MaximumRetryAttempts: 0 }))
    const { requestId } = await event('f89', 'ü')
    const { Body, MessageAttributes } = await receive(queue.url)
    expect(Body).toBe('{"n":"ü"}')
    expect(MessageAttributes).toEqual({
      RequestID: { DataType: 'String', StringValue: requestId },
      ErrorCode: { DataType: 'Number', StringValue: '200' },
      ErrorMessage: { DataType: 'String', StringValue: 'boom' },
    })
  })

  it('T90 the record can be an event of a bus', async () => {
    const events = new EventBridgeClient(account.server.clientConfig())
    const arn = await account.deploy('f90', FAILING)
    const queue = await makeQueue('q90')
    const Policy = policyOf({
      Effect: 'Allow',
      Principal: { Service: 'events.amazonaws.com' },
      Action: 'sqs:SendMessage',
      Resource: queue.arn,
    })
    await account.sqs.send(new SetQueueAttributesCommand({ QueueUrl: queue.url, Attributes: { Policy } }))
    await events.send(new PutRuleCommand({ Name: 'r90', EventPattern: JSON.stringify({ source: ['lambda'] }) }))
    await events.send(new PutTargetsCommand({ Rule: 'r90', Targets: [{ Id: 'q', Arn: queue.arn }] }))
    const bus = `arn:aws:events:${account.server.region}:${account.id}:event-bus/default`
    await destination('f90', { failure: bus })
    await event('f90')
    expect(await record(queue.url)).toMatchObject({
      source: 'lambda',
      'detail-type': 'Lambda Function Invocation Result - Failure',
      resources: [bus, `${arn}:$LATEST`],
      detail: { requestPayload: { n: 1 } },
    })
    events.destroy()
  })

  it('T91 a role that may not send any more loses the record, not the run', async () => {
    const cloudwatch = new CloudWatchClient(account.server.clientConfig())
    const Role = await account.role('r91', { Effect: 'Allow', Action: ['logs:*', 'sqs:*'], Resource: '*' })
    await account.deploy('f91', LOGGING, { Role })
    const queue = await makeQueue('q91')
    await destination('f91', { success: queue.arn })
    await account.allowRole('r91', { Effect: 'Allow', Action: 'logs:*', Resource: '*' })
    await event('f91')
    await expect.poll(() => runs('f91'), { timeout: 20_000 }).toBe(1)
    const failures = async () => {
      const nowMs = Date.now()
      const { Datapoints = [] } = await cloudwatch.send(
        new GetMetricStatisticsCommand({
          Namespace: 'AWS/Lambda',
          MetricName: 'DestinationDeliveryFailures',
          Dimensions: [{ Name: 'FunctionName', Value: 'f91' }],
          StartTime: new Date(nowMs - 600_000),
          EndTime: new Date(nowMs + 600_000),
          Period: 3600,
          Statistics: ['Sum'],
        }),
      )
      return Datapoints.reduce((total, { Sum = 0 }) => total + Sum, 0)
    }
    await expect.poll(failures, { timeout: 20_000 }).toBe(1)
    cloudwatch.destroy()
  })

  it('T92 events beyond the reserved concurrency wait for each other, and none is dropped', async () => {
    const source = `export const handler = async (e) => {
      console.log('begin', e.n)
      await new Promise((resolve) => setTimeout(resolve, 100))
      console.log('ran', e.n)
    }`
    await account.deploy('f92', source)
    await reserve('f92', 1)
    await Promise.all([1, 2, 3, 4, 5].map((n) => event('f92', n)))
    await expect.poll(() => runs('f92'), { timeout: 25_000 }).toBe(5)
    const order = (await account.lines('f92')).flatMap((line) => /\t(begin|ran) \d/.exec(line)?.[1] ?? [])
    expect(order).toEqual([1, 2, 3, 4, 5].flatMap(() => ['begin', 'ran']))
  })

  it('T93 T94 waiting events run the code of the moment, and end with their function', async () => {
    const slow = (text: string) => `export const handler = async (e) => {
      await new Promise((resolve) => setTimeout(resolve, 400))
      console.log('ran', e.n, '${text}')
    }`
    await account.deploy('f93', slow('old'))
    await reserve('f93', 1)
    await Promise.all([1, 2, 3].map((n) => event('f93', n)))
    const ZipFile = functionZip({ 'index.mjs': slow('new') })
    await account.lambda.send(new UpdateFunctionCodeCommand({ FunctionName: 'f93', ZipFile }))
    await expect.poll(() => runs('f93'), { timeout: 25_000 }).toBe(3)
    expect((await account.lines('f93')).filter((line) => line.endsWith(' new')).length).toBeGreaterThanOrEqual(2)

    const queue = await makeQueue('q94')
    await account.deploy('f94', slow('one'))
    await destination('f94', { failure: queue.arn, success: queue.arn })
    await reserve('f94', 1)
    await Promise.all([1, 2, 3, 4].map((n) => event('f94', n)))
    await account.lambda.send(new DeleteFunctionCommand({ FunctionName: 'f94' }))
    // Only what was running already may end; a second function shows that time has passed.
    await account.deploy('f94b', slow('two'))
    await event('f94b')
    await expect.poll(() => runs('f94b'), { timeout: 20_000 }).toBe(1)
    expect(await runs('f94')).toBeLessThanOrEqual(1)
  })

  it('T96 the configuration of an alias is its own', async () => {
    const queue = await makeQueue('q96')
    await account.deploy('f96', FAILING)
    await account.lambda.send(new PublishVersionCommand({ FunctionName: 'f96' }))
    await account.lambda.send(new CreateAliasCommand({ FunctionName: 'f96', Name: 'PROD', FunctionVersion: '1' }))
    await destination('f96', { retries: 2 })
    await destination('f96', { retries: 0, failure: queue.arn, qualifier: 'PROD' })
    await event('f96:PROD')
    expect((await record(queue.url)).requestContext).toMatchObject({
      functionArn: account.arn('f96:PROD'),
      condition: 'RetriesExhausted',
      approximateInvokeCount: 1,
    })
  })

  it('T141 messages of a failed batch are received again, of a partial failure only the failed ones', async () => {
    const retry = { VisibilityTimeout: '2' }
    const all = await makeQueue('q141', retry)
    const some = await makeQueue('q141b', retry)
    const receives = `const counts = e.Records.map((r) => r.body + ':' + r.attributes.ApproximateReceiveCount)
      console.log('ran', counts.join(' '))`
    const again = "r.attributes.ApproximateReceiveCount === '1'"
    await account.deploy(
      'f141',
      `export const handler = async (e) => { ${receives}; if (e.Records.some((r) => ${again})) throw 1 }`,
      { Timeout: 1 },
    )
    await account.deploy(
      'f141b',
      `export const handler = async (e) => { ${receives}
      return { batchItemFailures: e.Records.filter((r) => r.body === 'bad' && ${again}).map((r) => ({ itemIdentifier: r.messageId })) } }`,
      { Timeout: 1 },
    )
    for (const [FunctionName, { arn }] of [
      ['f141', all],
      ['f141b', some],
    ] as const) {
      await account.lambda.send(
        new CreateEventSourceMappingCommand({
          FunctionName,
          EventSourceArn: arn,
          FunctionResponseTypes: FunctionName === 'f141b' ? ['ReportBatchItemFailures'] : [],
        }),
      )
    }
    await account.sqs.send(new SendMessageCommand({ QueueUrl: all.url, MessageBody: 'one' }))
    for (const MessageBody of ['good', 'bad']) {
      await account.sqs.send(new SendMessageCommand({ QueueUrl: some.url, MessageBody }))
    }
    const seen = async (name: string) =>
      (await account.lines(name)).flatMap((line) => /\tran (.*)/.exec(line)?.[1]?.split(' ') ?? []).toSorted()
    await expect.poll(() => seen('f141'), { timeout: 25_000 }).toEqual(['one:1', 'one:2'])
    await expect.poll(() => seen('f141b'), { timeout: 25_000 }).toEqual(['bad:1', 'bad:2', 'good:1'])
  })
})

/** Functions of a script instead of processes, and a clock that only moves when it is told to. */
describe('asynchronous invocation, over time', () => {
  const QUEUE = `arn:aws:sqs:${REGION}:${ACCOUNT}:q`
  let test: TestLambda
  beforeEach(async () => {
    test = await TestLambda.start()
    const Code = { ZipFile: functionZip({ 'index.mjs': '' }) }
    await test.call('CreateFunction', {
      FunctionName: 'F',
      Runtime: 'nodejs22.x',
      Handler: 'index.handler',
      Role: ROLE,
      Code,
    })
    test.executor.behaviour = () => {
      throw new Error('boom')
    }
  })
  afterEach(() => test[Symbol.asyncDispose]())

  const configure = (MaximumEventAgeInSeconds: number) =>
    test.call('PutFunctionEventInvokeConfig', {
      FunctionName: 'F',
      MaximumEventAgeInSeconds,
      DestinationConfig: { OnFailure: { Destination: QUEUE } },
    })
  const send = () =>
    test.call('Invoke', { FunctionName: 'F', InvocationType: 'Event', Payload: Buffer.from('{"n":1}') })
  /** Seconds after the start, at which it ran, when these many more have passed one by one. */
  async function runsAfter(seconds: number): Promise<number[]> {
    const startMs = test.clock.now()
    await send()
    await test.settle()
    for (let passed = 0; passed < seconds; passed += 15) {
      await test.clock.advance(15_000)
      await test.settle()
    }
    return test.executor.runs.map(({ atMs }) => Math.round((atMs - startMs) / 1000))
  }

  it('T83 a failing event runs three times under one request id, one and two minutes apart', async () => {
    expect(await runsAfter(900)).toEqual([0, 60, 180])
    expect(new Set(test.executor.runs.map(({ requestId }) => requestId)).size).toBe(1)
  })

  it.each([
    ['T85', 60, [0]],
    ['T86', 90, [0, 60]],
  ])('%s an event may not become older than %i s', async (_, ageSeconds, runs) => {
    await configure(ageSeconds)
    expect(await runsAfter(0)).toEqual([0])
    if (runs.length > 1) {
      expect(test.mailbox.letters).toEqual([])
      await test.clock.advance(60_000)
      await test.settle()
    }
    expect(test.executor.runs).toHaveLength(runs.length)
    expect(test.mailbox.letters.map(({ payload }) => JSON.parse(payload))).toMatchObject([
      {
        requestContext: { condition: 'EventAgeExceeded', approximateInvokeCount: runs.length },
        responsePayload: { errorMessage: 'boom' },
      },
    ])
  })

  it('T95 an event that was accepted runs although the server dies before it does', async () => {
    await test.lambda.invoker.worker.stop(0)
    await send()
    expect(test.executor.runs).toEqual([])
    await using again = test.restart()
    await again.clock.advance(60_000)
    await again.settle()
    expect(again.executor.runs.map(({ payload }) => payload)).toEqual(['{"n":1}'])
  })
})
