/**
 * What stands between a function and the machine. This folder is the only place that starts processes, so it is the only place to look at
 * when asking what a function could reach.
 */
import type { Server, Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** How a runtime process ended, as its function would say it. */
export type ProcessExit =
  | { readonly kind: 'exited'; readonly code: number }
  /** `signal` in the kernel's words: `killed`, `segmentation fault`. */
  | { readonly kind: 'signalled'; readonly signal: string; readonly isOutOfMemory: boolean }

/** Where things are, as the function sees them. */
export interface SandboxPaths {
  /** `/var/task` */
  readonly task: string
  /** `/opt` */
  readonly opt: string
  /** `/var/runtime`: our bootstraps. */
  readonly runtime: string
  /** `/tmp` */
  readonly tmp: string
  readonly node: string
  /** A folder that has the AWS SDK's `node_modules` in it; undefined when this installation lacks them. */
  readonly sdk: string | undefined
  /** Directories with executables, in front of the machine's own. */
  readonly bin: readonly string[]
}

export interface SandboxOptions {
  readonly codePath: string
  readonly layerPaths: readonly string[]
  readonly memoryMb: number
  readonly ephemeralStorageMb: number
  /** Host directories outside /usr that the interpreter needs, read-only at the same path. */
  readonly interpreterPaths: readonly string[]
  /** Resolves to this machine inside. */
  readonly endpointHost: string
}

export interface Command {
  readonly file: string
  readonly args: readonly string[]
  readonly variables: Readonly<Record<string, string>>
  /** What extensions write comes apart from what the runtime writes: on descriptor 7. */
  readonly hasExtensions?: boolean
}

/** What a process writes and does, as it happens. */
export interface ProcessListener {
  onStdout(chunk: Buffer): void
  onStderr(chunk: Buffer): void
  onExtensionOutput(chunk: Buffer): void
  /** Bytes of the framed log channel (descriptor 3). */
  onLogFrames(chunk: Buffer): void
  /** A listening socket of the process's own network namespace, handed over under its name. */
  onListening(name: string, server: Server): void
  /** After everything it wrote has been passed on. Comes once, whatever happened. */
  onExit(exit: ProcessExit): void
}

export interface RuntimeProcess {
  /** The other end of descriptor 4: the Runtime API connection of our own bootstraps, reachable by nobody else. */
  readonly api: Duplex
  /** Asks the runtime to end (SIGTERM), where it is not alone: extensions are not told. */
  terminate(): void
  /** Opens a connection to something that listens inside, on 127.0.0.1. */
  connect(port: number): Promise<Socket>
  /** Ends the process and everything it started. */
  kill(): void
}

/** The place of one environment. Outlives its processes: `/tmp` stays when a process is started again. */
export interface Sandbox extends AsyncDisposable {
  readonly paths: SandboxPaths
  /** The process has a network namespace of its own and hands over listening sockets; otherwise it shares the machine's. */
  readonly hasOwnNetwork: boolean
  /** One process at a time. Throws {@link ProcessStartError}. */
  start(command: Command, listener: ProcessListener): RuntimeProcess
  /** Highest use of memory so far, in MB. */
  memoryUsedMaxMb(): number
}

/** A place whose function is not known yet, for a process that is started ahead. */
export interface BlankSandbox extends Sandbox {
  /**
   * Makes it the place of one function, for good. Resolves when {@link Sandbox.paths} and limits are the function's; `isVisible` when the
   * running process sees its code and layers there. Throws, or `isVisible` rejects, when that cannot be done; the place is of no use then.
   */
  bind(options: BoundOptions): Promise<{ readonly isVisible: Promise<void> }>
}

export interface BoundOptions {
  readonly codePath: string
  readonly layerPaths: readonly string[]
  readonly memoryMb: number
}

export interface BlankOptions {
  /** What the process may use up before it is bound. */
  readonly memoryMb: number
  readonly ephemeralStorageMb: number
  readonly interpreterPaths: readonly string[]
  readonly endpointHost: string
}

export interface Isolation extends AsyncDisposable {
  readonly kind: 'bubblewrap' | 'process'
  /** What is separated and what is not, in one sentence. */
  readonly reason: string
  createSandbox(options: SandboxOptions): Promise<Sandbox>
  /** Undefined where processes cannot be started ahead; `reason` says why. */
  createBlankSandbox(options: BlankOptions): Promise<BlankSandbox | undefined>
}

/** No process could be started: the machine's fault. */
export class ProcessStartError extends Error {}
