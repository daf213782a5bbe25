import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AwsError } from '../../../protocol/errors.ts'
import type { ByteSource } from '../../../std/byte-source.ts'
import type { LambdaMetricName } from '../metrics.ts'
import { testPackage } from '../test-package.ts'
import { ACCOUNT, REGION, ROLE, ROOT, TestLambda } from '../testing.ts'

const FARN = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:F`
const QUEUE = `arn:aws:sqs:${REGION}:${ACCOUNT}:q`
const BUS = `arn:aws:events:${REGION}:${ACCOUNT}:event-bus/default`
const BUCKET = 'arn:aws:s3:::failures'
const ID = 'b0a1c2d3-0000-4000-8000-000000000001'
const CODE = { Runtime: 'nodejs22.x', Handler: 'index.handler', Role: ROLE, Code: { ZipFile: testPackage() } } as const
const MINUTE = 60_000

let test: TestLambda
beforeEach(async () => {
  test = await TestLambda.start()
  await test.call('CreateFunction', { FunctionName: 'F', ...CODE })
})
afterEach(async () => {
  await test[Symbol.asyncDispose]()
  expect(test.failures).toEqual([])
})

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable('the call must fail'),
    ({ code, message }: { code: string; message: string }) => ({ code, message }),
  )
const configure = (DestinationConfig: object, more: object = {}) =>
  test.call('PutFunctionEventInvokeConfig', { FunctionName: 'F', DestinationConfig, ...more })
const onFailure = (Destination: string) => ({ OnFailure: { Destination } })
const onSuccess = (Destination: string) => ({ OnSuccess: { Destination } })
const send = async (payload = '{"n":1}', more: object = {}) => {
  const input = { FunctionName: 'F', InvocationType: 'Event', Payload: Buffer.from(payload), ...more } as const
  await test.call('Invoke', input, ROOT, { requestId: ID })
  await test.settle()
}
const advance = async (...delays: number[]) => {
  for (const delayMs of delays) {
    await test.clock.advance(delayMs)
    await test.settle()
  }
}
const fail = () => {
  throw new TypeError('boom')
}
const records = () => test.mailbox.letters.map(({ payload }) => JSON.parse(payload) as Record<string, unknown>)
const count = (name: LambdaMetricName) =>
  test.metrics.filter((metric) => metric.name === name).reduce((total, { value }) => total + value, 0)
const steps = async () => (await test.delivery.traces.find(ID))[0]?.steps.map(({ step, note }) => `${step}: ${note}`)

const bury = () =>
  test.call('UpdateFunctionConfiguration', { FunctionName: 'F', DeadLetterConfig: { TargetArn: QUEUE } })

const invalid = (kind: 'onSuccess' | 'onFailure', arn: string) =>
  `The provided destination config DestinationConfig(onSuccess=${kind === 'onSuccess' ? `OnSuccess(destination=${arn})` : 'null'}, onFailure=${kind === 'onFailure' ? `OnFailure(destination=${arn})` : 'null'}) is invalid.`

const update = (DestinationConfig: object) =>
  test.call('UpdateFunctionEventInvokeConfig', { FunctionName: 'F', DestinationConfig })

describe('the record of an event', () => {
  it('of a failure tells the event, the answer and the condition', async () => {
    await configure(onFailure(QUEUE), { MaximumRetryAttempts: 0 })
    test.executor.behaviour = fail
    await send('{"n":1.0}')
    expect(records()).toEqual([
      {
        version: '1.0',
        timestamp: '2026-01-31T10:11:12.000Z',
        requestContext: {
          requestId: ID,
          functionArn: `${FARN}:$LATEST`,
          condition: 'RetriesExhausted',
          approximateInvokeCount: 1,
        },
        requestPayload: { n: 1 },
        responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
        responsePayload: { errorType: 'TypeError', errorMessage: 'boom' },
      },
    ])
    expect(test.mailbox.letters[0]?.payload).toContain('"requestPayload":{"n":1.0}')
    expect(await steps()).toContain(`destination: ${QUEUE}: sent as message 1`)
    expect(count('AsyncEventsDropped')).toBe(1)
    expect(count('Errors')).toBe(1)
  })

  it('of a success has no error', async () => {
    await configure(onSuccess(QUEUE))
    test.executor.behaviour = () => '{"done":true}'
    await send()
    expect(records()).toMatchObject([{ requestContext: { condition: 'Success' }, responsePayload: { done: true } }])
    expect(records()[0]?.['responseContext']).toEqual({ statusCode: 200, executedVersion: '$LATEST' })
  })

  it.each([
    [60, 1],
    [90, 2],
  ])('of an event that gets older than %i s comes at once after the last possible run', async (seconds, runs) => {
    await configure(onFailure(QUEUE), { MaximumEventAgeInSeconds: seconds })
    test.executor.behaviour = fail
    await send()
    await advance(MINUTE)
    expect(records()).toMatchObject([
      { requestContext: { condition: 'EventAgeExceeded', approximateInvokeCount: runs }, responsePayload: {} },
    ])
  })

  it('of a function that is switched off has no answer', async () => {
    await configure(onFailure(QUEUE))
    await test.call('PutFunctionConcurrency', { FunctionName: 'F', ReservedConcurrentExecutions: 0 })
    await send()
    const [record] = records()
    expect(record).toMatchObject({
      requestContext: { condition: 'ZeroReservedConcurrency', approximateInvokeCount: 0 },
    })
    expect(Object.keys(record ?? {})).toEqual(['version', 'timestamp', 'requestContext', 'requestPayload'])
  })

  it('goes where the invoked qualifier says', async () => {
    await test.call('CreateAlias', { FunctionName: 'F', Name: 'PROD', FunctionVersion: '$LATEST' })
    await test.call('PutFunctionEventInvokeConfig', {
      FunctionName: 'F',
      Qualifier: 'PROD',
      DestinationConfig: onSuccess(QUEUE),
    })
    await send()
    expect(records()).toEqual([])
    await send('{}', { Qualifier: 'PROD' })
    expect(records()).toMatchObject([{ requestContext: { functionArn: `${FARN}:PROD` } }])
  })

  it('is an event of another function, which continues the chain', async () => {
    await test.call('CreateFunction', { FunctionName: 'G', ...CODE })
    await configure(onSuccess(FARN.replace(':F', ':G')))
    await send()
    const [first, second] = test.executor.runs
    expect(JSON.parse(second?.payload ?? '')).toMatchObject({ requestContext: { requestId: ID } })
    expect(second?.invokedFunctionArn).toBe(FARN.replace(':F', ':G'))
    const lineage = (first?.traceHeader ?? '').split('Lineage=')[1]
    expect(second?.traceHeader).toContain(`Lineage=${lineage}|1:`)
    const [trace] = await test.delivery.traces.find(FARN.replace(':F', ':G'))
    expect(trace).toMatchObject({ eventName: 'Destination', state: 'succeeded' })
  })

  it('is lost when the other function is gone', async () => {
    await test.call('CreateFunction', { FunctionName: 'G', ...CODE })
    await configure(onSuccess(FARN.replace(':F', ':G')))
    await test.call('DeleteFunction', { FunctionName: 'G' })
    await send()
    expect(test.executor.runs).toHaveLength(1)
    expect(count('DestinationDeliveryFailures')).toBe(1)
  })

  it('becomes an event of a bus', async () => {
    await configure(onFailure(BUS), { MaximumRetryAttempts: 0 })
    test.executor.behaviour = fail
    await send()
    expect(test.calls).toMatchObject([{ service: 'events', operation: 'PutEvents' }])
    const [entry] = (test.calls[0]?.input['Entries'] ?? []) as Record<string, unknown>[]
    expect(entry).toMatchObject({
      Source: 'lambda',
      DetailType: 'Lambda Function Invocation Result - Failure',
      Resources: [BUS, `${FARN}:$LATEST`],
    })
    expect(JSON.parse(entry?.['Detail'] as string)).toMatchObject({ requestContext: { requestId: ID } })
    expect(await steps()).toContain(`destination: ${BUS}: has it`)
  })

  it('becomes an object, whatever its size, and tries again when S3 fails', async () => {
    await configure(onFailure(BUCKET), { MaximumRetryAttempts: 0 })
    test.executor.behaviour = fail
    test.callFailures.push(new AwsError('InternalError', 500, 'We encountered an internal error.'))
    await send(JSON.stringify({ text: 'x'.repeat(200_000) }))
    expect(test.calls).toEqual([])
    await advance(1000)
    expect(test.calls).toMatchObject([
      {
        operation: 'PutObject',
        input: { Bucket: 'failures', Key: `aws/lambda/async/F/2026/01/31/2026-01-31T10.11.12-${ID}` },
      },
    ])
    const body = test.calls[0]?.input['Body'] as ByteSource
    const record = JSON.parse((await body.collect(1_000_000)).toString()) as { requestPayload: { text: string } }
    expect(record.requestPayload.text).toHaveLength(200_000)
    expect(count('DestinationDeliveryFailures')).toBe(0)
  })

  it('is lost when S3 refuses it', async () => {
    await configure(onFailure(BUCKET), { MaximumRetryAttempts: 0 })
    test.executor.behaviour = fail
    test.callFailures.push(new AwsError('NoSuchBucket', 404, 'The specified bucket does not exist'))
    await send()
    await advance(10_000)
    expect(test.calls).toEqual([])
    expect(count('DestinationDeliveryFailures')).toBe(1)
    expect(await steps()).toContain(`destination-failed: ${BUCKET}: NoSuchBucket: The specified bucket does not exist`)
  })

  it('is lost when the role may not send it any more, and the run is not', async () => {
    await configure(onSuccess(QUEUE))
    test.roleActions = ['logs:*']
    await send()
    expect(test.executor.runs).toHaveLength(1)
    expect(records()).toEqual([])
    expect(count('DestinationDeliveryFailures')).toBe(1)
    expect((await steps())?.at(-1)).toMatch(
      /^destination-failed: .*the execution role may not call SendMessage on [^ ]+( because .*)?$/,
    )
  })

  it('is lost when the queue refuses it', async () => {
    await configure(onSuccess(QUEUE))
    test.mailbox.acceptance = { kind: 'refused', note: 'the queue does not exist' }
    await send()
    expect(count('DestinationDeliveryFailures')).toBe(1)
  })
})

describe('a dead letter', () => {
  it('is the event as it was, with what went wrong beside it', async () => {
    expect((await bury()).DeadLetterConfig).toEqual({ TargetArn: QUEUE })
    test.executor.behaviour = fail
    await send('{ "n": 1 }')
    await advance(MINUTE, 2 * MINUTE)
    expect(test.mailbox.letters).toMatchObject([
      {
        payload: '{ "n": 1 }',
        message: {
          attributes: {
            RequestID: { dataType: 'String', stringValue: ID },
            ErrorCode: { dataType: 'Number', stringValue: '200' },
            ErrorMessage: { dataType: 'String', stringValue: 'boom' },
          },
        },
      },
    ])
  })

  it('comes beside the record of the failure', async () => {
    await bury()
    await configure(onFailure(QUEUE), { MaximumRetryAttempts: 0 })
    test.executor.behaviour = fail
    await send()
    expect(test.mailbox.letters.map(({ id }) => id)).toEqual([`${ID}/destination`, `${ID}/dead-letter`])
  })

  it('is of the version that ran', async () => {
    await test.call('PublishVersion', { FunctionName: 'F' })
    await bury()
    await test.call('PutFunctionConcurrency', { FunctionName: 'F', ReservedConcurrentExecutions: 0 })
    await send('{}', { Qualifier: '1' })
    expect(test.mailbox.letters).toEqual([])
    await send()
    expect(test.mailbox.letters).toHaveLength(1)
  })

  it('is counted when it is lost', async () => {
    await bury()
    await test.call('PutFunctionConcurrency', { FunctionName: 'F', ReservedConcurrentExecutions: 0 })
    test.roleActions = ['logs:*']
    await send()
    expect(count('DeadLetterErrors')).toBe(1)
  })

  it('needs a standard queue or topic, and a role that may send', async () => {
    const set = (TargetArn: string) =>
      test.call('UpdateFunctionConfiguration', { FunctionName: 'F', DeadLetterConfig: { TargetArn } })
    expect((await failure(set(`${QUEUE}.fifo`))).code).toBe('InvalidParameterValueException')
    expect((await failure(set(BUS))).code).toBe('InvalidParameterValueException')
    test.roleActions = ['logs:*']
    expect((await failure(set(QUEUE))).message).toBe(
      'The provided execution role does not have permissions to call SendMessage on SQS',
    )
    test.roleActions = ['*']
    await set(QUEUE)
    expect(await set('')).not.toHaveProperty('DeadLetterConfig')
  })
})

describe('configuring destinations', () => {
  it.each([
    ['the function itself', onSuccess(FARN), "You can't specify the function as a destination for itself."],
    ['a function that is not', onSuccess(`${FARN}x`), `The destination ARN ${FARN}x is invalid.`],
    ['a bucket for successes', onSuccess(BUCKET), invalid('onSuccess', BUCKET)],
    ['a FIFO queue', onFailure(`${QUEUE}.fifo`), invalid('onFailure', `${QUEUE}.fifo`)],
    ['a table', onFailure(`arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/t`), /is invalid\.$/],
    ['a service that is not here', onFailure(QUEUE.replace('sqs', 'sns')), /has no service/],
  ])('refuses %s', async (_what, config, message) => {
    const refused = await failure(configure(config))
    expect(refused.code).toBe('InvalidParameterValueException')
    if (typeof message === 'string') expect(refused.message).toBe(message)
    else expect(refused.message).toMatch(message)
  })

  it.each([
    ['SendMessage', QUEUE],
    ['PutEvents', BUS],
    ['PutObject', BUCKET],
  ])('asks whether the role may call %s', async (verb, arn) => {
    test.roleActions = ['logs:*']
    expect((await failure(configure(onFailure(arn)))).message).toBe(
      `The function's execution role does not have permissions to call ${verb} on ${arn}`,
    )
  })

  it('merges with an update, and goes with an empty text', async () => {
    await configure(onFailure(QUEUE))
    expect((await update(onSuccess(BUS))).DestinationConfig).toEqual({ ...onSuccess(BUS), ...onFailure(QUEUE) })
    expect((await update(onFailure(''))).DestinationConfig).toEqual({ ...onSuccess(BUS), OnFailure: {} })
  })
})
