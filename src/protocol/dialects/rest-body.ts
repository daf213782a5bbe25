import type { ByteSource } from '../../std/byte-source.ts'
import type { EventDocuments } from '../event-stream.ts'
import { eventStreamEncoder } from '../event-stream.ts'
import type { Reply } from '../operation.ts'
import { restInput } from '../rest-input.ts'
import { restOutput } from '../rest-output.ts'
import type { Member, OperationSchema, StructureSchema } from '../schema.ts'
import type { WireReply, WireRequest } from '../service.ts'
import { type FullRoute, isBodiless, mergeHeaders } from './dialect.ts'

/** What differs between the two REST dialects: the document. */
export interface RestDocuments extends EventDocuments {
  /** Reader of a document that is the body: of the payload member, or of the members without another place. */
  reader(schema: StructureSchema, payload: Member | undefined): (body: Buffer) => Record<string, unknown>
  /** Writer of the same; `payload` names the root element. */
  writer(
    operation: OperationSchema,
    schema: StructureSchema,
    payload: Member | undefined,
  ): (value: object) => Uint8Array
  /** Whether an output without any member for the body still has a document (JSON: `{}`). */
  readonly emptyDocument: Uint8Array | undefined
  /** A body that had to come did not. */
  missingPayload(member: Member): never
}

export type RestReader = (route: FullRoute, request: WireRequest, body: Buffer | ByteSource) => Record<string, unknown>
export type RestWriter = (output: Record<string, unknown>, reply: Reply) => WireReply

/** Compiles path, query, headers and body of an operation's input. */
export function restReader(operation: OperationSchema, documents: RestDocuments, enforceRequired: boolean): RestReader {
  const input = restInput(operation)
  const readBody = bodyReader(operation, input.payload, input.bodyMembers, documents)
  return (route, request, body) => {
    const target: Record<string, unknown> = {}
    input.bind(target, route.labels, route.form, request.headers)
    if (enforceRequired) input.requireBound(target)
    readBody(target, body)
    return target
  }
}

type BodyReader = (target: Record<string, unknown>, body: Buffer | ByteSource) => void

function bodyReader(
  operation: OperationSchema,
  payload: Member | undefined,
  bodyMembers: readonly Member[],
  documents: RestDocuments,
): BodyReader {
  if (payload === undefined) {
    if (bodyMembers.length === 0) return () => {}
    const read = documents.reader({ ...(operation.input as StructureSchema), members: bodyMembers }, undefined)
    return (target, body) => void Object.assign(target, read(body as Buffer))
  }
  const { name, schema } = payload
  const isEmpty = (body: Buffer | ByteSource) => {
    if (body.length !== 0) return false
    if (payload.required) documents.missingPayload(payload)
    return true
  }
  if (schema.kind === 'blob' && schema.streaming === true) {
    return (target, body) => {
      target[name] = body
    }
  }
  if (schema.kind === 'blob') {
    return (target, body) => {
      if (!isEmpty(body)) target[name] = body
    }
  }
  if (schema.kind === 'string') {
    return (target, body) => {
      if (!isEmpty(body)) target[name] = (body as Buffer).toString('utf8')
    }
  }
  const read = documents.reader(schema as StructureSchema, payload)
  return (target, body) => {
    if (!isEmpty(body)) target[name] = read(body as Buffer)
  }
}

/** Compiles status, headers and body of an operation's output. */
export function restWriter(operation: OperationSchema, documents: RestDocuments): RestWriter {
  const output = restOutput(operation.output)
  const writeBody = bodyWriter(operation, output.payload, output.bodyMembers, documents)
  const { statusMember } = output
  return (value, reply) => {
    const headers: WireReply['headers'] = {}
    output.writeHeaders(value, headers)
    const modelled = statusMember === undefined ? undefined : (value[statusMember] as number | undefined)
    const status = reply.status ?? modelled ?? operation.status
    const body = isBodiless(status) || operation.method === 'HEAD' ? undefined : writeBody(value, headers)
    mergeHeaders(headers, reply.headers)
    return { status, headers, body }
  }
}

type BodyWriter = (value: Record<string, unknown>, headers: WireReply['headers']) => WireReply['body']

function bodyWriter(
  operation: OperationSchema,
  payload: Member | undefined,
  bodyMembers: readonly Member[],
  documents: RestDocuments,
): BodyWriter {
  if (payload === undefined) {
    if (operation.output === undefined || bodyMembers.length === 0) return emptyWriter(operation, documents)
    const write = documents.writer(operation, { ...operation.output, members: bodyMembers }, undefined)
    return (value, headers) => {
      headers['content-type'] = documents.contentType
      return write(value)
    }
  }
  const { name, schema } = payload
  if (schema.kind === 'blob' || schema.kind === 'string') {
    const contentType = operation.contentType ?? (schema.kind === 'blob' ? 'application/octet-stream' : 'text/plain')
    return (value, headers) => {
      const body = value[name] as Uint8Array | AsyncIterable<Uint8Array> | string | undefined | null
      if (body === undefined || body === null) return undefined
      headers['content-type'] ??= contentType
      return typeof body === 'string' ? Buffer.from(body) : body
    }
  }
  if (schema.kind === 'union' && schema.traits.streaming === 1) {
    const encode = eventStreamEncoder(schema, documents)
    return (value, headers) => {
      headers['content-type'] = 'application/vnd.amazon.eventstream'
      return encode(value[name] as AsyncIterable<object>, undefined)
    }
  }
  const write = documents.writer(operation, schema as StructureSchema, payload)
  return (value, headers) => {
    const body = value[name]
    if (body === undefined || body === null) return undefined
    headers['content-type'] = documents.contentType
    return write(body as object)
  }
}

function emptyWriter(operation: OperationSchema, documents: RestDocuments): BodyWriter {
  const document = operation.output === undefined ? undefined : documents.emptyDocument
  if (document === undefined) return () => undefined
  return (_, headers) => {
    headers['content-type'] = documents.contentType
    return document
  }
}
