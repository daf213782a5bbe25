import { AwsError } from '../errors.ts'
import { parseJson, valueCodec } from '../json.ts'
import { restOutput } from '../rest-output.ts'
import { Unreadable } from '../unreadable.ts'
import { type Dialect, isBodiless, mergeHeaders, messageName, perOperation } from './dialect.ts'
import { type RestDocuments, restReader, restWriter } from './rest-body.ts'

// Unmodelled errors of Lambda's front end write `Message`; all others `message`.
const capitalMessages = new Set(['AccessDeniedException', 'RequestEntityTooLargeException'])

/** Lambda's dialect: REST with JSON documents; the error's name travels in a header. */
export function restJson(): Dialect {
  const documents = jsonDocuments()
  const reader = perOperation((operation) => restReader(operation, documents, false))
  const writer = perOperation((operation) => restWriter(operation, documents))
  return {
    protocol: 'restJson1',
    read: (route, request, body) => (route.schema === undefined ? {} : reader(route.schema)(route, request, body)),
    write: (operation, output, reply) => writer(operation)(output, reply),
    writeError(error, modelled) {
      const headers = { 'content-type': 'application/json', 'x-amzn-errortype': error.code }
      const body: Record<string, unknown> = {}
      const bound = modelled === undefined ? undefined : restOutput(modelled)
      const inHeaders = new Set(
        modelled?.members.filter((member) => member.traits.httpHeader !== undefined).map((member) => member.name),
      )
      bound?.writeHeaders(error.fields, headers)
      for (const [name, value] of Object.entries(error.fields)) if (!inHeaders.has(name)) body[name] = value
      body[messageName(modelled, capitalMessages.has(error.code) ? 'Message' : 'message')] = error.message
      mergeHeaders(headers, error.headers)
      return {
        status: error.status,
        headers,
        body: isBodiless(error.status) ? undefined : Buffer.from(JSON.stringify(body)),
      }
    },
    unreadable: (error) => new AwsError('SerializationException', 400, error.message, { Type: 'User' }),
  }
}

function jsonDocuments(): RestDocuments {
  const codec = valueCodec('json')
  return {
    contentType: 'application/json',
    emptyDocument: Buffer.from('{}'),
    reader(schema) {
      const read = codec.reader(schema)
      return (body) => read(parseJson(body)) as Record<string, unknown>
    },
    writer(_, schema) {
      const write = codec.writer(schema)
      return (value) => Buffer.from(JSON.stringify(write(value)))
    },
    compileEvent(schema, members) {
      const write = codec.writer({ ...schema, members })
      return (value) => Buffer.from(JSON.stringify(write(value)))
    },
    missingPayload(member) {
      throw new Unreadable(`${member.name} is missing`)
    },
  }
}
