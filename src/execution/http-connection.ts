/**
 * HTTP/1.1 as the Runtime API needs it, over any duplex stream. Serves every standard client (keep-alive, chunked bodies, trailers, split packets,
 * `Expect: 100-continue`, pipelining); one request is handled at a time. node:http would cost a warm invoke about 40 µs more and cannot
 * read from a socket pair.
 *
 * Moves: head → (body | chunk-size → chunk-data → chunk-end → … → trailers) → handling → head; closed from anywhere.
 */
import type { Duplex } from 'node:stream'
import { assert } from '../std/assert.ts'

const HEAD_BYTES_MAX = 64 * 1024
/** What may lie unread while a request is being handled. */
const PIPELINED_BYTES_MAX = 64 * 1024
/** Up to here a copy into one write is cheaper than two writes. */
const COPIED_BYTES_MAX = 64 * 1024
const CRLF = Buffer.from('\r\n')
const HEAD_END = Buffer.from('\r\n\r\n')
const EMPTY = Buffer.alloc(0)

export interface ApiRequest {
  readonly method: string
  readonly path: string
  /** Lower-case names; the last of repeated ones. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
  /** The body has gone to a {@link BodySink}, so many bytes; `body` is empty then. */
  readonly streamedBytes: number | undefined
  /** The body was longer than allowed; it has been read and thrown away. */
  readonly isTooLarge: boolean
  readonly trailers: ReadonlyMap<string, string>
  /** Answers; exactly once. Does nothing on a connection that is gone. */
  reply(status: number, body: Uint8Array | string, headers?: string): void
  /**
   * The same, for an answer that nobody waits for: where the client has sent its next request along (pipelining), the answer leaves with the
   * one to that. It saves a write here, and a wake-up there: a quarter of what a warm event costs the two processes.
   */
  replyLater(status: number, body: string): void
  /** Called when the connection goes away before the answer. */
  onGone: (() => void) | undefined
}

/** Takes a body while it arrives. */
export interface BodySink {
  /** Longer bodies are `isTooLarge`: the rest is thrown away. */
  readonly bytesMax: number
  /** While the promise is pending nothing more is read. */
  write(part: Buffer): void | Promise<void>
}

export interface RequestHead {
  readonly method: string
  readonly path: string
  readonly headers: ReadonlyMap<string, string>
}

type State = 'head' | 'body' | 'chunk-size' | 'chunk-data' | 'chunk-end' | 'trailers' | 'handling' | 'closed'

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  202: 'Accepted',
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  413: 'Request Entity Too Large',
  431: 'Request Header Fields Too Large',
  501: 'Not Implemented',
}

/** Serves one connection until either side ends it. */
export class HttpConnection {
  readonly #stream: Duplex
  readonly #handle: (request: ApiRequest) => void
  readonly #bodyBytesMax: number
  readonly #openSink: (head: RequestHead) => BodySink | undefined
  /** Where the body of this request goes; undefined when it is collected. */
  #sink: BodySink | undefined
  #isHeld = false
  #state: State = 'head'
  #input: Buffer = EMPTY
  #method = ''
  #path = ''
  #headers = new Map<string, string>()
  #trailers = new Map<string, string>()
  #parts: Buffer[] = []
  #partBytes = 0
  #leftBytes = 0
  #isTooLarge = false
  #closesAfterReply = false
  #current: ApiRequest | undefined
  /** An answer that leaves with the next one. */
  #held = ''

  /** `openSink` is asked when a request with a chunked body begins. */
  constructor(
    stream: Duplex,
    handle: (request: ApiRequest) => void,
    bodyBytesMax: number,
    openSink: (head: RequestHead) => BodySink | undefined = () => undefined,
  ) {
    this.#openSink = openSink
    this.#stream = stream
    this.#handle = handle
    this.#bodyBytesMax = bodyBytesMax
    stream.on('data', (chunk: Buffer) => this.#take(chunk))
    stream.on('end', () => this.#end())
    stream.on('close', () => this.#gone())
    // A reset connection is a connection that is gone; 'close' follows.
    stream.on('error', () => undefined)
  }

  close(): void {
    this.#stream.destroy()
  }

  #take(chunk: Buffer): void {
    this.#input = this.#input.length === 0 ? chunk : Buffer.concat([this.#input, chunk])
    this.#advance()
    if (this.#state === 'handling' && this.#input.length > PIPELINED_BYTES_MAX) this.#stream.pause()
  }

  #advance(): void {
    while (this.#step()) {
      // Each step consumes what it can; false when more bytes or an answer must come first.
    }
  }

  #step(): boolean {
    if (this.#isHeld) return false
    switch (this.#state) {
      case 'head':
        return this.#readHead()
      case 'body':
        return this.#readBody('handling')
      case 'chunk-size':
        return this.#readChunkSize()
      case 'chunk-data':
        return this.#readBody('chunk-end')
      case 'chunk-end': {
        const line = this.#line()
        if (line === undefined) return false
        if (line !== '') return this.#fail(400, 'bad chunk')
        this.#state = 'chunk-size'
        return true
      }
      case 'trailers': {
        const line = this.#line()
        if (line === undefined) return false
        if (line !== '') return readField(line, this.#trailers) || this.#fail(400, 'bad trailer')
        this.#dispatch()
        return true
      }
      case 'handling':
      case 'closed':
        return false
    }
  }

  #readHead(): boolean {
    // Empty lines before a request line are to be ignored (RFC 9112, 2.2).
    while (this.#input.length >= 2 && this.#input[0] === 13 && this.#input[1] === 10)
      this.#input = this.#input.subarray(2)
    const end = this.#input.indexOf(HEAD_END)
    if (end < 0) return this.#input.length > HEAD_BYTES_MAX ? this.#fail(431, 'head too long') : false
    const lines = this.#input.toString('utf8', 0, end).split('\r\n')
    this.#input = this.#input.subarray(end + 4)
    const [method, path, version] = (lines[0] as string).split(' ')
    if (method === undefined || path === undefined || !version?.startsWith('HTTP/1.'))
      return this.#fail(400, 'bad request line')
    const headers = new Map<string, string>()
    for (let at = 1; at < lines.length; at++) {
      if (!readField(lines[at] as string, headers)) return this.#fail(400, 'bad header')
    }
    this.#method = method
    this.#path = path
    this.#headers = headers
    this.#trailers = new Map()
    this.#parts = []
    this.#partBytes = 0
    this.#isTooLarge = false
    const connection = headers.get('connection')?.toLowerCase()
    this.#closesAfterReply = connection === 'close' || (version === 'HTTP/1.0' && connection !== 'keep-alive')
    if (headers.get('expect')?.toLowerCase() === '100-continue') {
      this.#release()
      this.#stream.write('HTTP/1.1 100 Continue\r\n\r\n')
    }
    if (headers.get('transfer-encoding')?.toLowerCase().endsWith('chunked')) {
      this.#sink = this.#openSink({ method, path, headers })
      this.#state = 'chunk-size'
      return true
    }
    this.#sink = undefined
    const length = Number(headers.get('content-length') ?? 0)
    if (!Number.isSafeInteger(length) || length < 0) return this.#fail(400, 'bad Content-Length')
    this.#leftBytes = length
    if (length === 0) this.#dispatch()
    else this.#state = 'body'
    return true
  }

  #readChunkSize(): boolean {
    const line = this.#line()
    if (line === undefined) return false
    const digits = line.split(';', 1)[0]?.trim() ?? ''
    if (!/^[0-9a-fA-F]{1,8}$/.test(digits)) return this.#fail(400, 'bad chunk size')
    this.#leftBytes = Number.parseInt(digits, 16)
    this.#state = this.#leftBytes === 0 ? 'trailers' : 'chunk-data'
    return true
  }

  #readBody(then: 'handling' | 'chunk-end'): boolean {
    if (this.#input.length === 0) return false
    const part = this.#input.subarray(0, this.#leftBytes)
    this.#input = this.#input.subarray(part.length)
    this.#leftBytes -= part.length
    if (this.#partBytes + part.length > (this.#sink?.bytesMax ?? this.#bodyBytesMax)) {
      this.#isTooLarge = true
      this.#parts = []
      this.#partBytes = 0
    }
    if (!this.#isTooLarge) {
      this.#partBytes += part.length
      if (this.#sink === undefined) this.#parts.push(part)
      else this.#hold(this.#sink.write(part))
    }
    if (this.#leftBytes > 0) return true
    if (then === 'handling') this.#dispatch()
    else this.#state = then
    return true
  }

  /** Reads no more until the sink has taken what it got. */
  #hold(taken: void | Promise<void>): void {
    if (taken === undefined) return
    this.#isHeld = true
    this.#stream.pause()
    void taken.then(() => {
      this.#isHeld = false
      if (this.#state === 'closed') return
      this.#stream.resume()
      this.#advance()
    })
  }

  #line(): string | undefined {
    const end = this.#input.indexOf(CRLF)
    if (end < 0) {
      if (this.#input.length > HEAD_BYTES_MAX) this.#fail(431, 'line too long')
      return undefined
    }
    const line = this.#input.toString('utf8', 0, end)
    this.#input = this.#input.subarray(end + 2)
    return line
  }

  #dispatch(): void {
    this.#state = 'handling'
    const body = this.#parts.length === 1 ? (this.#parts[0] as Buffer) : Buffer.concat(this.#parts)
    this.#parts = []
    const request: ApiRequest = {
      method: this.#method,
      path: this.#path,
      headers: this.#headers,
      trailers: this.#trailers,
      body,
      isTooLarge: this.#isTooLarge,
      streamedBytes: this.#sink === undefined ? undefined : this.#partBytes,
      onGone: undefined,
      reply: (status, answer, headers) => this.#reply(request, status, answer, headers),
      replyLater: (status, answer) => this.#reply(request, status, answer, '', true),
    }
    this.#current = request
    this.#handle(request)
  }

  #reply(request: ApiRequest, status: number, body: Uint8Array | string, headers = '', mayWait = false): void {
    if (this.#state === 'closed') return
    assert(this.#current === request, 'a request is answered once')
    this.#current = undefined
    const closing = this.#closesAfterReply ? 'Connection: close\r\n' : ''
    const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length
    const head = `${this.#held}HTTP/1.1 ${status} ${REASONS[status] ?? 'Status'}\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n${closing}${headers}\r\n`
    this.#held = ''
    if (mayWait && typeof body === 'string' && !this.#closesAfterReply && this.#input.length > 0) {
      this.#held = head + body
    } else this.#write(head, body)
    if (this.#closesAfterReply) return this.#shut()
    this.#state = 'head'
    if (this.#stream.isPaused()) this.#stream.resume()
    if (this.#input.length > 0) this.#advance()
    // What came along was not a whole request: the client may wait for this answer before it sends the rest.
    if (this.#current === undefined) this.#release()
  }

  #write(head: string, body: Uint8Array | string): void {
    if (typeof body === 'string') this.#stream.write(head + body)
    else if (body.length <= COPIED_BYTES_MAX) {
      const headBytes = Buffer.byteLength(head)
      const bytes = Buffer.allocUnsafe(headBytes + body.length)
      bytes.write(head, 0)
      bytes.set(body, headBytes)
      this.#stream.write(bytes)
    } else {
      this.#stream.write(head)
      this.#stream.write(body)
    }
  }

  #release(): void {
    if (this.#held === '' || this.#state === 'closed') return
    const held = this.#held
    this.#held = ''
    this.#stream.write(held)
  }

  #fail(status: number, why: string): false {
    this.#current = undefined
    this.#release()
    const body = JSON.stringify({ errorMessage: why, errorType: 'InvalidRequest' })
    this.#stream.write(
      `HTTP/1.1 ${status} ${REASONS[status]}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    )
    this.#shut()
    return false
  }

  #shut(): void {
    this.#release()
    this.#state = 'closed'
    this.#input = EMPTY
    this.#stream.end()
  }

  #end(): void {
    if (
      this.#state === 'body' ||
      this.#state === 'chunk-data' ||
      this.#state === 'chunk-size' ||
      this.#state === 'chunk-end'
    ) {
      const body = '{"errorMessage":"Truncated HTTP request","errorType":"TruncatedHTTPRequest"}'
      this.#release()
      this.#stream.write(
        `HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      )
    }
    // A half-closed client may still wait for its answer; whoever asked for `next` and left is gone.
    if (this.#state === 'handling') this.#closesAfterReply = true
    else this.#shut()
  }

  #gone(): void {
    this.#state = 'closed'
    this.#input = EMPTY
    const request = this.#current
    this.#current = undefined
    request?.onGone?.()
  }
}

function readField(line: string, fields: Map<string, string>): boolean {
  const colon = line.indexOf(':')
  if (colon < 1) return false
  fields.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim())
  return true
}
