import { callJson, type Connection } from './connection.ts'

/** A message as ReceiveMessage answers it. */
export interface Message {
  readonly MessageId: string
  readonly ReceiptHandle: string
  readonly Body: string
  readonly MessageAttributes?: Readonly<Record<string, { readonly StringValue?: string }>>
}

/** One operation of Amazon SQS. */
export function queueCall(connection: Connection, operation: string, input: object): Promise<unknown> {
  const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${operation}` }
  return callJson(connection, 'sqs', { method: 'POST', path: '/', headers, body: JSON.stringify(input) })
}

/** The URL of a queue given by its name, ARN or URL. */
export async function requireQueueUrl(connection: Connection, queue: string): Promise<string> {
  if (/^https?:\/\//.test(queue)) return queue
  const QueueName = queue.split(':').at(-1)
  return ((await queueCall(connection, 'GetQueueUrl', { QueueName })) as { QueueUrl: string }).QueueUrl
}

export async function attributesOf(
  connection: Connection,
  QueueUrl: string,
): Promise<Readonly<Record<string, string | undefined>>> {
  const answer = await queueCall(connection, 'GetQueueAttributes', {
    QueueUrl,
    AttributeNames: ['QueueArn', 'ApproximateNumberOfMessages'],
  })
  return (answer as { Attributes: Record<string, string> }).Attributes
}

/** URLs of the queues whose redrive policy names this one; the first page of them is enough to know that there are some. */
export async function sourceQueues(connection: Connection, QueueUrl: string): Promise<readonly string[]> {
  const answer = await queueCall(connection, 'ListDeadLetterSourceQueues', { QueueUrl })
  return (answer as { queueUrls?: string[] }).queueUrls ?? []
}
