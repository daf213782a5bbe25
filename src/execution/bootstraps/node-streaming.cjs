'use strict'
/** Handlers that write their response piece by piece: the globals that mark them, and the stream they get. */
const { Writable } = require('node:stream')

/** AWS's own runtime interface client looks for this mark, and libraries set it. */
const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming')
const HIGH_WATER_MARK = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark')
const HTTP_TYPE = 'application/vnd.awslambda.http-integration-response'
const PRELUDE_END = Buffer.alloc(8)

/** Nothing leaves before the first piece: until then the handler may choose the type, or fail like any other. */
class ResponseStream extends Writable {
  #api
  #id
  #contentType = 'application/octet-stream'
  #prelude
  isOpen = false

  constructor(api, id, highWaterMark) {
    super({ highWaterMark, decodeStrings: true })
    this.#api = api
    this.#id = id
  }

  setContentType(contentType) {
    this.#mustBeEarly()
    this.#contentType = String(contentType)
  }

  setPrelude(metadata) {
    this.#mustBeEarly()
    this.#contentType = HTTP_TYPE
    this.#prelude = Buffer.concat([Buffer.from(JSON.stringify(metadata)), PRELUDE_END])
  }

  write(chunk, ...rest) {
    return super.write(toBytes(chunk), ...rest)
  }

  end(chunk, ...rest) {
    return typeof chunk === 'function' || chunk === undefined || chunk === null ? super.end(chunk, ...rest) : super.end(toBytes(chunk), ...rest)
  }

  _write(chunk, _encoding, done) {
    this.#open()
    this.#api.streamPiece(chunk, done)
  }

  _final(done) {
    this.#open()
    done()
  }

  #open() {
    if (this.isOpen) return
    this.isOpen = true
    this.#api.openStream(this.#id, this.#contentType)
    if (this.#prelude) this.#api.streamPiece(this.#prelude)
  }

  #mustBeEarly() {
    if (this.isOpen) throw new Error('The response has begun: its type can not be changed')
  }
}

/** As AWS's stream does: other values go as JSON. */
function toBytes(chunk) {
  return typeof chunk === 'string' || chunk instanceof Uint8Array ? chunk : JSON.stringify(chunk)
}

function defineStreamingGlobals() {
  const awslambda = {
    streamifyResponse(handler, options) {
      handler[STREAMING] = 'response'
      if (options?.highWaterMark !== undefined) handler[HIGH_WATER_MARK] = Number(options.highWaterMark)
      return handler
    },
    HttpResponseStream: {
      from(stream, metadata) {
        stream.setPrelude(metadata)
        return stream
      },
    },
  }
  // Libraries of the SDK keep things of their own there.
  globalThis.awslambda = Object.assign(globalThis.awslambda ?? {}, awslambda)
}

function isStreaming(handler) {
  return handler[STREAMING] === 'response'
}

/** Runs the handler; resolves when all it wrote has left. Throws what it threw; `stream.isOpen` then tells whether something has left. */
async function runStreaming(handler, event, stream, context) {
  const broken = new Promise((_resolve, reject) => stream.on('error', reject))
  const result = handler(event, stream, context)
  if (typeof result?.then !== 'function') throw new Error('Streaming does not support non-async handlers.')
  await Promise.race([result, broken])
  // What the handler has left open ends with it.
  if (!stream.writableEnded) stream.end()
  if (!stream.writableFinished) await Promise.race([new Promise((resolve) => stream.once('finish', resolve)), broken])
}

module.exports = {
  defineStreamingGlobals,
  isStreaming,
  runStreaming,
  newResponseStream: (api, id, handler) => new ResponseStream(api, id, handler[HIGH_WATER_MARK]),
}
