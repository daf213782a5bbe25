import type { Message } from '@aws-sdk/client-sqs'
import { parsePattern } from '../../../event-pattern/pattern.ts'

/** One message as the function gets it. https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html */
export interface SqsRecord {
  readonly messageId: string
  readonly receiptHandle: string
  readonly body: string
  readonly attributes: Readonly<Record<string, string>>
  readonly messageAttributes: Readonly<Record<string, unknown>>
  readonly md5OfBody: string
  readonly md5OfMessageAttributes?: string
  readonly eventSource: 'aws:sqs'
  readonly eventSourceARN: string
  readonly awsRegion: string
}

export function recordOf(message: Message, eventSourceARN: string): SqsRecord {
  return {
    messageId: message.MessageId ?? '',
    receiptHandle: message.ReceiptHandle ?? '',
    body: message.Body ?? '',
    attributes: { ...message.Attributes },
    messageAttributes: Object.fromEntries(
      Object.entries(message.MessageAttributes ?? {}).map(([name, value]) => [
        name,
        {
          ...(value.StringValue !== undefined && { stringValue: value.StringValue }),
          ...(value.BinaryValue !== undefined && { binaryValue: Buffer.from(value.BinaryValue).toString('base64') }),
          stringListValues: [],
          binaryListValues: [],
          dataType: value.DataType,
        },
      ]),
    ),
    md5OfBody: message.MD5OfBody ?? '',
    ...(message.MD5OfMessageAttributes !== undefined && { md5OfMessageAttributes: message.MD5OfMessageAttributes }),
    eventSource: 'aws:sqs',
    eventSourceARN,
    awsRegion: eventSourceARN.split(':')[3] ?? '',
  }
}

/** Does a record pass one of the filters? A pattern for fields of the body wants a body that is JSON, any other a text. */
export type Filter = (record: SqsRecord) => boolean

export function filterOf(patterns: readonly string[]): Filter {
  if (patterns.length === 0) return () => true
  const tests = patterns.map((text) => {
    const pattern = parsePattern(text)
    const { body } = JSON.parse(text) as { body?: unknown }
    const wantsFields = typeof body === 'object' && body !== null && !Array.isArray(body)
    return (record: SqsRecord) => {
      if (!wantsFields) return pattern.matches(record)
      const fields = parsedObject(record.body)
      return fields !== undefined && pattern.matches({ ...record, body: fields })
    }
  })
  return (record) => tests.some((test) => test(record))
}

/**
 * The message ids that a function says it could not process. `all`: the answer names a message that was not in the batch, or cannot be
 * read. https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export function failedItems(payload: string, ids: ReadonlySet<string>): ReadonlySet<string> | 'all' {
  let answer: unknown
  try {
    answer = JSON.parse(payload)
  } catch {
    return 'all'
  }
  if (answer === null || answer === undefined) return NONE
  if (typeof answer !== 'object') return NONE
  const failures = (answer as { batchItemFailures?: unknown }).batchItemFailures
  if (failures === undefined || failures === null) return NONE
  if (!Array.isArray(failures)) return 'all'
  const failed = new Set<string>()
  for (const item of failures) {
    const id = (item as { itemIdentifier?: unknown } | null)?.itemIdentifier
    if (typeof id !== 'string' || !ids.has(id)) return 'all'
    failed.add(id)
  }
  return failed
}

const NONE: ReadonlySet<string> = new Set()

function parsedObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
