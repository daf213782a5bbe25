import type { Server, Socket } from 'node:net'
import type { EnvironmentLog } from './environment-log.ts'
import { FrameReader, LineReader } from './environment-log.ts'
import type { Command, ProcessExit, ProcessListener, RuntimeProcess, Sandbox } from './isolation/isolation.ts'
import { type ReportedError, RuntimeApi, type RuntimeListener } from './runtime-api.ts'

/** What a runtime process does that matters to its environment. */
export type Happening =
  /** It waits for an event. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'init-error'; readonly error: ReportedError }
  | { readonly kind: 'response'; readonly body: Buffer }
  | { readonly kind: 'response-too-large' }
  | { readonly kind: 'error'; readonly error: ReportedError }
  | { readonly kind: 'exit'; readonly exit: ProcessExit }

/** One runtime process with its Runtime API and its output. Begins with a start and ends with `exit`; is never started again. */
export class RuntimeSession implements ProcessListener, RuntimeListener {
  readonly api: RuntimeApi
  readonly ended: Promise<void>
  /** Told of everything that happens; set it before the next turn of the event loop. */
  onHappening: (happening: Happening) => void = () => undefined
  /** The runtime has asked for an event and got none yet. */
  isReady = false
  exit: ProcessExit | undefined
  readonly #process: RuntimeProcess
  readonly #onEndpointConnection: (socket: Socket) => void
  readonly #stdout: LineReader
  readonly #stderr: LineReader
  readonly #frames: FrameReader
  readonly #servers: Server[] = []
  #end: () => void = () => undefined

  /** Throws {@link ProcessStartError}. */
  constructor(sandbox: Sandbox, command: Command, log: EnvironmentLog, onEndpointConnection: (socket: Socket) => void) {
    this.#onEndpointConnection = onEndpointConnection
    const write = (message: string) => log.write(message)
    this.#stdout = new LineReader(write)
    this.#stderr = new LineReader(write)
    this.#frames = new FrameReader(write)
    this.api = new RuntimeApi(this)
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
    this.#process = sandbox.start(command, this)
    this.api.serve(this.#process.api)
  }

  /** Ends the process and all it started; `exit` follows. */
  kill(): void {
    if (this.exit === undefined) this.#process.kill()
  }

  /** Writes lines that have no end yet: an invocation is over. */
  flushOutput(): void {
    this.#stdout.end()
    this.#stderr.end()
  }

  onStdout(chunk: Buffer): void {
    this.#stdout.take(chunk)
  }

  onStderr(chunk: Buffer): void {
    this.#stderr.take(chunk)
  }

  onLogFrames(chunk: Buffer): void {
    this.#frames.take(chunk)
  }

  onListening(name: string, server: Server): void {
    this.#servers.push(server)
    server.on('connection', (socket: Socket) => {
      socket.setNoDelay(true)
      if (name === 'api') this.api.serve(socket)
      else this.#onEndpointConnection(socket)
    })
  }

  onExit(exit: ProcessExit): void {
    this.exit = exit
    this.isReady = false
    this.flushOutput()
    this.api.close()
    for (const server of this.#servers) server.close()
    this.onHappening({ kind: 'exit', exit })
    this.#end()
  }

  onReady(): void {
    this.isReady = true
    this.onHappening({ kind: 'ready' })
  }

  onInitError(error: ReportedError): void {
    this.onHappening({ kind: 'init-error', error })
  }

  onResponse(body: Buffer): void {
    this.onHappening({ kind: 'response', body })
  }

  onResponseTooLarge(): void {
    this.onHappening({ kind: 'response-too-large' })
  }

  onError(error: ReportedError): void {
    this.onHappening({ kind: 'error', error })
  }
}
