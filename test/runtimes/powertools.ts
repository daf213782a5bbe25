import assert from 'node:assert/strict'
import { CreateEventSourceMappingCommand } from '@aws-sdk/client-lambda'
import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs'
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm'
import type { House } from './house.ts'
import { filesOf } from './installation.ts'

const VERSION = '2.35.0'

export const POWERTOOLS = ['logger', 'metrics', 'tracer', 'parameters', 'batch', 'event-handler'].map(
  (name) => `@aws-lambda-powertools/${name}@${VERSION}`,
)

/** Logger, metrics, tracer and a parameter, in a function that objects invoke. */
const OBJECTS = `import { Logger } from '@aws-lambda-powertools/logger'
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics'
import { getParameter } from '@aws-lambda-powertools/parameters/ssm'
import { Tracer } from '@aws-lambda-powertools/tracer'
const logger = new Logger({ serviceName: 'thumbs' })
const metrics = new Metrics({ namespace: 'shop', serviceName: 'thumbs' })
const tracer = new Tracer({ serviceName: 'thumbs', enabled: false })
export const handler = async (event, context) => {
  logger.addContext(context)
  const greeting = await getParameter('/greeting')
  for (const { s3 } of event.Records) {
    logger.info('object', { key: s3.object.key, greeting, isTracing: tracer.isTracingEnabled() })
    metrics.addMetric('objects', MetricUnit.Count, 1)
  }
  metrics.publishStoredMetrics()
}`
const MESSAGES = `import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch'
const processor = new BatchProcessor(EventType.SQS)
const record = async ({ body }) => {
  if (body === 'bad') throw new Error('bad message')
  console.log('processed ' + body)
}
export const handler = (event, context) => processPartialResponse(event, record, processor, { context })`
const REQUESTS = `import { Router } from '@aws-lambda-powertools/event-handler/http'
const app = new Router()
app.get('/hello/:name', ({ params }) => ({ hello: params.name }))
export const handler = (event, context) => app.resolve(event, context)`

export async function powertools(house: House, modules: string): Promise<void> {
  const library = await filesOf(modules)
  await objects(house, library)
  await messages(house, library)
  await requests(house, library)
}

async function objects(house: House, library: Record<string, Uint8Array>): Promise<void> {
  const ssm = new SSMClient(house.connection)
  await ssm.send(new PutParameterCommand({ Name: '/greeting', Value: 'hello', Type: 'String' }))
  const arn = await house.create('objects', 'nodejs24.x', { ...library, 'index.mjs': OBJECTS })
  await house.notify('objects', arn)
  await house.put('objects', 'a.jpg')
  const line = JSON.parse(await house.logged('objects', '"message":"object"')) as Record<string, unknown>
  assert.equal(line.key, 'a.jpg')
  assert.equal(line.greeting, 'hello')
  assert.equal(line.service, 'thumbs')
  assert.equal(line.function_arn, arn)
  assert.equal(line.cold_start, true)
  assert.match(String(line.function_request_id), /^[0-9a-f-]{36}$/)
  const metric = JSON.parse(await house.logged('objects', '"_aws"')) as Record<string, unknown>
  assert.equal(metric.objects, 1)
}

async function messages(house: House, library: Record<string, Uint8Array>): Promise<void> {
  const sqs = new SQSClient(house.connection)
  const { QueueUrl } = await sqs.send(
    new CreateQueueCommand({ QueueName: 'messages', Attributes: { VisibilityTimeout: '60' } }),
  )
  const AttributeNames = ['QueueArn', 'ApproximateNumberOfMessagesNotVisible'] as const
  const attributes = async () =>
    (await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...AttributeNames] }))).Attributes ?? {}
  await house.create('messages', 'nodejs24.x', { ...library, 'index.mjs': MESSAGES })
  const Entries = ['good', 'bad', 'better'].map((MessageBody) => ({ Id: MessageBody, MessageBody }))
  await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }))
  await house.lambda.send(
    new CreateEventSourceMappingCommand({
      FunctionName: 'messages',
      EventSourceArn: (await attributes()).QueueArn,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    }),
  )
  await house.logged('messages', 'processed good')
  await house.logged('messages', 'processed better')
  // The bad one alone waits to be tried again.
  assert.equal((await attributes()).ApproximateNumberOfMessagesNotVisible, '1')
}

async function requests(house: House, library: Record<string, Uint8Array>): Promise<void> {
  await house.create('requests', 'nodejs24.x', { ...library, 'index.mjs': REQUESTS })
  const http = { method: 'GET', path: '/hello/world', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'test' }
  const answer = await house.invoke('requests', {
    version: '2.0',
    routeKey: '$default',
    rawPath: '/hello/world',
    rawQueryString: '',
    headers: { host: 'localhost' },
    requestContext: { http, domainName: 'localhost', requestId: 'id', stage: '$default' },
    isBase64Encoded: false,
  })
  const { statusCode, body } = answer.value as { statusCode: number; body: string }
  assert.equal(statusCode, 200)
  assert.deepEqual(JSON.parse(body), { hello: 'world' })
}
