import type { MessageAttributeValue } from '@aws-sdk/client-sns'
import type { MessageAttribute } from '../../delivery/delivery.ts'
import { invalidParameter } from './errors.ts'
import type { Protocol } from './tables.ts'

/** 256 KiB, message and attributes together. https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
export const MESSAGE_BYTES_MAX = 256 * 1024

/** What Publish was given, checked as far as the topic does not matter. */
export interface Draft {
  readonly messageId: string
  /** For protocols that have no text of their own. */
  readonly message: string
  readonly messages: Readonly<Partial<Record<Protocol, string>>>
  readonly subject: string | undefined
  readonly attributes: Readonly<Record<string, MessageAttribute>>
  readonly groupId: string | undefined
  readonly deduplicationId: string | undefined
  readonly traceHeader: string | undefined
}

export interface MessageInput {
  readonly Message?: string | undefined
  readonly Subject?: string | undefined
  readonly MessageStructure?: string | undefined
  readonly MessageAttributes?: Readonly<Record<string, MessageAttributeValue>> | undefined
  readonly MessageGroupId?: string | undefined
  readonly MessageDeduplicationId?: string | undefined
}

/** Throws InvalidParameter, and ParameterValueInvalid for attributes, in AWS's words. */
export function readMessage(input: MessageInput, messageId: string, traceHeader: string | undefined): Draft {
  const text = input.Message
  if (text === undefined) throw invalidParameter('Message Reason: no value for required parameter')
  if (text === '') throw invalidParameter('Empty message')
  checkSubject(input.Subject)
  const attributes = readAttributes(input.MessageAttributes ?? {})
  const draft: Draft = {
    messageId,
    ...readStructure(text, input.MessageStructure),
    subject: input.Subject,
    attributes,
    groupId: checkFifoId(input.MessageGroupId, 'MessageGroupId'),
    deduplicationId: checkFifoId(input.MessageDeduplicationId, 'MessageDeduplicationId'),
    traceHeader,
  }
  if (Buffer.byteLength(text) + attributesBytes(attributes) > MESSAGE_BYTES_MAX) {
    throw invalidParameter('Message too long')
  }
  return draft
}

/** Message and attributes as they count towards limits, in bytes. */
export function inputBytes(input: MessageInput): number {
  return Buffer.byteLength(input.Message ?? '') + attributesBytes(readAttributes(input.MessageAttributes ?? {}))
}

function readStructure(text: string, structure: string | undefined): Pick<Draft, 'message' | 'messages'> {
  if (structure === undefined || structure === '') return { message: text, messages: {} }
  if (structure !== 'json') throw invalidParameter('MessageStructure')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw invalidParameter('Message Structure - JSON message body failed to parse')
  }
  const texts = value as Readonly<Record<string, unknown>> | null
  if (typeof texts !== 'object' || typeof texts?.['default'] !== 'string') {
    throw invalidParameter('Message Structure - No default entry in JSON message body')
  }
  const messages: Partial<Record<Protocol, string>> = {}
  for (const protocol of ['sqs', 'lambda', 'http', 'https'] as const) {
    const own = texts[protocol]
    if (typeof own === 'string') messages[protocol] = own
  }
  return { message: texts['default'], messages }
}

function checkSubject(subject: string | undefined): void {
  if (subject === undefined) return
  // At most 100 printable characters, the first no space. https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
  const isFine = subject.length >= 1 && subject.length <= 100 && !/\p{Cc}/u.test(subject) && !/^\s/.test(subject)
  if (!isFine) throw invalidParameter('Subject')
}

function checkFifoId(value: string | undefined, parameter: string): string | undefined {
  if (value === undefined || /^[!-~]{1,128}$/.test(value)) return value
  throw invalidParameter(
    `${parameter} Reason: ${parameter} can only include alphanumeric and punctuation characters. 1 to 128 in length.`,
  )
}

function readAttributes(input: Readonly<Record<string, MessageAttributeValue>>): Draft['attributes'] {
  const attributes: Record<string, MessageAttribute> = {}
  for (const [name, value] of Object.entries(input)) {
    if (!/^(?!\.)(?!.*\.\.)[A-Za-z0-9_.-]{1,256}(?<!\.)$/.test(name)) {
      throw invalidParameter(`Invalid message attribute name: ${name}`)
    }
    attributes[name] = readAttribute(name, value)
  }
  return attributes
}

function readAttribute(name: string, { DataType, StringValue, BinaryValue }: MessageAttributeValue): MessageAttribute {
  const where = `The message attribute '${name}'`
  if (!DataType) throw invalidParameter(`${where} must contain a non-empty message attribute type.`)
  if (!/^(String|Number|Binary)(\..+)?$/.test(DataType)) {
    throw invalidParameter(
      `${where} has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
    )
  }
  const empty = () =>
    invalidParameter(
      `${where} must contain a non-empty message attribute value for message attribute type '${DataType}'.`,
    )
  if (DataType.startsWith('Binary')) {
    if (BinaryValue === undefined || BinaryValue.length === 0) throw empty()
    return { dataType: DataType, binaryValue: Buffer.from(BinaryValue).toString('base64') }
  }
  if (StringValue === undefined || StringValue === '') throw empty()
  if (DataType.startsWith('Number') && !/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(StringValue)) {
    throw invalidParameter(`${where} with type Number must be a number.`)
  }
  return { dataType: DataType, stringValue: StringValue }
}

function attributesBytes(attributes: Draft['attributes']): number {
  let total = 0
  for (const [name, { dataType, stringValue = '', binaryValue = '' }] of Object.entries(attributes)) {
    total += Buffer.byteLength(name + dataType + stringValue) + Buffer.byteLength(binaryValue, 'base64')
  }
  return total
}
