import { createServer, type Server, type Socket } from 'node:net'
import { randomHex } from '../std/ids.ts'
import type { RuntimeApi } from './runtime-api.ts'

/**
 * The Runtime API on a port of this machine, for runtimes that share its network. One port per environment, and a path that only its own
 * process is told: a stranger gets 404.
 */
export class ApiListener {
  readonly #server: Server
  readonly #guard = `/${randomHex(16)}`
  /** The API of the process that runs now. */
  api: RuntimeApi | undefined

  constructor() {
    this.#server = createServer((socket) => this.#serve(socket))
    this.#server.unref()
  }

  static async open(): Promise<ApiListener> {
    const listener = new ApiListener()
    await new Promise<void>((resolve, reject) => {
      listener.#server.once('error', reject)
      listener.#server.listen(0, '127.0.0.1', resolve)
    })
    return listener
  }

  /** For AWS_LAMBDA_RUNTIME_API. */
  get address(): string {
    const address = this.#server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    return `127.0.0.1:${port}${this.#guard}`
  }

  close(): void {
    this.#server.close()
  }

  #serve(socket: Socket): void {
    socket.setNoDelay(true)
    if (this.api === undefined) socket.destroy()
    else this.api.serve(socket, this.#guard)
  }
}
