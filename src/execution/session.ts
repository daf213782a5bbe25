import type { Server, Socket } from 'node:net'
import type { Clock } from '../std/clock.ts'
import type { EnvironmentLog } from './environment-log.ts'
import {
  type ExtensionFailure,
  type Extensions,
  type ExtensionsListener,
  INTERNAL_SHUTDOWN_MAX_MS,
  RUNTIME_SHUTDOWN_MAX_MS,
  SHUTDOWN_MAX_MS,
  type ShutdownReason,
} from './extensions.ts'
import { exitOfStatus } from './isolation/child.ts'
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

/** What extensions get to take the last events in, in ms. */
const TELEMETRY_FLUSH_MAX_MS = 500
/** 128 and SIGKILL. */
const KILLED_STATUS = 137

/** One runtime process with its Runtime API and its output. Begins with a start and ends with `exit`; is never started again. */
export class RuntimeSession implements ProcessListener, RuntimeListener, ExtensionsListener {
  readonly api: RuntimeApi
  readonly ended: Promise<void>
  /** Told of everything that happens; set it before the next turn of the event loop. */
  onHappening: (happening: Happening) => void = () => undefined
  /** The runtime has asked for an event and got none yet. */
  #isRuntimeReady = false
  #onExtensionsEnded: () => void = () => undefined
  #onRuntimeEnded: () => void = () => undefined
  /** Where extensions outlive the runtime: how it ended. */
  #runtimeExit: ProcessExit | undefined
  exit: ProcessExit | undefined
  readonly #process: RuntimeProcess
  readonly #onEndpointConnection: (socket: Socket) => void
  /** Undefined while the process is no function's: then nothing it says is kept. */
  #log: EnvironmentLog | undefined
  readonly #stdout: LineReader
  readonly #stderr: LineReader
  readonly #extensionOutput: LineReader
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
    const write = (message: string) => this.#log?.writeOf('function', message)
    this.#stdout = new LineReader(write)
    this.#stderr = new LineReader(write)
    this.#extensionOutput = new LineReader((message) => this.#log?.writeOf('extension', message))
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

  /** Opens a connection to something that listens beside the runtime. */
  connect(port: number): Promise<Socket> {
    return this.#process.connect(port)
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

  /**
   * Lets the runtime and then its extensions end their work, for a little while; what else happens is of no interest any more. A runtime without
   * extensions gets no time. https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-shutdown
   */
  async shutDown(reason: ShutdownReason, clock: Clock): Promise<void> {
    this.onHappening = () => undefined
    const { extensions } = this.api
    const kind = extensions?.kind ?? 'none'
    if (this.exit !== undefined || extensions === undefined || kind === 'none') return
    const deadlineMs = clock.now() + SHUTDOWN_MAX_MS
    // A runtime that ran out of time, or failed, is past listening.
    if (reason === 'spindown' && this.#runtimeExit === undefined) {
      const limitMs = kind === 'external' ? RUNTIME_SHUTDOWN_MAX_MS : INTERNAL_SHUTDOWN_MAX_MS
      await within(clock, limitMs, (end) => {
        this.#onRuntimeEnded = end
        this.#process.terminate()
      })
    }
    if (this.exit !== undefined) return
    this.flushOutput()
    const told = extensions.telemetry?.flush() ?? Promise.resolve()
    // What there is to tell comes before the end, if they take it in time.
    await within(clock, TELEMETRY_FLUSH_MAX_MS, (end) => void told.then(end, end))
    if (this.exit !== undefined || !extensions.shutDown(reason, deadlineMs)) return
    await within(clock, deadlineMs - clock.now(), (end) => {
      this.#onExtensionsEnded = end
    })
  }

  /** The next thing that happens, or that nothing did. */
  wait(clock: Clock, limitMs: number): Promise<Waited> {
    const exit = this.exit ?? this.#runtimeExit
    if (exit !== undefined) return Promise.resolve({ kind: 'exit', exit })
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
    this.#extensionOutput.end()
  }

  onStdout(chunk: Buffer): void {
    this.#stdout.take(chunk)
  }

  onStderr(chunk: Buffer): void {
    this.#stderr.take(chunk)
  }

  onExtensionOutput(chunk: Buffer): void {
    this.#extensionOutput.take(chunk)
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
    this.#onRuntimeEnded()
    this.#onExtensionsEnded()
    this.flushOutput()
    this.api.close()
    this.api.extensions?.telemetry?.close()
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

  /** The runtime has ended, and its extensions have not. */
  #runtimeEnded(status: number): void {
    // Only the end of all of it tells whether it was for want of memory.
    if (status === KILLED_STATUS) return this.kill()
    this.#isRuntimeReady = false
    this.#runtimeExit = exitOfStatus(status, false)
    this.#onRuntimeEnded()
    this.onHappening({ kind: 'exit', exit: this.#runtimeExit })
  }

  /** `<status> <name>` of an extension, or without a name of the runtime, that has ended. */
  #notice(text: string): void {
    const at = text.indexOf(' ')
    const name = text.slice(at + 1)
    const status = Number(text.slice(0, at))
    if (name === '') this.#runtimeEnded(status)
    else this.api.extensions?.ended(name, status)
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

/** Waits until `begin`'s callback is called, at most so long. */
function within(clock: Clock, limitMs: number, begin: (end: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.setTimer(limitMs, resolve)
    begin(() => {
      timer.cancel()
      resolve()
    })
  })
}
