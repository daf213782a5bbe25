import type { Server, Socket } from 'node:net'
import type { Clock } from '../std/clock.ts'
import type { EnvironmentLog } from './environment-log.ts'
import {
  type ExtensionFailure,
  type Extensions,
  type ExtensionsListener,
  SHUTDOWN_MAX_MS,
  type ShutdownReason,
} from './extensions.ts'
import { FrameReader, LineReader } from './environment-log.ts'
import type { Command, ProcessExit, ProcessListener, RuntimeProcess, Sandbox } from './isolation/isolation.ts'
import { type ReportedError, RuntimeApi, type RuntimeEvent, type RuntimeListener } from './runtime-api.ts'

/** What a runtime process does that matters to its environment. */
export type Happening =
  /** Started ahead, it waits to be told what it is. */
  | { readonly kind: 'blank' }
  /** It waits for an event, and its extensions do. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'init-error'; readonly error: ReportedError }
  | { readonly kind: 'response'; readonly body: Buffer; readonly streamedBytes: number }
  | { readonly kind: 'response-too-large' }
  | { readonly kind: 'error'; readonly error: ReportedError }
  | { readonly kind: 'exit'; readonly exit: ProcessExit }
  | { readonly kind: 'extension-failed'; readonly failure: ExtensionFailure }

/** How a wait for a runtime ended. */
export type Waited = Happening | { readonly kind: 'timeout' }

/** One runtime process with its Runtime API and its output. Begins with a start and ends with `exit`; is never started again. */
export class RuntimeSession implements ProcessListener, RuntimeListener, ExtensionsListener {
  readonly api: RuntimeApi
  readonly ended: Promise<void>
  /** Told of everything that happens; set it before the next turn of the event loop. */
  onHappening: (happening: Happening) => void = () => undefined
  /** The runtime has asked for an event and got none yet. */
  #isRuntimeReady = false
  #onExtensionsEnded: () => void = () => undefined
  exit: ProcessExit | undefined
  readonly #process: RuntimeProcess
  readonly #onEndpointConnection: (socket: Socket) => void
  /** Undefined while the process is no function's: then nothing it says is kept. */
  #log: EnvironmentLog | undefined
  readonly #stdout: LineReader
  readonly #stderr: LineReader
  readonly #frames: FrameReader
  readonly #servers: Server[] = []
  #end: () => void = () => undefined

  /** Without a log the process is started ahead of its function. Throws {@link ProcessStartError}. */
  constructor(
    sandbox: Sandbox,
    command: Command,
    log: EnvironmentLog | undefined,
    onEndpointConnection: (socket: Socket) => void,
  ) {
    this.#onEndpointConnection = onEndpointConnection
    this.#log = log
    const write = (message: string) => this.#log?.write(message)
    this.#stdout = new LineReader(write)
    this.#stderr = new LineReader(write)
    this.#frames = new FrameReader(write, (text) => this.#notice(text))
    this.api = new RuntimeApi(this, log === undefined)
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
    this.#process = sandbox.start(command, this)
    this.api.serve(this.#process.api)
  }

  /** Runtime and extensions wait for an event. */
  get isReady(): boolean {
    return this.#isRuntimeReady && (this.api.extensions?.isReady ?? true)
  }

  /** From the start on: what registers while the runtime starts. */
  useExtensions(extensions: Extensions): void {
    this.api.extensions = extensions
  }

  deliver(event: RuntimeEvent): void {
    this.#isRuntimeReady = false
    // Init is over, for internal extensions too.
    this.api.extensions?.close()
    this.api.extensions?.invoke(event)
    this.api.deliver(event)
  }

  /** Lets extensions end their work, for a little while; what else happens is of no interest any more. */
  async shutDownExtensions(reason: ShutdownReason, clock: Clock): Promise<void> {
    this.onHappening = () => undefined
    const { extensions } = this.api
    if (this.exit !== undefined || !extensions?.shutDown(reason, clock.now() + SHUTDOWN_MAX_MS)) return
    await new Promise<void>((resolve) => {
      const timer = clock.setTimer(SHUTDOWN_MAX_MS, resolve)
      this.#onExtensionsEnded = () => {
        timer.cancel()
        resolve()
      }
    })
  }

  /** The next thing that happens, or that nothing did. */
  wait(clock: Clock, limitMs: number): Promise<Waited> {
    if (this.exit !== undefined) return Promise.resolve({ kind: 'exit', exit: this.exit })
    return new Promise((resolve) => {
      const finish = (waited: Waited) => {
        timer.cancel()
        this.onHappening = () => undefined
        resolve(waited)
      }
      const timer = clock.setTimer(limitMs, () => finish({ kind: 'timeout' }))
      this.onHappening = finish
    })
  }

  /** Makes a process that was started ahead a function's. */
  assign(assignment: string, log: EnvironmentLog): void {
    this.#log = log
    this.api.assign(assignment)
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
    this.#isRuntimeReady = false
    this.#onExtensionsEnded()
    this.flushOutput()
    this.api.close()
    for (const server of this.#servers) server.close()
    this.onHappening({ kind: 'exit', exit })
    this.#end()
  }

  onBlank(): void {
    this.onHappening({ kind: 'blank' })
  }

  onReady(): void {
    this.#isRuntimeReady = true
    if (this.isReady) this.onHappening({ kind: 'ready' })
  }

  onExtensionsChanged(): void {
    if (this.isReady) this.onHappening({ kind: 'ready' })
    if (this.api.extensions?.isShutDown) this.#onExtensionsEnded()
  }

  onExtensionFailed(failure: ExtensionFailure): void {
    this.onHappening({ kind: 'extension-failed', failure })
  }

  /** `<status> <name>` of an extension that has ended. */
  #notice(text: string): void {
    const at = text.indexOf(' ')
    this.api.extensions?.ended(text.slice(at + 1), Number(text.slice(0, at)))
  }

  onInitError(error: ReportedError): void {
    this.onHappening({ kind: 'init-error', error })
  }

  onResponse(body: Buffer, streamedBytes: number): void {
    this.onHappening({ kind: 'response', body, streamedBytes })
  }

  onResponseTooLarge(): void {
    this.onHappening({ kind: 'response-too-large' })
  }

  onError(error: ReportedError): void {
    this.onHappening({ kind: 'error', error })
  }
}
