import { crc32 } from 'node:zlib'
import { assert } from '../std/assert.ts'
import { AwsError } from './errors.ts'
import type { Member, StructureSchema } from './schema.ts'

// application/vnd.amazon.eventstream: prelude (total length, header length, CRC), headers, payload, CRC.
// https://smithy.io/2.0/aws/amazon-eventstream.html

export type HeaderValue = string | boolean | number | Uint8Array | Date

/** One message of the stream. Numbers go as 32-bit integers, Dates as timestamps. */
export function encodeMessage(headers: Readonly<Record<string, HeaderValue>>, payload: Uint8Array): Buffer {
  const head = Buffer.concat(Object.entries(headers).map(([name, value]) => encodeHeader(name, value)))
  const message = Buffer.allocUnsafe(16 + head.length + payload.byteLength)
  message.writeUInt32BE(message.length, 0)
  message.writeUInt32BE(head.length, 4)
  message.writeUInt32BE(crc32(message.subarray(0, 8)), 8)
  head.copy(message, 12)
  message.set(payload, 12 + head.length)
  message.writeUInt32BE(crc32(message.subarray(0, message.length - 4)), message.length - 4)
  return message
}

function encodeHeader(name: string, value: HeaderValue): Buffer {
  const nameBytes = Buffer.from(name)
  const start = Buffer.concat([Buffer.of(nameBytes.length), nameBytes])
  if (typeof value === 'boolean') return Buffer.concat([start, Buffer.of(value ? 0 : 1)])
  if (typeof value === 'number') {
    const bytes = Buffer.allocUnsafe(5)
    bytes[0] = 4
    bytes.writeInt32BE(value, 1)
    return Buffer.concat([start, bytes])
  }
  if (value instanceof Date) {
    const bytes = Buffer.allocUnsafe(9)
    bytes[0] = 8
    bytes.writeBigInt64BE(BigInt(value.getTime()), 1)
    return Buffer.concat([start, bytes])
  }
  const content = typeof value === 'string' ? Buffer.from(value) : value
  const prefix = Buffer.allocUnsafe(3)
  prefix[0] = typeof value === 'string' ? 7 : 6
  prefix.writeUInt16BE(content.byteLength, 1)
  return Buffer.concat([start, prefix, content])
}

/** How a document goes inside an event of this protocol. */
export interface EventDocuments {
  readonly contentType: string
  compileEvent(schema: StructureSchema, members: readonly Member[]): (value: object) => Uint8Array
}

type EventEncoder = (value: Record<string, unknown>) => Buffer

/** Compiles the events of a streaming union; each item the handler yields has one member set. */
export function eventStreamEncoder(union: StructureSchema, documents: EventDocuments) {
  const encoders = new Map<string, EventEncoder>()
  const errorWriters = new Map<Member, (value: object) => Uint8Array>()
  for (const member of union.members) {
    const schema = member.schema as StructureSchema
    if (schema.isError) errorWriters.set(member, documents.compileEvent(schema, schema.members))
    else encoders.set(member.name, eventEncoder(member, documents))
  }

  /** An error the handler throws becomes an exception message: the status went out long ago. */
  return async function* encode(
    events: AsyncIterable<object>,
    initial: Uint8Array | undefined,
  ): AsyncGenerator<Buffer> {
    if (initial !== undefined) {
      const headers = {
        ':message-type': 'event',
        ':event-type': 'initial-response',
        ':content-type': documents.contentType,
      }
      yield encodeMessage(headers, initial)
    }
    try {
      for await (const event of events) {
        const [name, value] = Object.entries(event).find(([, value]) => value !== undefined) ?? ['', {}]
        const encoder = encoders.get(name)
        assert(encoder, `the stream ${union.name} has no event ${name}`)
        yield encoder(value as Record<string, unknown>)
      }
    } catch (error) {
      if (!(error instanceof AwsError)) throw error
      yield encodeError(union, documents, errorWriters, error)
    }
  }
}

type ErrorWriters = ReadonlyMap<Member, (value: object) => Uint8Array>

function encodeError(
  union: StructureSchema,
  documents: EventDocuments,
  writers: ErrorWriters,
  error: AwsError,
): Buffer {
  const modelled = union.members.find(
    (member) => member.name === error.code || (member.schema as StructureSchema).name === error.code,
  )
  if (modelled === undefined) {
    return encodeMessage(
      { ':message-type': 'error', ':error-code': error.code, ':error-message': error.message },
      Buffer.alloc(0),
    )
  }
  const headers = {
    ':message-type': 'exception',
    ':exception-type': modelled.name,
    ':content-type': documents.contentType,
  }
  return encodeMessage(
    headers,
    writers.get(modelled)?.({ message: error.message, Message: error.message, ...error.fields }) ?? nothing,
  )
}

function eventEncoder(event: Member, documents: EventDocuments): EventEncoder {
  const schema = event.schema as StructureSchema
  const headerMembers = schema.members.filter((member) => member.traits.eventHeader === 1)
  const payload = schema.members.find((member) => member.traits.eventPayload === 1)
  const bodyMembers = schema.members.filter((member) => member.traits.eventHeader !== 1)
  const encodePayload = payloadEncoder(schema, payload, bodyMembers, documents)
  return (value) => {
    const headers: Record<string, HeaderValue> = { ':message-type': 'event', ':event-type': event.name }
    for (const member of headerMembers) {
      const part = value[member.name]
      if (part !== undefined && part !== null) headers[member.name] = part as HeaderValue
    }
    const { contentType, bytes } = encodePayload(value)
    if (contentType !== undefined) headers[':content-type'] = contentType
    return encodeMessage(headers, bytes)
  }
}

interface EventPayload {
  readonly contentType: string | undefined
  readonly bytes: Uint8Array
}

const nothing: Uint8Array = Buffer.alloc(0)

function payloadEncoder(
  schema: StructureSchema,
  payload: Member | undefined,
  bodyMembers: readonly Member[],
  documents: EventDocuments,
): (value: Record<string, unknown>) => EventPayload {
  if (payload?.schema.kind === 'blob') {
    return (value) => {
      const bytes = value[payload.name] as Uint8Array | string | undefined
      return {
        contentType: 'application/octet-stream',
        bytes: typeof bytes === 'string' ? Buffer.from(bytes) : (bytes ?? nothing),
      }
    }
  }
  if (payload?.schema.kind === 'string') {
    return (value) => ({ contentType: 'text/plain', bytes: Buffer.from(String(value[payload.name] ?? '')) })
  }
  if (payload !== undefined) {
    const inner = payload.schema as StructureSchema
    const write = documents.compileEvent(inner, inner.members)
    return (value) => ({ contentType: documents.contentType, bytes: write((value[payload.name] ?? {}) as object) })
  }
  if (bodyMembers.length === 0) return () => ({ contentType: undefined, bytes: nothing })
  const write = documents.compileEvent(schema, bodyMembers)
  return (value) => ({ contentType: documents.contentType, bytes: write(value) })
}
