import { Agent, request } from 'node:http'
import type { Socket } from 'node:net'
import type { Destination } from './subscription.ts'

/** An answer that takes longer is none, in ms. */
const ANSWER_MAX_MS = 5000

/** Opens a connection to a port inside of the sandbox. */
export type Connect = (port: number) => Promise<Socket>

/** Where one extension listens. */
export interface Outlet {
  /** Events as JSON texts. Rejects when they were not taken. */
  send(batch: readonly string[]): Promise<void>
  close(): void
}

export function openOutlet(destination: Destination, connect: Connect): Outlet {
  return destination.protocol === 'HTTP' ? new HttpOutlet(destination, connect) : new TcpOutlet(destination, connect)
}

/** One POST for each batch, with a JSON array. */
class HttpOutlet implements Outlet {
  readonly #destination: Destination
  readonly #agent: SandboxAgent

  constructor(destination: Destination, connect: Connect) {
    this.#destination = destination
    this.#agent = new SandboxAgent(() => connect(destination.port))
  }

  send(batch: readonly string[]): Promise<void> {
    return this.#post(`[${batch.join(',')}]`)
  }

  #post(body: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const { port, path } = this.#destination
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
      const options = { method: 'POST', host: 'sandbox.localdomain', port, path, headers, agent: this.#agent }
      const sent = request({ ...options, timeout: ANSWER_MAX_MS }, (response) => {
        response.resume()
        response.on('end', () => {
          const status = response.statusCode ?? 0
          if (status >= 200 && status < 300) resolve()
          else reject(new Error(`the extension answered ${status}`))
        })
        response.on('error', reject)
      })
      sent.on('timeout', () => sent.destroy(new Error('the extension does not answer')))
      sent.on('error', (error) => {
        // A connection that was kept may have been closed at the same moment.
        if (sent.reusedSocket) this.#post(body).then(resolve, reject)
        else reject(error)
      })
      sent.end(body)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}

/** Keeps one connection into the sandbox. */
class SandboxAgent extends Agent {
  readonly #open: () => Promise<Socket>

  constructor(open: () => Promise<Socket>) {
    super({ keepAlive: true, maxSockets: 1 })
    this.#open = open
  }

  override createConnection(...[, callback]: Parameters<Agent['createConnection']>): undefined {
    this.#open().then(
      (socket) => callback?.(null, socket),
      // The types want a stream beside the error; there is none.
      (error: Error) => callback?.(error, undefined as never),
    )
    return undefined
  }
}

/** One connection, one line for each event. */
class TcpOutlet implements Outlet {
  readonly #destination: Destination
  readonly #connect: Connect
  #socket: Socket | undefined

  constructor(destination: Destination, connect: Connect) {
    this.#destination = destination
    this.#connect = connect
  }

  async send(batch: readonly string[]): Promise<void> {
    const socket = this.#socket ?? (await this.#connect(this.#destination.port))
    this.#socket = socket
    socket.once('close', () => {
      if (this.#socket === socket) this.#socket = undefined
    })
    socket.on('error', () => undefined)
    await new Promise<void>((resolve, reject) => {
      socket.write(batch.map((item) => `${item}\n`).join(''), (error) => (error ? reject(error) : resolve()))
    })
  }

  close(): void {
    this.#socket?.destroy()
  }
}
