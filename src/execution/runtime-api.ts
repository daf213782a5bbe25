/**
 * The Runtime API of one runtime process: `/2018-06-01/runtime/…`. https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 *
 * Blank → Assigned → Started: only of processes started ahead, over calls of our own that are gone before code of a function is loaded.
 * Started → Ready (next) → Running (an event was handed out) → Responded (response or error) → Ready …
 * Started → InitError. Every other move is refused with 403 InvalidStateTransition, and changes nothing.
 */
import type { Duplex } from 'node:stream'
import { assert } from '../std/assert.ts'
import { type ResponseSink, STREAMED_BYTES_MAX } from './execution.ts'
import type { Extensions } from './extensions.ts'
import { type ApiRequest, type BodySink, HttpConnection, type RequestHead } from './http-connection.ts'

/** Largest result of a function, in bytes: 6 MB and a little. */
export const RESPONSE_BYTES_MAX = 6 * 1024 * 1024 + 100
/** Connections a runtime process may hold to its API. */
const CONNECTIONS_MAX = 64

export interface RuntimeEvent {
  readonly requestId: string
  readonly deadlineMs: number
  readonly invokedFunctionArn: string
  readonly traceHeader: string
  readonly clientContext?: string
  readonly payload: Uint8Array
  readonly response?: ResponseSink
}

export interface ReportedError {
  /** As posted; goes to the caller unchanged. */
  readonly body: Buffer
  readonly errorType: string
}

export interface RuntimeListener {
  /** A process that was started ahead waits to be told what it is. */
  onBlank(): void
  /** The runtime waits for an event; the first time, its init is over. */
  onReady(): void
  onInitError(error: ReportedError): void
  /** `streamedBytes` of the response have gone to the event's sink, and `body` is what has not. */
  onResponse(body: Buffer, streamedBytes: number): void
  onResponseTooLarge(): void
  onError(error: ReportedError): void
}

type State = 'Blank' | 'Assigned' | 'Started' | 'InitError' | 'Ready' | 'Running' | 'Responded'

interface Route {
  readonly method: 'GET' | 'POST'
  run(request: ApiRequest): void
}

const PREFIX = '/2018-06-01'
const INVOCATION = '/2018-06-01/runtime/invocation/'
const NEXT = `${INVOCATION}next`
const EMPTY = Buffer.alloc(0)
const ACCEPTED = '{"status":"OK"}\n'

export class RuntimeApi {
  readonly #listener: RuntimeListener
  readonly #connections = new Set<HttpConnection>()
  /** Of an environment whose function is known. */
  extensions: Extensions | undefined
  #state: State
  /** What the process that was started ahead waits with. */
  #blank: ApiRequest | undefined
  #isReleased = false
  /** Runtimes that wait for an event, oldest first; more than one only when a client asked again on a new connection. */
  #waiting: ApiRequest[] = []
  #event: RuntimeEvent | undefined
  #isHandedOut = false
  /** The response of the event has begun to go to its sink; it cannot begin again. */
  #isStreaming = false

  constructor(listener: RuntimeListener, isBlank = false) {
    this.#listener = listener
    this.#state = isBlank ? 'Blank' : 'Started'
  }

  /** Tells the process that was started ahead what it is. */
  assign(assignment: string): void {
    assert(this.#state === 'Blank' && this.#blank !== undefined, 'only a blank process that waits can be assigned')
    this.#state = 'Assigned'
    const blank = this.#blank
    this.#blank = undefined
    blank.reply(200, assignment)
  }

  /** Tells it that its code is there. */
  release(): void {
    assert(this.#state === 'Assigned', 'only an assigned process can be released')
    this.#state = 'Started'
    // It may still be at its variables, and ask later.
    this.#isReleased = true
    this.#blank?.reply(200, '{}')
  }

  /** Serves one connection. With a guard, paths must begin with it: what tells this runtime from a stranger on the same network. */
  serve(stream: Duplex, guard = ''): void {
    if (this.#connections.size >= CONNECTIONS_MAX) {
      stream.destroy()
      return
    }
    const connection = new HttpConnection(
      stream,
      (request) => this.#route(request, guard),
      RESPONSE_BYTES_MAX,
      (head) => this.#openSink(head, guard),
    )
    this.#connections.add(connection)
    stream.on('close', () => this.#connections.delete(connection))
  }

  /** Hands an event to the runtime, at once or when it asks. */
  deliver(event: RuntimeEvent): void {
    assert(this.#event === undefined, 'a runtime has one event at a time')
    this.#event = event
    this.#isHandedOut = false
    this.#isStreaming = false
    this.#handOut()
  }

  /** Ends all connections. */
  close(): void {
    for (const connection of this.#connections) connection.close()
    this.#connections.clear()
    this.#waiting = []
  }

  #route(request: ApiRequest, guard: string): void {
    const path = request.path.split('?', 1)[0] as string
    if (guard !== '' && !path.startsWith(`${guard}/`)) return notFound(request)
    const own = guard === '' ? path : path.slice(guard.length)
    const route = this.#find(own)
    if (route === undefined && this.extensions?.route(request, own)) return
    if (route === undefined) return notFound(request)
    if (request.method === route.method) return route.run(request)
    const message = `${request.method} is not allowed here`
    request.reply(405, errorBody('MethodNotAllowed', message), `Allow: ${route.method}\r\n`)
  }

  #find(path: string): Route | undefined {
    if (path === NEXT) return { method: 'GET', run: (request) => this.#next(request) }
    if (path.startsWith(INVOCATION)) {
      const [id = '', action, ...rest] = path.slice(INVOCATION.length).split('/')
      if (rest.length > 0) return undefined
      if (action === 'response') return { method: 'POST', run: (request) => this.#response(request, id) }
      if (action === 'error') return { method: 'POST', run: (request) => this.#error(request, id) }
      return undefined
    }
    if (path === `${PREFIX}/runtime/init/error`) return { method: 'POST', run: (request) => this.#initError(request) }
    if (path === `${PREFIX}/runtime/assignment` && this.#state === 'Blank')
      return { method: 'GET', run: (request) => this.#awaitAssignment(request) }
    if (path === `${PREFIX}/runtime/release` && (this.#state === 'Assigned' || this.#isReleased))
      return { method: 'GET', run: (request) => this.#awaitRelease(request) }
    if (path === `${PREFIX}/ping`) return { method: 'GET', run: (request) => request.reply(200, 'pong') }
    return undefined
  }

  #awaitAssignment(request: ApiRequest): void {
    if (this.#blank !== undefined) return this.#refuse(request, 'Blank')
    this.#blank = request
    this.#listener.onBlank()
  }

  #awaitRelease(request: ApiRequest): void {
    if (this.#isReleased) request.reply(200, '{}')
    else this.#blank = request
  }

  #next(request: ApiRequest): void {
    if (
      this.#state === 'Blank' ||
      this.#state === 'Assigned' ||
      this.#state === 'Running' ||
      this.#state === 'InitError'
    )
      return this.#refuse(request, 'Ready')
    const wasReady = this.#state === 'Ready'
    this.#state = 'Ready'
    request.onGone = () => {
      this.#waiting = this.#waiting.filter((other) => other !== request)
    }
    this.#waiting.push(request)
    if (!wasReady) this.#listener.onReady()
    this.#handOut()
  }

  #handOut(): void {
    const event = this.#event
    if (event === undefined || this.#isHandedOut) return
    const waiting = this.#waiting.shift()
    if (waiting === undefined) return
    waiting.onGone = undefined
    this.#isHandedOut = true
    this.#state = 'Running'
    const context =
      event.clientContext === undefined ? '' : `Lambda-Runtime-Client-Context: ${oneLine(event.clientContext)}\r\n`
    waiting.reply(
      200,
      event.payload,
      `Lambda-Runtime-Aws-Request-Id: ${event.requestId}\r\nLambda-Runtime-Deadline-Ms: ${event.deadlineMs}\r\n` +
        `Lambda-Runtime-Invoked-Function-Arn: ${event.invokedFunctionArn}\r\nLambda-Runtime-Trace-Id: ${oneLine(event.traceHeader)}\r\n${context}`,
    )
  }

  /** Where a response that streams goes, when the caller takes it so. */
  #openSink({ method, path, headers }: RequestHead, guard: string): BodySink | undefined {
    const event = this.#event
    const isStreamed = headers.get('lambda-runtime-function-response-mode')?.toLowerCase() === 'streaming'
    if (!isStreamed || event?.response === undefined || this.#state !== 'Running' || this.#isStreaming) return undefined
    if (method !== 'POST' || path !== `${guard}${INVOCATION}${event.requestId}/response`) return undefined
    const sink = event.response
    this.#isStreaming = true
    sink.open(headers.get('content-type') ?? 'application/octet-stream')
    return { bytesMax: STREAMED_BYTES_MAX, write: (part) => sink.write(part) }
  }

  /** A response that came whole, for a caller who takes it in pieces. */
  #pass(request: ApiRequest, sink: ResponseSink): void {
    sink.open(request.headers.get('content-type') ?? 'application/json')
    if (request.body.length > 0) void sink.write(request.body)
    this.#listener.onResponse(EMPTY, request.body.length)
  }

  #response(request: ApiRequest, id: string): void {
    if (!this.#isCurrent(id)) return invalidRequestId(request)
    // What has begun to stream cannot be said again.
    if (this.#isStreaming && request.streamedBytes === undefined) return invalidRequestId(request)
    const sink = this.#event?.response
    const mode = request.headers.get('lambda-runtime-function-response-mode')?.toLowerCase()
    if (mode !== undefined && mode !== 'streaming') {
      return request.reply(
        400,
        errorBody('InvalidFunctionResponseMode', `Invalid function response mode: ${oneLine(mode)}`),
      )
    }
    this.#state = 'Responded'
    this.#event = undefined
    if (request.isTooLarge) {
      this.#listener.onResponseTooLarge()
      return request.reply(
        413,
        errorBody('RequestEntityTooLarge', `Exceeded maximum allowed payload size (${RESPONSE_BYTES_MAX} bytes).`),
      )
    }
    // A stream that broke says so in its trailers.
    const errorType = request.trailers.get('lambda-runtime-function-error-type')
    if (errorType === undefined) {
      if (request.streamedBytes !== undefined) this.#listener.onResponse(EMPTY, request.streamedBytes)
      else if (sink !== undefined) this.#pass(request, sink)
      else this.#listener.onResponse(request.body, 0)
    } else {
      const body = Buffer.from(request.trailers.get('lambda-runtime-function-error-body') ?? '', 'base64')
      this.#listener.onError({ body, errorType: classified(errorType, 'Function') })
    }
    request.replyLater(202, ACCEPTED)
  }

  #error(request: ApiRequest, id: string): void {
    if (!this.#isCurrent(id)) return invalidRequestId(request)
    this.#state = 'Responded'
    this.#event = undefined
    if (request.isTooLarge) this.#listener.onResponseTooLarge()
    else this.#listener.onError(reported(request, 'Function'))
    request.replyLater(202, ACCEPTED)
  }

  #initError(request: ApiRequest): void {
    if (this.#state !== 'Started') return this.#refuse(request, 'InitError')
    this.#state = 'InitError'
    request.reply(202, ACCEPTED)
    this.#listener.onInitError(reported(request, 'Runtime'))
  }

  #isCurrent(id: string): boolean {
    return this.#state === 'Running' && this.#event?.requestId === id
  }

  #refuse(request: ApiRequest, to: State): void {
    const message = `State transition from ${this.#state} to ${to} failed for runtime. Error: State transition is not allowed`
    request.reply(403, errorBody('InvalidStateTransition', message))
  }
}

function notFound(request: ApiRequest): void {
  request.reply(404, errorBody('NotFound', '404 page not found'))
}

function invalidRequestId(request: ApiRequest): void {
  request.reply(400, errorBody('InvalidRequestID', 'Invalid request ID'))
}

function errorBody(errorType: string, errorMessage: string): string {
  return JSON.stringify({ errorMessage, errorType })
}

function reported(request: ApiRequest, category: 'Runtime' | 'Function'): ReportedError {
  const named = request.headers.get('lambda-runtime-function-error-type') ?? errorTypeOf(request.body)
  return { body: request.body, errorType: classified(named, category) }
}

/** Names of the platform's form are kept, and plain class names too: they are what people look for in logs. */
function classified(errorType: string | undefined, category: 'Runtime' | 'Function'): string {
  return errorType !== undefined && /^[\w.$:<>-]{1,256}$/.test(errorType) ? errorType : `${category}.Unknown`
}

function errorTypeOf(body: Buffer): string | undefined {
  try {
    const document: unknown = JSON.parse(body.toString())
    const type =
      typeof document === 'object' && document !== null && 'errorType' in document ? document.errorType : undefined
    return typeof type === 'string' ? type : undefined
  } catch {
    // A runtime may post anything; it goes to the caller as it is.
    return undefined
  }
}

/** A header cannot hold line ends; in JSON text they are only white space. */
function oneLine(text: string): string {
  return text.replace(/[\r\n\0]/g, ' ')
}
