import { createHash } from 'node:crypto'
import type { MessageAttributeValue } from '@aws-sdk/client-sqs'
import { invalidMessageContents, invalidParameterValue } from './errors.ts'
import type { MessageAttributeRow, MessageAttributes } from './tables.ts'

const ATTRIBUTE_COUNT_MAX = 10
const NAME_LENGTH_MAX = 256
const TYPE_LENGTH_MAX = 256
/** What a string or a body may consist of: the characters of XML 1.0. */
const FORBIDDEN = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u

export function checkCharacters(text: string): void {
  if (FORBIDDEN.test(text)) throw invalidMessageContents()
}

/** Reads the attributes of a message. Throws InvalidParameterValue in AWS's words. */
export function readMessageAttributes(
  input: Readonly<Record<string, MessageAttributeValue>> | undefined,
): MessageAttributes {
  const entries = Object.entries(input ?? {})
  if (entries.length > ATTRIBUTE_COUNT_MAX) {
    throw invalidParameterValue(
      `Number of message attributes [${entries.length}] exceeds the allowed maximum [${ATTRIBUTE_COUNT_MAX}].`,
    )
  }
  const attributes: Record<string, MessageAttributeRow> = {}
  for (const [name, value] of entries) {
    checkName(name)
    attributes[name] = readValue(name, value)
  }
  return attributes
}

/** Name, type and value of all attributes: they count towards the size of a message. */
export function attributesBytes(attributes: MessageAttributes): number {
  let total = 0
  for (const [name, { dataType, stringValue, binaryValue }] of Object.entries(attributes)) {
    total += Buffer.byteLength(name) + Buffer.byteLength(dataType)
    total += stringValue === undefined ? Buffer.byteLength(binaryValue ?? '', 'base64') : Buffer.byteLength(stringValue)
  }
  return total
}

/**
 * `MD5OfMessageAttributes`: attributes by name; each its name, type and value with 4 bytes of length before, and one byte (1 text, 2 binary)
 * before the value. Undefined where there are none.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html#sqs-attributes-md5-message-digest-calculation
 */
export function attributesMd5(attributes: MessageAttributes): string | undefined {
  const names = Object.keys(attributes)
  if (names.length === 0) return undefined
  const running = createHash('md5')
  const add = (bytes: Buffer) => {
    const length = Buffer.allocUnsafe(4)
    length.writeUInt32BE(bytes.length)
    running.update(length).update(bytes)
  }
  for (const name of names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))) {
    const { dataType, stringValue, binaryValue } = attributes[name] as MessageAttributeRow
    add(Buffer.from(name))
    add(Buffer.from(dataType))
    running.update(Buffer.of(stringValue === undefined ? 2 : 1))
    add(stringValue === undefined ? Buffer.from(binaryValue ?? '', 'base64') : Buffer.from(stringValue))
  }
  return running.digest('hex')
}

/** The attributes as answers carry them. */
export function printMessageAttributes(attributes: MessageAttributes): Record<string, MessageAttributeValue> {
  const printed: Record<string, MessageAttributeValue> = {}
  for (const [name, { dataType, stringValue, binaryValue }] of Object.entries(attributes)) {
    printed[name] =
      stringValue === undefined
        ? { DataType: dataType, BinaryValue: Buffer.from(binaryValue ?? '', 'base64') }
        : { DataType: dataType, StringValue: stringValue }
  }
  return printed
}

/** The attributes whose names were asked for: exact, `prefix.*`, or `All` and `.*` for all. */
export function selectAttributes(attributes: MessageAttributes, wanted: readonly string[]): MessageAttributes {
  if (wanted.length === 0) return {}
  if (wanted.includes('All') || wanted.includes('.*')) return attributes
  const prefixes = wanted.filter((name) => name.endsWith('.*')).map((name) => name.slice(0, -1))
  return Object.fromEntries(
    Object.entries(attributes).filter(
      ([name]) => wanted.includes(name) || prefixes.some((prefix) => name.startsWith(prefix)),
    ),
  )
}

function checkName(name: string): void {
  const isBad =
    name.length === 0 ||
    name.length > NAME_LENGTH_MAX ||
    !/^[A-Za-z0-9_.-]+$/.test(name) ||
    name.startsWith('.') ||
    name.endsWith('.') ||
    name.includes('..')
  if (isBad) {
    throw invalidParameterValue(
      `The message attribute name '${name}' is invalid. Attribute name can contain A-Z, a-z, 0-9, underscore (_), hyphen (-), and period (.), must not start or end with a period or have periods in succession, and can be at most ${NAME_LENGTH_MAX} characters long.`,
    )
  }
  if (/^(aws|amazon)\./i.test(name)) {
    throw invalidParameterValue(`The message attribute name '${name}' uses a reserved prefix.`)
  }
}

function readValue(name: string, value: MessageAttributeValue): MessageAttributeRow {
  const { DataType: dataType, StringValue, BinaryValue, StringListValues, BinaryListValues } = value
  if ((StringListValues?.length ?? 0) > 0 || (BinaryListValues?.length ?? 0) > 0) {
    throw invalidParameterValue('Message attribute list values in SendMessage operation are not supported.')
  }
  if (dataType === undefined || dataType === '') {
    throw invalidParameterValue(`The message attribute '${name}' must contain a non-empty message attribute type.`)
  }
  const kind = /^(String|Number|Binary)(\..+)?$/.exec(dataType)?.[1]
  if (kind === undefined || dataType.length > TYPE_LENGTH_MAX) {
    throw invalidParameterValue(
      `The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
    )
  }
  if (StringValue !== undefined && BinaryValue !== undefined) {
    throw invalidParameterValue(`Message attribute '${name}' has multiple values.`)
  }
  if (kind === 'Binary') {
    if (BinaryValue === undefined || BinaryValue.length === 0) throw emptyValue(name, dataType)
    return { dataType, binaryValue: Buffer.from(BinaryValue).toString('base64') }
  }
  if (StringValue === undefined || StringValue === '') throw emptyValue(name, dataType)
  checkCharacters(StringValue)
  if (kind === 'Number' && !/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(StringValue)) {
    throw invalidParameterValue(`Can't cast the value of message attribute '${name}' to a number.`)
  }
  return { dataType, stringValue: StringValue }
}

function emptyValue(name: string, dataType: string) {
  return invalidParameterValue(
    `The message attribute '${name}' must contain a non-empty message attribute value for message attribute type (${dataType}).`,
  )
}
