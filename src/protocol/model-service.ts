import { gunzipSync } from 'node:zlib'
import type { ByteSource } from '../std/byte-source.ts'
import { BucketRouter, pseudoOperations } from './bucket-router.ts'
import { awsQuery } from './dialects/aws-query.ts'
import type { Dialect, DialectFactory, FullRoute } from './dialects/dialect.ts'
import { isBodiless, mergeHeaders } from './dialects/dialect.ts'
import { restJson } from './dialects/rest-json.ts'
import { invalidUri, restXml } from './dialects/rest-xml.ts'
import { awsJson1_0, awsJson1_1, rpcv2Cbor } from './dialects/rpc-values.ts'
import { AwsError } from './errors.ts'
import { decodePercent, emptyForm, type Form, formValue, parseForm } from './form.ts'
import type { Reply } from './operation.ts'
import { RestRouter } from './rest-router.ts'
import type { Model, OperationSchema, StructureSchema } from './schema.ts'
import type { ProtocolName, ReplyIds, Route, ServiceProtocol, WireReply, WireRequest } from './service.ts'
import { Unreadable } from './unreadable.ts'
import { type ValidationStyle, validateInput } from './validate.ts'

/** Largest body a compressed one may become. PutMetricData, the only operation whose SDKs compress, takes 1 MB. */
const INFLATED_BYTES_MAX = 16 * 1024 * 1024

const factories: Readonly<Record<ProtocolName, DialectFactory>> = {
  restXml,
  restJson1: () => restJson(),
  awsJson1_0,
  awsJson1_1,
  awsQuery,
  rpcv2Cbor,
}

/** A service driven by its model. */
export class ModelService implements ServiceProtocol {
  readonly service: string
  readonly operationNames: readonly string[]
  readonly #model: Model
  readonly #validation: ValidationStyle
  readonly #dialects = new Map<ProtocolName, Dialect>()
  readonly #rest: RestRouter | undefined
  readonly #buckets: BucketRouter | undefined
  readonly #errors = new Map<string, StructureSchema>()

  constructor(model: Model, validation: ValidationStyle) {
    this.service = model.service
    this.#model = model
    this.#validation = validation
    const names = [...model.operations.keys()]
    const isXml = model.protocol === 'restXml'
    const hasBuckets = isXml && hasBucketsOutsideOfPaths(model)
    this.#buckets = hasBuckets ? new BucketRouter(model.operations.values()) : undefined
    this.#rest =
      model.protocol === 'restJson1' || (isXml && !hasBuckets) ? new RestRouter(model.operations.values()) : undefined
    this.operationNames = this.#buckets === undefined ? names : [...names, ...pseudoOperations]
    for (const error of model.errors) {
      // An error answers to its shape's name and to the code it has in awsQuery.
      this.#errors.set(error.name, error)
      const queryCode = error.traits.awsQueryError?.[0]
      if (queryCode !== undefined && !this.#errors.has(queryCode)) this.#errors.set(queryCode, error)
    }
  }

  needsBodyToRoute(request: WireRequest): boolean {
    return request.method === 'POST' && this.#protocolOf(request) === 'awsQuery'
  }

  route(request: WireRequest, body?: Buffer): Route {
    const protocol = this.#protocolOf(request)
    try {
      switch (protocol) {
        case 'restXml':
          return this.#buckets === undefined ? this.#routeRest(request) : this.#routeBuckets(this.#buckets, request)
        case 'restJson1':
          return this.#routeRest(request)
        case 'awsQuery':
          return this.#routeQuery(request, body)
        case 'rpcv2Cbor':
          return this.#routeNamed(protocol, request.path.slice(request.path.lastIndexOf('/') + 1))
        default:
          return this.#routeNamed(protocol, targetOperation(request.headers['x-amz-target']))
      }
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error
      throw protocol === 'restXml' ? invalidUri() : this.#dialect(protocol).unreadable(error)
    }
  }

  routeOf(operation: string): Route {
    return this.#routeNamed(this.#model.protocol as ProtocolName, operation)
  }

  parse(route: Route, request: WireRequest, body: Buffer | ByteSource): Record<string, unknown> {
    const full = route as FullRoute
    if (full.schema === undefined) return pseudoInput(full, request, body)
    const dialect = this.#dialect(route.protocol)
    try {
      return dialect.read(full, request, this.#isRest() || !Buffer.isBuffer(body) ? body : inflated(request, body))
    } catch (error) {
      if (error instanceof Unreadable) throw dialect.unreadable(error, route.operation)
      // A document nested deeper than the stack is the client's, not ours.
      if (error instanceof RangeError) throw dialect.unreadable(new Unreadable('nested too deeply'))
      throw error
    }
  }

  validate(route: Route, input: Readonly<Record<string, unknown>>): void {
    const schema = (route as FullRoute).schema?.input
    if (schema !== undefined) validateInput(schema, input, this.#validation)
  }

  serialize(route: Route, output: object, reply: Reply, ids: ReplyIds): WireReply {
    const { schema } = route as FullRoute
    if (schema === undefined) return pseudoOutput(output as Record<string, unknown>, reply)
    return this.#dialect(route.protocol).write(schema, output as Record<string, unknown>, reply, ids)
  }

  serializeError(route: Route | undefined, request: WireRequest, error: AwsError, ids: ReplyIds): WireReply {
    const protocol = route?.protocol ?? this.#protocolOf(request)
    const answer = this.#dialect(protocol).writeError(error, this.#errors.get(error.code), ids)
    if (request.method === 'HEAD' || isBodiless(error.status)) answer.body = undefined
    return answer
  }

  #isRest(): boolean {
    return this.#rest !== undefined || this.#buckets !== undefined
  }

  #protocolOf(request: WireRequest): ProtocolName {
    if (this.#isRest()) return this.#model.protocol as ProtocolName
    const speaksJson = this.#model.protocol !== 'awsQuery'
    if (speaksJson && request.headers['smithy-protocol'] === 'rpc-v2-cbor') return 'rpcv2Cbor'
    const speaksQuery = !speaksJson || this.#model.queryCompatible
    if (speaksJson && (request.headers['x-amz-target'] !== undefined || !speaksQuery)) {
      const contentType = request.headers['content-type'] ?? ''
      if (contentType.startsWith('application/x-amz-json-1.0')) return 'awsJson1_0'
      if (contentType.startsWith('application/x-amz-json-1.1')) return 'awsJson1_1'
      return this.#model.protocol as ProtocolName
    }
    return 'awsQuery'
  }

  #dialect(protocol: ProtocolName): Dialect {
    let dialect = this.#dialects.get(protocol)
    if (dialect === undefined) {
      dialect = factories[protocol](this.#model)
      this.#dialects.set(protocol, dialect)
    }
    return dialect
  }

  #routeBuckets(buckets: BucketRouter, request: WireRequest): FullRoute {
    const form = parseForm(request.query)
    const { operation, labels } = buckets.match(request, form)
    if (typeof operation !== 'string') return this.#routeTo('restXml', operation, labels, form)
    const inputStreams = operation === 'PostObject'
    const identity = inputStreams ? 'form' : 'none'
    const route = { service: this.service, operation, protocol: 'restXml', inputStreams, identity, labels } as const
    return { ...route, schema: undefined, form }
  }

  #routeRest(request: WireRequest): FullRoute {
    const form = parseForm(request.query)
    const match = (this.#rest as RestRouter).match(request.method, request.path, form, request.headers)
    const protocol = this.#model.protocol as ProtocolName
    if (match === undefined) {
      if (protocol === 'restXml') throw invalidUri()
      // What Lambda's front end says of a path that leads nowhere.
      throw new AwsError('AccessDeniedException', 403, 'Unable to determine service/operation name to be authorized')
    }
    const labels: Record<string, string> = {}
    for (const name in match.labels) labels[name] = decodePercent(match.labels[name] as string)
    return this.#routeTo(protocol, match.operation, labels, form)
  }

  #routeQuery(request: WireRequest, body: Buffer | undefined): FullRoute {
    const inQuery = parseForm(request.query)
    const inBody =
      body === undefined || body.length === 0 ? emptyForm : parseForm(inflated(request, body).toString('utf8'))
    const form = inBody.length === 0 ? inQuery : [...inQuery, ...inBody]
    const action = formValue(form, 'Action')
    if (action === undefined)
      throw new AwsError(
        'MissingAction',
        400,
        'Could not find operation: the request must contain the parameter Action',
      )
    const version = formValue(form, 'Version')
    const operation = this.#model.operations.get(action)
    if (operation === undefined || (version !== undefined && version !== this.#model.version)) {
      throw new AwsError(
        'InvalidAction',
        400,
        `Could not find operation ${action} for version ${version ?? 'NO_VERSION_SPECIFIED'}`,
      )
    }
    return this.#routeTo('awsQuery', operation, {}, form)
  }

  #routeNamed(protocol: ProtocolName, name: string): FullRoute {
    const operation = this.#model.operations.get(name)
    if (operation === undefined)
      throw new AwsError('UnknownOperationException', 400, `The operation ${name} is not known to ${this.service}`)
    return this.#routeTo(protocol, operation, {}, emptyForm)
  }

  #routeTo(
    protocol: ProtocolName,
    operation: OperationSchema,
    labels: Readonly<Record<string, string>>,
    form: Form,
  ): FullRoute {
    const inputStreams = this.#isRest() && streamsInput(operation)
    return { service: this.service, operation: operation.name, protocol, inputStreams, labels, schema: operation, form }
  }
}

/** S3's buckets are labels without a place in any path: a host may name them. */
function hasBucketsOutsideOfPaths(model: Model): boolean {
  return [...model.operations.values()].some(
    ({ uri, input }) =>
      input?.members.some(
        ({ name, traits }) => traits.httpLabel === 1 && !new RegExp(`\\{${name}\\+?\\}`).test(uri),
      ) === true,
  )
}

const streaming = new WeakMap<OperationSchema, boolean>()

function streamsInput(operation: OperationSchema): boolean {
  let streams = streaming.get(operation)
  if (streams === undefined) {
    streams =
      operation.input?.members.some(({ schema }) => schema.kind === 'blob' && schema.streaming === true) ?? false
    streaming.set(operation, streams)
  }
  return streams
}

function targetOperation(target: string | undefined): string {
  return target === undefined ? '' : target.slice(target.lastIndexOf('.') + 1)
}

function inflated(request: WireRequest, body: Buffer): Buffer {
  if (request.headers['content-encoding'] !== 'gzip') return body
  try {
    return gunzipSync(body, { maxOutputLength: INFLATED_BYTES_MAX })
  } catch {
    throw new Unreadable('The request body is not valid gzip, or too large')
  }
}

/** What the handlers of operations outside the model get. */
function pseudoInput(route: FullRoute, request: WireRequest, body: Buffer | ByteSource): Record<string, unknown> {
  if (route.operation === 'PostObject')
    return { ...route.labels, ContentType: request.headers['content-type'], Body: body }
  return {
    ...route.labels,
    Origin: request.headers['origin'],
    AccessControlRequestMethod: request.headers['access-control-request-method'],
    AccessControlRequestHeaders: request.headers['access-control-request-headers'],
  }
}

/** Their handlers say status and headers themselves; `Body` is text or bytes. */
function pseudoOutput(output: Record<string, unknown>, reply: Reply): WireReply {
  const headers: WireReply['headers'] = {}
  mergeHeaders(headers, reply.headers)
  const body = output['Body']
  const bytes = typeof body === 'string' ? Buffer.from(body) : (body as Uint8Array | undefined)
  return { status: reply.status ?? 200, headers, body: bytes }
}
