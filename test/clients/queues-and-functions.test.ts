import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam'
import {
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  InvokeCommand,
  LambdaClient,
  PublishLayerVersionCommand,
  PutFunctionEventInvokeConfigCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda'
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../../src/testing/index.ts'
import { functionZip } from '../house/function-zip.ts'

const HANDLER = `
const { word } = require('words')
exports.handler = async (event) => {
  if (event.fail) throw new RangeError('too far')
  if (event.Records) {
    return { batchItemFailures: event.Records.filter(({ body }) => body === 'bad').map(({ messageId }) => ({ itemIdentifier: messageId })) }
  }
  return word
}`
const TRUST = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
})
const RIGHTS = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: ['logs:*', 'sqs:*'], Resource: '*' }],
})

let server: TestServer
let lambda: LambdaClient
let sqs: SQSClient
beforeAll(async () => {
  server = await startTestServer()
  lambda = new LambdaClient(server.clientConfig())
  sqs = new SQSClient(server.clientConfig())
  const iam = new IAMClient(server.clientConfig())
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName: 'r', AssumeRolePolicyDocument: TRUST }))
  await iam.send(new PutRolePolicyCommand({ RoleName: 'r', PolicyName: 'p', PolicyDocument: RIGHTS }))
  const { LayerVersionArn = '' } = await lambda.send(
    new PublishLayerVersionCommand({
      LayerName: 'words',
      Content: { ZipFile: functionZip({ 'nodejs/node_modules/words/index.js': 'exports.word = "hello"' }) },
    }),
  )
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName: 'F',
      Runtime: 'nodejs22.x',
      Handler: 'index.handler',
      Role: Role?.Arn,
      Code: { ZipFile: functionZip({ 'index.js': HANDLER }) },
      Layers: [LayerVersionArn],
    }),
  )
})
afterAll(() => server.stop())

async function queue(QueueName: string): Promise<{ url: string; arn: string }> {
  const { QueueUrl: url = '' } = await sqs.send(new CreateQueueCommand({ QueueName }))
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] }))
  return { url, arn: Attributes?.QueueArn ?? '' }
}
async function receive(QueueUrl: string): Promise<Message> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 10, MessageAttributeNames: ['All'] }),
  )
  return Messages[0] ?? {}
}

it('calls a function with a layer', async () => {
  const { Payload } = await lambda.send(new InvokeCommand({ FunctionName: 'F' }))
  expect(Buffer.from(Payload ?? []).toString()).toBe('"hello"')
})

it('sends the record and the dead letter of a failed event to queues', async () => {
  const [records, letters] = [await queue('records'), await queue('letters')]
  const DeadLetterConfig = { TargetArn: letters.arn }
  await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'F', DeadLetterConfig }))
  await lambda.send(
    new PutFunctionEventInvokeConfigCommand({
      FunctionName: 'F',
      MaximumRetryAttempts: 0,
      DestinationConfig: { OnFailure: { Destination: records.arn } },
    }),
  )
  const Payload = Buffer.from('{"fail":true}')
  await lambda.send(new InvokeCommand({ FunctionName: 'F', InvocationType: 'Event', Payload }))
  const record = await receive(records.url)
  expect(JSON.parse(record.Body ?? '')).toMatchObject({
    requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 1 },
    requestPayload: { fail: true },
    responsePayload: { errorType: 'RangeError' },
  })
  const letter = await receive(letters.url)
  expect(letter.Body).toBe('{"fail":true}')
  expect(letter.MessageAttributes).toMatchObject({
    ErrorCode: { DataType: 'Number', StringValue: '200' },
    ErrorMessage: { StringValue: 'too far' },
  })
})

it('gives messages to a function, and keeps those that it names', async () => {
  const source = await queue('source')
  await lambda.send(
    new CreateEventSourceMappingCommand({
      FunctionName: 'F',
      EventSourceArn: source.arn,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    }),
  )
  for (const MessageBody of ['good', 'bad', 'good']) {
    await sqs.send(new SendMessageCommand({ QueueUrl: source.url, MessageBody }))
  }
  const left = async () => {
    const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: source.url, AttributeNames: [...names] }),
    )
    return names.map((name) => Attributes?.[name])
  }
  await expect.poll(left, { timeout: 10_000 }).toEqual(['0', '1'])
})
