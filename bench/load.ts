import { connect, type Socket } from 'node:net'

export interface LoadResult {
  readonly requestCount: number
  readonly errorCount: number
  readonly seconds: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly bytesReceived: number
}

export interface LoadOptions {
  readonly port: number
  readonly connections: number
  readonly seconds: number
  /** Stops earlier after this many requests. */
  readonly requestLimit?: number
  /** The bytes of request `index`; a buffer may be used again. */
  request(index: number): Buffer
}

/**
 * A closed loop of raw keep-alive sockets: each sends its next request when the answer is complete. Node's HTTP client costs more than
 * the server under test, so responses are read here with the little parser the answers need.
 */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const latenciesMs: number[] = []
  let next = 0
  let errorCount = 0
  let bytesReceived = 0
  const limit = options.requestLimit ?? Number.POSITIVE_INFINITY
  const startedMs = performance.now()
  const endMs = startedMs + options.seconds * 1000

  await Promise.all(
    Array.from({ length: options.connections }, async () => {
      const connection = await Connection.open(options.port)
      while (performance.now() < endMs && next < limit) {
        const sentMs = performance.now()
        const answer = await connection.exchange(options.request(next++))
        latenciesMs.push(performance.now() - sentMs)
        bytesReceived += answer.byteCount
        if (answer.status >= 400) errorCount++
      }
      connection.close()
    }),
  )

  const seconds = (performance.now() - startedMs) / 1000
  latenciesMs.sort((a, b) => a - b)
  const at = (fraction: number) =>
    latenciesMs[Math.min(latenciesMs.length - 1, Math.floor(latenciesMs.length * fraction))] ?? 0
  return {
    requestCount: latenciesMs.length,
    errorCount,
    seconds,
    perSecond: latenciesMs.length / seconds,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    bytesReceived,
  }
}

interface Answer {
  readonly status: number
  readonly byteCount: number
}

/** One keep-alive connection with one request under way. Understands Content-Length, chunked bodies and none at all. */
export class Connection {
  readonly #socket: Socket
  #resolve: ((answer: Answer) => void) | undefined
  #reject: ((error: Error) => void) | undefined
  #head: Buffer = Buffer.alloc(0)
  #status = 0
  #remaining = -1
  #isChunked = false
  #tail = ''
  #bodyBytes = 0

  static open(port: number, host = '127.0.0.1'): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host, noDelay: true })
      socket.once('error', reject)
      socket.once('connect', () => resolve(new Connection(socket)))
    })
  }

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('error', (error) => this.#reject?.(error))
    socket.on('close', () => this.#reject?.(new Error('connection closed')))
  }

  exchange(request: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      this.#socket.write(request)
    })
  }

  close(): void {
    this.#reject = undefined
    this.#socket.destroy()
  }

  #read(chunk: Buffer): void {
    if (this.#remaining < 0 && !this.#isChunked) {
      this.#head = this.#head.length === 0 ? chunk : Buffer.concat([this.#head, chunk])
      const end = this.#head.indexOf('\r\n\r\n')
      if (end < 0) return
      const text = this.#head.toString('latin1', 0, end)
      this.#status = Number(text.slice(9, 12))
      const rest = this.#head.subarray(end + 4)
      this.#head = Buffer.alloc(0)
      if (this.#status === 100) {
        if (rest.length > 0) this.#read(rest)
        return
      }
      const length = /^content-length: *(\d+)/im.exec(text)
      this.#isChunked = length === null && /^transfer-encoding: *chunked/im.test(text)
      this.#remaining = length === null ? 0 : Number(length[1])
      this.#bodyBytes = 0
      if (rest.length > 0 || !this.#isChunked) this.#readBody(rest)
      return
    }
    this.#readBody(chunk)
  }

  #readBody(chunk: Buffer): void {
    this.#bodyBytes += chunk.length
    if (this.#isChunked) {
      this.#tail = (this.#tail + chunk.toString('latin1', Math.max(0, chunk.length - 5))).slice(-5)
      if (this.#tail !== '0\r\n\r\n') return
      this.#isChunked = false
      this.#tail = ''
    } else {
      this.#remaining -= chunk.length
      if (this.#remaining > 0) return
    }
    this.#remaining = -1
    const resolve = this.#resolve
    this.#resolve = undefined
    resolve?.({ status: this.#status, byteCount: this.#bodyBytes })
  }
}
