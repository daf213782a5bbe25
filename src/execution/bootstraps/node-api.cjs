'use strict'
/**
 * A client of the Runtime API on one socket. An answer and the wish for the next event leave in one write (HTTP pipelining); replies come in
 * the order of the requests. 2.5 times as fast as node:http with an agent.
 */
const BASE = '/2018-06-01/runtime'
const HEAD_END = Buffer.from('\r\n\r\n')
const EMPTY = Buffer.alloc(0)
const CRLF = Buffer.from('\r\n')
const ERROR_TYPE = 'Lambda-Runtime-Function-Error-Type'
const ERROR_BODY = 'Lambda-Runtime-Function-Error-Body'
const NEXT = `GET ${BASE}/invocation/next HTTP/1.1\r\nHost: runtime\r\n\r\n`

class ApiClient {
  constructor(socket) {
    this.socket = socket
    this.expected = []
    this.parts = []
    this.partBytes = 0
    /** Bytes of the reply that is arriving; unknown until its head is complete. */
    this.neededBytes = 0
    this.onEnd = undefined
    socket.on('data', (chunk) => this.take(chunk))
    socket.on('end', () => this.onEnd?.())
    socket.on('error', () => this.onEnd?.())
  }

  ref() {
    this.socket.ref()
  }

  unref() {
    this.socket.unref()
  }

  next(onEvent) {
    this.expected.push(onEvent)
    this.socket.write(NEXT)
  }

  /** What this process is to be, once that is known; and when its code is there. */
  assignment(onAssigned, onReleased) {
    this.expected.push(onAssigned, onReleased)
    this.socket.write(`GET ${BASE}/assignment HTTP/1.1\r\nHost: runtime\r\n\r\nGET ${BASE}/release HTTP/1.1\r\nHost: runtime\r\n\r\n`)
  }

  respond(id, body, onEvent) {
    this.post(`/invocation/${id}/response`, '', body, onEvent)
  }

  /** Begins a response that is sent while it is made. */
  openStream(id, contentType) {
    const type = contentType.replace(/[^\x20-\x7e]/g, '?')
    const trailers = `${ERROR_TYPE}, ${ERROR_BODY}`
    this.socket.write(
      `POST ${BASE}/invocation/${id}/response HTTP/1.1\r\nHost: runtime\r\nContent-Type: ${type}\r\nLambda-Runtime-Function-Response-Mode: streaming\r\nTransfer-Encoding: chunked\r\nTrailer: ${trailers}\r\n\r\n`,
    )
  }

  streamPiece(piece, done) {
    // An empty chunk would be the end.
    if (piece.length === 0) return done?.()
    this.socket.write(Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, CRLF]), done)
  }

  /** Ends it, broken when there is an error, and asks for the next event. */
  endStream(error, onEvent, done) {
    const trailers = error
      ? `${ERROR_TYPE}: ${headerSafe(error.errorType)}\r\n${ERROR_BODY}: ${Buffer.from(JSON.stringify(error)).toString('base64')}\r\n`
      : ''
    this.expected.push(done ?? ignore)
    if (onEvent) this.expected.push(onEvent)
    this.socket.write(`0\r\n${trailers}\r\n${onEvent ? NEXT : ''}`)
  }

  fail(id, errorType, body, onEvent, done) {
    this.post(`/invocation/${id}/error`, typeHeader(errorType), body, onEvent, done)
  }

  initError(errorType, body, done) {
    this.post('/init/error', typeHeader(errorType), body, undefined, done)
  }

  /** Posts, and asks for the next event when `onEvent` is given. `done` is called with the server's reply. */
  post(path, headers, body, onEvent, done) {
    const content = Buffer.from(body)
    const head = `POST ${BASE}${path} HTTP/1.1\r\nHost: runtime\r\nContent-Type: application/json\r\n${headers}Content-Length: ${content.length}\r\n\r\n`
    this.expected.push(done ?? ignore)
    if (onEvent) this.expected.push(onEvent)
    this.socket.write(Buffer.concat([Buffer.from(head), content, onEvent ? Buffer.from(NEXT) : EMPTY]))
  }

  take(chunk) {
    this.parts.push(chunk)
    this.partBytes += chunk.length
    while (this.partBytes > 0 && this.partBytes >= this.neededBytes) {
      const input = this.parts.length === 1 ? this.parts[0] : Buffer.concat(this.parts)
      this.parts = [input]
      const end = input.indexOf(HEAD_END)
      if (end < 0) return
      const headers = parseHeaders(input.toString('utf8', 0, end))
      const bodyAt = end + HEAD_END.length
      this.neededBytes = bodyAt + Number(headers['content-length'] ?? 0)
      if (input.length < this.neededBytes) return
      const body = input.toString('utf8', bodyAt, this.neededBytes)
      const rest = input.subarray(this.neededBytes)
      this.parts = rest.length > 0 ? [rest] : []
      this.partBytes = rest.length
      this.neededBytes = 0
      this.expected.shift()?.(headers, body)
    }
  }
}

function ignore() {}

function parseHeaders(head) {
  const headers = {}
  for (const line of head.split('\r\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
  }
  return headers
}

function typeHeader(errorType) {
  return `${ERROR_TYPE}: ${headerSafe(errorType)}\r\n`
}

function headerSafe(text) {
  return text.replace(/[^\x20-\x7e]/g, '?')
}

module.exports = { ApiClient }
