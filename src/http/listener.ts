import type { IncomingMessage, Server as NodeServer, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { HttpReply, HttpRequest } from '../protocol/pipeline.ts'
import type { Clock } from '../std/clock.ts'
import { createAddressReader } from './address.ts'
import type { Certificate } from './certificate.ts'
import { ClientGoneError, RequestBody, requestTimeout } from './request-body.ts'
import { type ReplyOutcome, writeReply } from './reply.ts'

/** Everything has a limit: sizes in bytes, times in ms. */
export interface ListenerLimits {
  readonly connectionsMax: number
  readonly headersTimeoutMs: number
  /** Longest silence while a body is sent or received. */
  readonly idleTimeoutMs: number
  readonly keepAliveTimeoutMs: number
}

export interface ListenerOptions {
  readonly host: string
  readonly port: number
  readonly limits: ListenerLimits
  readonly clock: Clock
  /** Names of this endpoint; a label in front of one is a bucket. */
  readonly domains: readonly string[]
  /** Loopback peers satisfy `aws:SecureTransport` although they speak plain HTTP. */
  readonly secureLoopback: boolean
  /** Speaks HTTPS with this certificate; plain HTTP without. */
  readonly tls?: Certificate
  /** Answers every request; must not reject. */
  readonly handle: (request: HttpRequest) => Promise<HttpReply>
  /** A request whose answer could not be sent whole: a body that broke off at our end. */
  readonly onBrokenReply: (error: unknown, target: string) => void
}

// Not imported: an import of node:http evaluates all it exports, WebSocket and with it undici, which takes 20 ms of the start.
const { createServer } = process.getBuiltinModule('node:http')

/** A request head of a presigned URL with a session token is about 4 KiB; S3 allows 8 KiB of headers. */
const HEAD_BYTES_MAX = 32 * 1024
const HEADER_COUNT_MAX = 200
/** Rest of a refused body that is read and thrown away, so that the client sees the error instead of a reset connection. */
const DRAIN_BYTES_MAX = 64 * 1024 * 1024

const LOOPBACK = '127.0.0.1'

export class Listener implements AsyncDisposable {
  readonly #options: ListenerOptions
  readonly #server: NodeServer
  readonly #connections = new WeakMap<Socket, Connection>()
  readonly #readAddress: (host: string) => string | undefined
  #stopping = false

  /** Binds the address. Rejects with the system's error (`EADDRINUSE`) when it cannot. */
  static async start(options: ListenerOptions): Promise<Listener> {
    const listener = new Listener(options)
    await new Promise<void>((resolve, reject) => {
      listener.#server.once('error', reject)
      listener.#server.listen({ host: options.host, port: options.port, backlog: 1024 }, () => {
        listener.#server.removeListener('error', reject)
        resolve()
      })
    })
    return listener
  }

  private constructor(options: ListenerOptions) {
    this.#options = options
    this.#readAddress = createAddressReader(options.domains)
    const { limits, tls } = options
    const settings = {
      maxHeaderSize: HEAD_BYTES_MAX,
      headersTimeout: limits.headersTimeoutMs,
      // Bounds the whole request in node, which would cut long uploads; silence is what we bound.
      requestTimeout: 0,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      connectionsCheckingInterval: Math.min(5000, limits.headersTimeoutMs / 2),
      noDelay: true,
    }
    this.#server =
      tls === undefined
        ? createServer(settings)
        : process.getBuiltinModule('node:https').createServer({
            ...settings,
            cert: tls.certificate,
            key: tls.privateKey,
            minVersion: 'TLSv1.2',
            handshakeTimeout: limits.headersTimeoutMs,
          })
    this.#server.maxHeadersCount = HEADER_COUNT_MAX + 1
    this.#server.maxConnections = limits.connectionsMax
    this.#server.timeout = limits.idleTimeoutMs
    // The socket that requests come by: behind TLS it is there when the handshake is done.
    this.#server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) =>
      this.#onConnection(socket),
    )
    this.#server.on('request', (request, response) => void this.#onRequest(request, response, undefined))
    this.#server.on('checkContinue', (request, response) => {
      void this.#onRequest(request, response, () => response.writeContinue())
    })
    this.#server.on('timeout', (socket) => this.#onSilence(socket))
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) => answerUnreadable(error, socket as Socket))
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Takes no new connections, lets requests in progress end within `graceMs`, then cuts what is left. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeIdleConnections()
    const timer = this.#options.clock.setTimer(graceMs, () => this.#server.closeAllConnections())
    await closed
    timer.cancel()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#stopping) await this.stop(0)
  }

  /** Takes over a connection that came in by another door of this machine: a function's socket. Counts as loopback. */
  accept(socket: Socket): void {
    this.#connections.set(socket, { sourceIp: LOOPBACK, exchanges: new Set() })
    this.#server.emit('connection', socket)
  }

  #onConnection(socket: Socket): void {
    // The address is asked now: a socket that has been reset meanwhile no longer knows it, and a request must not lose its origin.
    const address = this.#connections.get(socket)?.sourceIp ?? socket.remoteAddress
    if (address === undefined) return void socket.destroy()
    const connection: Connection = { sourceIp: plainAddress(address), exchanges: new Set() }
    this.#connections.set(socket, connection)
    socket.once('close', () => {
      for (const exchange of connection.exchanges) exchange.onGone()
    })
  }

  #isSecure(sourceIp: string): boolean {
    const { tls, secureLoopback } = this.#options
    return tls !== undefined || (secureLoopback && (sourceIp.startsWith('127.') || sourceIp === '::1'))
  }

  /** No byte went either way for a while: whose fault is it? A handler that thinks (a function that runs) is no silence. */
  #onSilence(socket: Socket): void {
    const exchanges = this.#connections.get(socket)?.exchanges
    if (exchanges === undefined || exchanges.size === 0) return void socket.destroy()
    for (const exchange of exchanges) {
      if (exchange.body.isStarved) exchange.body.fail(requestTimeout())
      else if (exchange.isUnreadByClient) return void socket.destroy()
    }
    socket.setTimeout(this.#options.limits.idleTimeoutMs)
  }

  async #onRequest(
    request: IncomingMessage,
    response: ServerResponse,
    sendContinue: (() => void) | undefined,
  ): Promise<void> {
    const connection = this.#connections.get(request.socket)
    if (connection === undefined) return void request.socket.destroy()
    const exchange = new Exchange(
      request,
      response,
      sendContinue,
      connection.sourceIp,
      this.#isSecure(connection.sourceIp),
      this.#readAddress,
    )
    connection.exchanges.add(exchange)
    try {
      const reply =
        request.rawHeaders.length > HEADER_COUNT_MAX * 2
          ? refusal(400, 'RequestHeaderSectionTooLarge', 'Your request has too many headers.')
          : await this.#options.handle(exchange)
      if (exchange.isGone) return
      this.#settleBody(exchange, sendContinue !== undefined)
      if (this.#stopping) response.shouldKeepAlive = false
      const outcome: ReplyOutcome = await writeReply(
        response,
        reply,
        request.method === 'HEAD',
        this.#options.clock.now(),
      )
      if (outcome.kind === 'broken') this.#options.onBrokenReply(outcome.error, exchange.target)
    } catch (error) {
      this.#options.onBrokenReply(error, exchange.target)
      request.socket.destroy()
    } finally {
      connection.exchanges.delete(exchange)
    }
  }

  /** Before the answer: what becomes of a body nobody read to its end. */
  #settleBody(exchange: Exchange, expectsContinue: boolean): void {
    const { request, response, body } = exchange
    if (request.complete || body.length === 0) return
    // Without the 100 the client may or may not send the body: the next byte could be either, so the connection ends here.
    if ((expectsContinue && body.isUnread) || body.hasFailed) {
      response.shouldKeepAlive = false
      return
    }
    let drained = 0
    request.on('data', (chunk: Buffer) => {
      drained += chunk.length
      if (drained > DRAIN_BYTES_MAX) request.socket.destroy()
    })
    request.resume()
  }
}

interface Connection {
  readonly sourceIp: string
  readonly exchanges: Set<Exchange>
}

/** One request and its answer. */
class Exchange implements HttpRequest {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly body: RequestBody
  readonly method: string
  readonly target: string
  readonly path: string
  readonly query: string
  readonly host: string
  readonly hostBucket: string | undefined
  readonly sourceIp: string
  readonly isSecure: boolean
  isGone = false
  #abort: AbortController | undefined

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    sendContinue: (() => void) | undefined,
    sourceIp: string,
    isSecure: boolean,
    readAddress: (host: string) => string | undefined,
  ) {
    this.request = request
    this.response = response
    this.method = request.method ?? ''
    const { headers } = request
    this.target = originForm(request.url ?? '/')
    const mark = this.target.indexOf('?')
    this.path = mark === -1 ? this.target : this.target.slice(0, mark)
    this.query = mark === -1 ? '' : this.target.slice(mark + 1)
    this.host = headers.host ?? ''
    this.hostBucket = readAddress(this.host)
    this.sourceIp = sourceIp
    this.isSecure = isSecure
    const declared = headers['content-length']
    const length = declared === undefined ? undefined : Number(declared)
    const hasBody = length === undefined ? headers['transfer-encoding'] !== undefined : length > 0
    this.body = new RequestBody(request, length, hasBody, sendContinue)
  }

  get headers(): Readonly<Record<string, string | undefined>> {
    // `set-cookie` alone is an array in node, and no request header of AWS.
    return this.request.headers as Record<string, string | undefined>
  }

  get userAgent(): string | undefined {
    return this.request.headers['user-agent']
  }

  /** Aborts when the client goes away. Made when first asked for: most calls never ask. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController()
      if (this.isGone) this.#abort.abort(new ClientGoneError('the client closed the connection'))
    }
    return this.#abort.signal
  }

  /** The answer waits for a client that does not take it. */
  get isUnreadByClient(): boolean {
    return this.response.writableNeedDrain || this.response.writableEnded
  }

  onGone(): void {
    this.isGone = true
    const error = new ClientGoneError('the client closed the connection')
    this.body.fail(error)
    this.#abort?.abort(error)
  }
}

/** Proxies send the whole URL. The path stays as it came: `new URL` would resolve `..`, which is a legal part of a key. */
function originForm(target: string): string {
  if (target.startsWith('/')) return target
  const scheme = target.indexOf('://')
  if (scheme === -1) return target
  const path = target.indexOf('/', scheme + 3)
  return path === -1 ? '/' : target.slice(path)
}

/** `::ffff:10.0.0.1` is how a dual-stack socket spells an IPv4 peer; policies compare with the IPv4 form. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address
}

function refusal(status: number, code: string, message: string): HttpReply {
  return { status, headers: { 'content-type': 'application/xml' }, body: Buffer.from(errorDocument(code, message)) }
}

/** Bytes that are not HTTP, a head that is too large or too slow: no service can be told from it, so S3's format is used. */
function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const [status, code, message] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? [
          '400 Bad Request',
          'RequestHeaderSectionTooLarge',
          'Your request header section exceeds the maximum allowed size.',
        ]
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ['400 Bad Request', 'RequestTimeout', requestTimeout().message]
        : ['400 Bad Request', 'BadRequest', 'The request could not be understood.']
  const body = errorDocument(code, message)
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/xml\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  )
}

function errorDocument(code: string, message: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`
}
