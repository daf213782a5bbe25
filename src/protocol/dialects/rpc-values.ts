import { AwsError } from '../errors.ts'
import { eventStreamEncoder } from '../event-stream.ts'
import { decodeCbor, encodeCbor } from '../cbor.ts'
import { parseJson, valueCodec } from '../json.ts'
import type { Member, Model, OperationSchema, StructureSchema } from '../schema.ts'
import type { ProtocolName, WireReply } from '../service.ts'
import { type Dialect, mergeHeaders, messageName, perOperation } from './dialect.ts'

/** How a whole input or output becomes bytes. */
interface ValueEncoding {
  readonly protocol: ProtocolName
  readonly values: 'json' | 'cbor'
  readonly contentType: string
  /** Of the documents inside events. */
  readonly eventContentType: string
  readonly headers: Readonly<Record<string, string>>
  decode(body: Buffer): unknown
  encode(value: unknown): Buffer
  /** `__type` of errors. */
  errorType(namespace: string, name: string): string
}

const json = {
  values: 'json',
  headers: {},
  eventContentType: 'application/json',
  decode: parseJson,
  encode: (value: unknown) => Buffer.from(JSON.stringify(value)),
} as const

export const awsJson1_0 = (model: Model): Dialect =>
  rpcDialect(model, {
    ...json,
    protocol: 'awsJson1_0',
    contentType: 'application/x-amz-json-1.0',
    errorType: (namespace, name) => `${namespace}#${name}`,
  })

export const awsJson1_1 = (model: Model): Dialect =>
  rpcDialect(model, {
    ...json,
    protocol: 'awsJson1_1',
    contentType: 'application/x-amz-json-1.1',
    errorType: (_, name) => name,
  })

export const rpcv2Cbor = (model: Model): Dialect =>
  rpcDialect(model, {
    protocol: 'rpcv2Cbor',
    values: 'cbor',
    contentType: 'application/cbor',
    eventContentType: 'application/cbor',
    headers: { 'smithy-protocol': 'rpc-v2-cbor' },
    decode: decodeCbor,
    encode: encodeCbor,
    errorType: (namespace, name) => `${namespace}#${name}`,
  })

/** The dialects whose body is the whole input and the whole output: awsJson and rpcv2Cbor. */
function rpcDialect(model: Model, encoding: ValueEncoding): Dialect {
  const codec = valueCodec(encoding.values)
  const reader = perOperation((operation) =>
    operation.input === undefined ? () => ({}) : codec.reader(operation.input),
  )
  const writer = perOperation((operation) => outputWriter(operation))

  function outputWriter(
    operation: OperationSchema,
  ): (output: Record<string, unknown>, headers: WireReply['headers']) => WireReply['body'] {
    const { output } = operation
    const stream = output?.members.find(isEventStream)
    if (output === undefined) {
      // JSON 1.x answers a document even where there is nothing to say; CBOR does not.
      const empty = encoding.values === 'json' ? encoding.encode({}) : undefined
      return () => empty
    }
    const write = codec.writer({ ...output, members: output.members.filter((member) => member !== stream) })
    if (stream === undefined) return (value) => encoding.encode(write(value))
    const encodeEvents = eventStreamEncoder(stream.schema as StructureSchema, {
      contentType: encoding.eventContentType,
      compileEvent(schema, members) {
        const writeEvent = codec.writer({ ...schema, members })
        return (value) => encoding.encode(writeEvent(value))
      },
    })
    return (value, headers) => {
      headers['content-type'] = 'application/vnd.amazon.eventstream'
      return encodeEvents(value[stream.name] as AsyncIterable<object>, encoding.encode(write(value)))
    }
  }

  return {
    protocol: encoding.protocol,
    read: (route, _, body) =>
      route.schema === undefined
        ? {}
        : (reader(route.schema)(encoding.decode(body as Buffer)) as Record<string, unknown>),
    write(operation, output, reply) {
      const headers: WireReply['headers'] = { 'content-type': encoding.contentType, ...encoding.headers }
      const body = writer(operation)(output, headers)
      if (body === undefined) delete headers['content-type']
      mergeHeaders(headers, reply.headers)
      return { status: reply.status ?? operation.status, headers, body }
    },
    writeError(error, modelled) {
      const name = modelled?.name ?? error.code
      const headers: WireReply['headers'] = { 'content-type': encoding.contentType, ...encoding.headers }
      const fault = error.status < 500 ? 'Sender' : 'Receiver'
      if (model.queryCompatible)
        headers['x-amzn-query-error'] = `${modelled?.traits.awsQueryError?.[0] ?? error.code};${fault}`
      const body = {
        __type: encoding.errorType(model.namespace, name),
        [messageName(modelled, name === 'AccessDeniedException' ? 'Message' : 'message')]: error.message,
        ...error.fields,
      }
      mergeHeaders(headers, error.headers)
      return { status: error.status, headers, body: encoding.encode(body) }
    },
    unreadable: (error) => new AwsError('SerializationException', 400, error.message),
  }
}

function isEventStream(member: Member): boolean {
  return member.schema.kind === 'union' && member.schema.traits.streaming === 1
}
