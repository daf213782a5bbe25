import { type ByteSource, SourceTooLongError, sourceOf } from '../std/byte-source.ts'
import { type Clock, elapsedMs } from '../std/clock.ts'
import { requestId16, uuid } from '../std/ids.ts'
import { isLater, type Soon } from '../std/soon.ts'
import { answerForAbsentService } from './absent-service.ts'
import type { Caller } from './caller.ts'
import { AwsError, notImplemented } from './errors.ts'
import { internalError, tooLong } from './failures.ts'
import { type Call, type Decision, type Grant, type HttpInfo, NotImplemented, type Operation } from './operation.ts'
import type { ReplyIds, Route, ServiceProtocol, WireReply, WireRequest } from './service.ts'
import { PipelineCall } from './pipeline-call.ts'
import { scopeService } from './scope-service.ts'
import { chooseService, needsBodyToChoose } from './services.ts'

/** What the listener hands in: the head as it came, and a body nobody has read yet. */
export interface HttpRequest extends WireRequest, HttpInfo {
  readonly body: ByteSource
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal
  /** The client has gone: whatever is answered, nobody reads it. */
  readonly isGone: boolean
}

export interface HttpReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly body: Uint8Array | AsyncIterable<Uint8Array> | undefined
}

/** How a service names authentication errors: S3's XML codes, the `…Exception` names of JSON services, bare names of query services. */
export type ErrorStyle = 's3' | 'json' | 'query'

/** Who sent the request: the authenticator's answer as far as the pipeline needs it. */
export interface Identified {
  readonly caller: Caller
  /** The decoded body; it throws to its reader when it is not what was signed. */
  readonly body: ByteSource
  readonly scope: { readonly region: string } | undefined
}

export interface SignedService {
  readonly signingName: string
  readonly style: ErrorStyle
  readonly isForm?: boolean
}

/** A service as the pipeline runs it: how it speaks, what it can, and what its handlers work with. */
export interface Endpoint {
  /** `s3`, `lambda`, `cloudwatch` */
  readonly name: string
  /** A getter where the model is only read when the first call comes. */
  readonly protocol: ServiceProtocol
  /** The name in credential scopes: `s3`, `lambda`, `monitoring`. */
  readonly signingName: string
  /** Largest body that is collected for an operation that does not stream, in bytes. */
  readonly bodyBytesMax: number
  /**
   * Operations that are missing here answer 501 like those that say `NotImplemented`. A getter that gives a promise where the code
   * is only loaded when the first call comes.
   */
  readonly operations: OperationTable | Promise<OperationTable>
  /** What handlers get as their second argument. */
  readonly service: unknown
  /** Throws when a collected body is not the one that the headers vouch for. Bodies that stream are verified by who reads them. */
  readonly verifyBody?: (operation: string, request: HttpInfo, body: Buffer, trailers: ByteSource['trailers']) => void
  /** What a reply says to a page of another origin; asked only for requests that name one. */
  readonly crossOriginHeaders?: (
    request: WireRequest,
    labels: Route['labels'],
  ) => Promise<Readonly<Record<string, string>> | undefined>
  /** Asked by operation before its handler runs: what only the house can know. May say more in the reply's headers, or throw. */
  readonly guards?: Readonly<Record<string, (call: Call) => Promise<void>>>
  /** Told of every request that was answered, before its answer is sent. Must not throw. */
  readonly onReply?: (request: HttpRequest, reply: WireReply, progress: Progress) => void
}

/** How far a request came. */
export interface Progress {
  readonly ids: ReplyIds
  /** When it came, of {@link elapsedMs}. */
  readonly startedMs: number
  route: Route | undefined
  /** Undefined as long as nobody knows. */
  caller: Caller | undefined
  /** The error's code, where it was answered with one. */
  code: string | undefined
}

// Each operation has its own input, output and service type; here they have been checked by the service's own table.
export type OperationTable = Readonly<Record<string, Operation<never, object, never> | typeof NotImplemented>>
type AnyOperation = Operation<unknown, object, unknown>

export interface PipelineOptions {
  readonly endpoints: readonly Endpoint[]
  /** Account that owns what is made through this endpoint. */
  readonly accountId: string
  readonly region: string
  readonly clock: Clock
  /** Throws an AwsError of the service's style when the signature is wrong. */
  readonly authenticate: (request: WireRequest, body: ByteSource, service: SignedService) => Soon<Identified>
  readonly decide: (
    caller: Caller,
    grant: Grant,
    http: HttpInfo | undefined,
    nowMs: number,
    region: string,
  ) => Soon<Decision>
  readonly accessDenied: (style: ErrorStyle, caller: Caller, grant: Grant, decision: Decision) => AwsError
  /** The answer to an expected failure of a lower room (store conflict, disk full); undefined for a bug. */
  readonly translate: (error: unknown, signingName: string) => AwsError | undefined
  /** A throw that was no AwsError: our bug. Gets the whole error; the client gets a 500 that says nothing of it. */
  readonly onBug: (error: unknown, where: CallRecord) => void
  /** Called after each request, where somebody wants to know. */
  readonly onCall?: (record: CallRecord) => void
}

export interface CallRecord {
  readonly requestId: string
  readonly service: string
  readonly operation: string
  readonly status: number
  readonly code?: string
}

export interface InternalCallOptions {
  readonly region?: string
  readonly signal?: AbortSignal
  readonly traceHeader?: string
}

export interface Pipeline {
  /** Answers a request; never rejects. */
  handle(request: HttpRequest): Promise<HttpReply>
  /** One service calls another, authorised as `as`: the same steps without the wire. Throws the callee's AwsError. */
  call(service: string, operation: string, input: object, as: Caller, options?: InternalCallOptions): Promise<object>
  /** Who sent this request to an endpoint that is not AWS's, and may they? Throws an AwsError. */
  authorizeRequest(request: HttpRequest, grant: Grant): Promise<Caller>
}

/** Largest form that is read before anybody knows which service it is for. */
const FORM_BYTES_MAX = 1024 * 1024
const NOBODY = { caller: { kind: 'anonymous' }, scope: undefined } as const
/**
 * What happens to every call, once for all services: route → authenticate → parse (a streamed body is left unread) → authorize → validate →
 * handle → serialize. An operation cannot leave out a step: its type demands `authorize`, and nothing else calls `handle`.
 */
export function createPipeline(options: PipelineOptions): Pipeline {
  return new StandardPipeline(options)
}

class StandardPipeline implements Pipeline {
  readonly #options: PipelineOptions
  readonly #byName: ReadonlyMap<string, Endpoint>
  readonly #hostId = Buffer.from(`${uuid()}${uuid()}`.replaceAll('-', ''), 'hex').toString('base64')

  constructor(options: PipelineOptions) {
    this.#options = options
    this.#byName = new Map(options.endpoints.map((endpoint) => [endpoint.name, endpoint]))
  }

  async handle(request: HttpRequest): Promise<HttpReply> {
    const startedMs = elapsedMs()
    const scope = scopeService(request)
    const absent = answerForAbsentService(request, scope)
    if (absent !== undefined) return absent
    let { body } = request
    let form: Buffer | undefined
    if (needsBodyToChoose(request, scope)) {
      // Too long or broken off: then it is no form of a service that is called unsigned, and S3 says what is wrong with it.
      form = await body.collect(FORM_BYTES_MAX).catch(() => undefined)
      body = sourceOf(form ?? '')
    }
    const endpoint = this.#endpoint(chooseService(request, scope, () => form))
    const isS3 = endpoint.signingName === 's3'
    const ids: ReplyIds = { requestId: isS3 ? requestId16() : uuid(), hostId: this.#hostId }
    const progress: Progress = { ids, startedMs, route: undefined, caller: undefined, code: undefined }
    let reply: WireReply
    try {
      reply = await this.#answer(request, body, endpoint, progress)
    } catch (error) {
      const answer = this.#toAwsError(error, request, endpoint, ids, progress.route)
      progress.code = answer.code
      reply = endpoint.protocol.serializeError(progress.route, request, answer, ids)
    }
    if (endpoint.crossOriginHeaders !== undefined && request.headers['origin'] !== undefined) {
      await this.#addCrossOriginHeaders(request, endpoint, ids, progress.route, reply)
    }
    const { headers } = reply
    if (isS3) {
      headers['x-amz-request-id'] = ids.requestId
      headers['x-amz-id-2'] = ids.hostId
      headers.server = 'AmazonS3'
    } else headers['x-amzn-requestid'] = ids.requestId
    this.#options.onCall?.({
      ...this.#where(endpoint, ids, progress.route),
      status: reply.status,
      ...(progress.code && { code: progress.code }),
    })
    endpoint.onReply?.(request, reply, progress)
    return reply
  }

  async #answer(request: HttpRequest, source: ByteSource, endpoint: Endpoint, progress: Progress): Promise<WireReply> {
    const { protocol } = endpoint
    const { ids } = progress
    let identified: Identified
    let collected: Buffer | undefined
    let route: Route
    if (protocol.needsBodyToRoute(request)) {
      identified = await this.#options.authenticate(request, source, {
        signingName: endpoint.signingName,
        style: 'query',
      })
      collected = await identified.body.collect(endpoint.bodyBytesMax)
      route = progress.route = protocol.route(request, collected)
    } else {
      route = progress.route = protocol.route(request)
      const sender =
        route.identity === 'none' ? { ...NOBODY, body: source } : this.#identify(request, source, endpoint, route)
      identified = isLater(sender) ? await sender : sender
    }
    progress.caller = identified.caller
    const table = endpoint.operations
    const operation = requireOperation(isLater(table) ? await table : table, endpoint, route.operation)

    let body: Buffer | ByteSource = identified.body
    if (!route.inputStreams) {
      body = collected ?? (await identified.body.collect(endpoint.bodyBytesMax))
      endpoint.verifyBody?.(route.operation, request, body, identified.body.trailers)
    }
    const input = protocol.parse(route, request, body)
    const call = new PipelineCall(this.#options, input, identified.caller, ids, identified.scope?.region, request)
    const output = await this.#run(endpoint, operation, route, call)
    return protocol.serialize(route, output, call.reply, ids)
  }

  /** Errors too are for the page to read. A reply whose headers cannot be found out goes without. */
  async #addCrossOriginHeaders(
    request: HttpRequest,
    endpoint: Endpoint,
    ids: ReplyIds,
    route: Route | undefined,
    reply: WireReply,
  ): Promise<void> {
    if (route === undefined || route.identity === 'none') return
    try {
      Object.assign(reply.headers, await endpoint.crossOriginHeaders?.(request, route.labels))
    } catch (error) {
      this.#options.onBug(error, { ...this.#where(endpoint, ids, route), status: reply.status })
    }
  }

  #identify(request: HttpRequest, source: ByteSource, endpoint: Endpoint, route: Route): Soon<Identified> {
    return this.#options.authenticate(request, source, {
      signingName: endpoint.signingName,
      style: styleOf(route),
      ...(route.identity === 'form' && { isForm: true }),
    })
  }

  #endpoint(name: string): Endpoint {
    const endpoint = this.#byName.get(name)
    if (endpoint === undefined) throw new Error(`the server has no endpoint for ${name}`)
    return endpoint
  }

  /** The steps that every call takes, whichever door it came in by. */
  async #run(endpoint: Endpoint, operation: AnyOperation, route: Route, call: PipelineCall): Promise<object> {
    let grants: readonly Grant[]
    try {
      const pending = operation.authorize(call, endpoint.service)
      grants = Array.isArray(pending) ? (pending as readonly Grant[]) : await pending
    } catch (error) {
      // Whoever leaves out what a permission hangs on is told of that, and not that something is broken.
      if (!(error instanceof AwsError)) endpoint.protocol.validate(route, call.input as Record<string, unknown>)
      throw error
    }
    for (const grant of grants) {
      const pending = call.decideSoon(grant)
      const decision = isLater(pending) ? await pending : pending
      if (!decision.allowed) throw this.#options.accessDenied(styleOf(route), call.caller, grant, decision)
    }
    endpoint.protocol.validate(route, call.input as Record<string, unknown>)
    const guard = endpoint.guards?.[route.operation]
    if (guard !== undefined) await guard(call)
    return await operation.handle(call, endpoint.service)
  }

  async call(
    service: string,
    name: string,
    input: object,
    as: Caller,
    options: InternalCallOptions = {},
  ): Promise<object> {
    const endpoint = this.#endpoint(service)
    const operation = requireOperation(await endpoint.operations, endpoint, name)
    const ids: ReplyIds = { requestId: endpoint.signingName === 's3' ? requestId16() : uuid(), hostId: this.#hostId }
    const route = endpoint.protocol.routeOf(name)
    const call = new PipelineCall(this.#options, input, as, ids, options.region, undefined, options)
    try {
      return await this.#run(endpoint, operation, route, call)
    } catch (error) {
      if (error instanceof AwsError) throw error
      throw this.#options.translate(error, endpoint.signingName) ?? error
    }
  }

  async authorizeRequest(request: HttpRequest, grant: Grant): Promise<Caller> {
    const { caller, scope } = await this.#options.authenticate(request, request.body, {
      signingName: 'millrace',
      style: 'json',
    })
    const { clock, region, decide, accessDenied } = this.#options
    const decision = await decide(caller, grant, request, clock.now(), scope?.region ?? region)
    if (!decision.allowed) throw accessDenied('json', caller, grant, decision)
    return caller
  }

  #toAwsError(
    error: unknown,
    request: HttpRequest,
    endpoint: Endpoint,
    ids: ReplyIds,
    route: Route | undefined,
  ): AwsError {
    if (error instanceof AwsError) return error
    if (error instanceof SourceTooLongError) return tooLong(endpoint.signingName, error.limitBytes, route?.operation)
    const translated = this.#options.translate(error, endpoint.signingName)
    if (translated !== undefined) return translated
    // A client that left in the middle makes handlers fail; that is neither our bug nor anybody's answer.
    if (!request.isGone) this.#options.onBug(error, { ...this.#where(endpoint, ids, route), status: 500 })
    return internalError(endpoint.signingName)
  }

  #where(endpoint: Endpoint, ids: ReplyIds, route: Route | undefined): Omit<CallRecord, 'status'> {
    return { requestId: ids.requestId, service: endpoint.name, operation: route?.operation ?? 'unknown' }
  }
}

function styleOf(route: Route): ErrorStyle {
  return route.protocol === 'restXml' ? 's3' : route.protocol === 'awsQuery' ? 'query' : 'json'
}

/** Throws NotImplemented. */
function requireOperation(table: OperationTable, endpoint: Endpoint, name: string): AnyOperation {
  const operation = table[name]
  if (operation === undefined || operation === NotImplemented) throw notImplementedOperation(endpoint, name)
  return operation as AnyOperation
}

function notImplementedOperation(endpoint: Endpoint, operation: string): AwsError {
  // S3's text is the one AWS documents; the others have none, so theirs says what is missing.
  if (endpoint.signingName === 's3') return notImplemented()
  return notImplemented(`${endpoint.name}:${operation} is not implemented`)
}
