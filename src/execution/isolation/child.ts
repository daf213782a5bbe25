import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, rmSync } from 'node:fs'
import { Server, type Socket } from 'node:net'
import { constants } from 'node:os'
import { join } from 'node:path'
import type { Duplex, Readable, Writable } from 'node:stream'
import { assert } from '../../std/assert.ts'
import { systemClock } from '../../std/clock.ts'
import { type Loopback, NamespaceLoopback, SharedLoopback } from './loopback.ts'
import { innermost } from './process-tree.ts'
import { type ProcessExit, type ProcessListener, ProcessStartError } from './isolation.ts'
import { StorageWatch } from './storage-watch.ts'

/** Descriptors of a runtime process beside the usual three. The bootstraps know them by number. */
const LOG_FD = 3
const API_FD = 4
export const HANDOVER_FD = 5
export const ARGUMENTS_FD = 6
const EXTENSIONS_FD = 7
/** Longest that output of a dead process is waited for, in ms: a process that escaped from its group may hold the pipes. */
const DRAIN_MS = 200
const LISTENERS_MAX = 2

export interface ChildOptions {
  readonly file: string
  readonly args: readonly string[]
  readonly variables: Readonly<Record<string, string>>
  readonly cwd: string
  /** Takes over listening sockets until there are two, then the channel is closed: before any code of the function runs. */
  readonly hasHandover: boolean
  /** Written to {@link ARGUMENTS_FD}. */
  readonly argumentsText: string | undefined
  readonly hasExtensions: boolean
  /** The network inside is not the machine's. */
  readonly hasOwnNetwork: boolean
}

/** What the end of the process means. */
export type Interpret = (code: number | null, signal: NodeJS.Signals | null) => ProcessExit

/** A process in a process group of its own, with pipes and sockets to talk to it. */
export class Child {
  readonly #process: ChildProcess
  readonly #listener: ProcessListener
  readonly #interpret: Interpret
  readonly #hasOwnNetwork: boolean
  #loopback: Loopback | undefined
  #storage: StorageWatch | undefined
  #overfull: string | undefined
  #exit: ProcessExit | undefined
  #isOver = false

  /** Throws {@link ProcessStartError}. */
  constructor(options: ChildOptions, listener: ProcessListener, interpret: Interpret) {
    this.#listener = listener
    this.#interpret = interpret
    this.#hasOwnNetwork = options.hasOwnNetwork
    this.#process = spawn(options.file, options.args, {
      cwd: options.cwd,
      env: options.variables,
      // A group of its own, so that all of it can be killed.
      detached: true,
      stdio: [
        'ignore',
        'pipe',
        'pipe',
        'pipe',
        'pipe',
        options.hasHandover ? 'ipc' : 'ignore',
        options.argumentsText === undefined ? 'ignore' : 'pipe',
        ...(options.hasExtensions ? (['pipe'] as const) : []),
      ],
    })
    this.#process.on('error', (error) => this.#failed(error))
    if (this.#process.pid === undefined) throw new ProcessStartError(`${options.file} could not be started`)
    const { stdout, stderr, stdio } = this.#process
    this.#read(stdout, (chunk) => listener.onStdout(chunk))
    this.#read(stderr, (chunk) => listener.onStderr(chunk))
    this.#read(stdio[LOG_FD] as Duplex, (chunk) => listener.onLogFrames(chunk))
    const extensions = (stdio as (Readable | null)[])[EXTENSIONS_FD]
    if (extensions !== undefined) this.#read(extensions, (chunk) => listener.onExtensionOutput(chunk))
    if (options.hasHandover) this.#takeListeners()
    if (options.argumentsText !== undefined) {
      const pipe = (stdio as (Writable | null)[])[ARGUMENTS_FD] as Writable
      pipe.on('error', () => undefined)
      pipe.end(options.argumentsText)
    }
    this.#process.on('exit', (code, signal) => this.#exited(code, signal))
    this.#process.on('close', () => this.#over())
  }

  get pid(): number {
    assert(this.#process.pid !== undefined, 'a child that was started has a pid')
    return this.#process.pid
  }

  get api(): Duplex {
    return this.#process.stdio[API_FD] as Duplex
  }

  terminate(): void {
    try {
      process.kill(innermost(this.pid), 'SIGTERM')
    } catch {
      // It has ended already.
    }
  }

  connect(port: number): Promise<Socket> {
    this.#loopback ??= this.#hasOwnNetwork ? new NamespaceLoopback(this.pid) : new SharedLoopback()
    return this.#loopback.connect(port)
  }

  kill(): void {
    try {
      process.kill(-this.pid, 'SIGKILL')
    } catch {
      // The whole group has ended already.
    }
  }

  /** Ends the process when the directory holds more than it may. */
  limitStorage(directory: string, limitMb: number): void {
    this.#storage = new StorageWatch(directory, limitMb, () => {
      const why = `/tmp holds more than ${limitMb} MB: the function is ended, /tmp is emptied\n`
      this.#listener.onStderr(Buffer.from(why))
      this.#overfull = directory
      this.kill()
    })
    this.#storage.start()
  }

  #read(stream: Readable | null, take: (chunk: Buffer) => void): void {
    assert(stream !== null, 'the stream is a pipe')
    stream.on('data', take)
    // A broken pipe is the end of the process; its exit says more.
    stream.on('error', () => undefined)
  }

  #takeListeners(): void {
    let count = 0
    this.#process.on('message', (message: unknown, handle: unknown) => {
      const name = typeof message === 'object' && message !== null && 'name' in message ? String(message.name) : ''
      if (!(handle instanceof Server)) return
      this.#listener.onListening(name, handle)
      count++
      if (count === LISTENERS_MAX && this.#process.connected) this.#process.disconnect()
    })
  }

  #failed(error: Error): void {
    // After the constructor has thrown, nobody listens; otherwise the process ends without having run.
    if (this.#process.pid === undefined) return
    this.#listener.onStderr(Buffer.from(`${error.message}\n`))
  }

  #exited(code: number | null, signal: NodeJS.Signals | null): void {
    this.#exit = this.#interpret(code, signal)
    this.#storage?.stop()
    this.#loopback?.close()
    // Else every later event in this place would meet the same end.
    if (this.#overfull !== undefined) empty(this.#overfull)
    // What it started does not outlive it, and would hold the pipes.
    this.kill()
    if (this.#process.connected) this.#process.disconnect()
    systemClock.setTimer(DRAIN_MS, () => this.#over())
  }

  #over(): void {
    if (this.#isOver) return
    this.#isOver = true
    for (const stream of this.#process.stdio) stream?.destroy()
    this.#listener.onExit(this.#exit ?? { kind: 'signalled', signal: 'killed', isOutOfMemory: false })
  }
}

function empty(directory: string): void {
  for (const name of readdirSync(directory)) rmSync(join(directory, name), { recursive: true, force: true })
}

/** Signals in the words that Lambda's messages use. */
const SIGNAL_WORDS: Readonly<Record<string, string>> = {
  SIGABRT: 'aborted',
  SIGBUS: 'bus error',
  SIGFPE: 'floating point exception',
  SIGHUP: 'hangup',
  SIGILL: 'illegal instruction',
  SIGINT: 'interrupt',
  SIGKILL: 'killed',
  SIGPIPE: 'broken pipe',
  SIGQUIT: 'quit',
  SIGSEGV: 'segmentation fault',
  SIGSYS: 'bad system call',
  SIGTERM: 'terminated',
  SIGTRAP: 'trace/breakpoint trap',
  SIGXCPU: 'CPU time limit exceeded',
  SIGXFSZ: 'file size limit exceeded',
}

/** How a program ended that a shell, or bwrap, reports: 128 and the number of the signal. */
export function exitOfStatus(status: number, isOutOfMemory: boolean): ProcessExit {
  // Node's 128 and 129 are exits (unhandled rejection, uncaught exception); nothing here sends the signals 0 and 1.
  const number = status - 128
  const name = number > 1 && Object.entries(constants.signals).find(([, value]) => value === number)?.[0]
  if (name) return { kind: 'signalled', signal: signalWords(name), isOutOfMemory }
  return { kind: 'exited', code: status }
}

export function signalWords(signal: string): string {
  return SIGNAL_WORDS[signal] ?? signal
}
