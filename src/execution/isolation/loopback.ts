import { type ChildProcess, spawn } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import { connect, Socket } from 'node:net'
import { join } from 'node:path'
import { BOOTSTRAPS_PATH, findProgram } from './installation.ts'
import { ProcessStartError } from './isolation.ts'
import { descendants } from './process-tree.ts'

/** Opens connections to ports that a function or its extensions listen on, on their loopback device. */
export interface Loopback {
  connect(port: number): Promise<Socket>
  close(): void
}

/** For processes that share the machine's network. */
export class SharedLoopback implements Loopback {
  connect(port: number): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1')
      socket.once('error', reject)
      socket.once('connect', () => resolve(socket))
    })
  }

  close(): void {
    // Nothing is held.
  }
}

interface Waiting {
  readonly resolve: (socket: Socket) => void
  readonly reject: (error: Error) => void
}

/**
 * For processes with a network namespace of their own: a process of ours in that namespace connects and hands the connection over. It is started
 * when it is first needed, by functions with subscriptions to telemetry alone; it takes some 40 MB of the server's memory, none of the
 * function's.
 */
export class NamespaceLoopback implements Loopback {
  readonly #pid: number
  #relay: ChildProcess | undefined
  readonly #waiting = new Map<number, Waiting>()
  #count = 0

  /** `pid`: what the sandbox was started as; the namespace is that of a process it has started. */
  constructor(pid: number) {
    this.#pid = pid
  }

  connect(port: number): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const id = ++this.#count
      const relay = this.#start()
      this.#waiting.set(id, { resolve, reject })
      relay.send({ id, port })
    })
  }

  close(): void {
    this.#relay?.kill('SIGKILL')
    this.#ended()
  }

  /** Throws {@link ProcessStartError}. */
  #start(): ChildProcess {
    if (this.#relay !== undefined) return this.#relay
    const nsenter = findProgram('/usr/bin/nsenter')
    if (nsenter === undefined) throw new ProcessStartError('nsenter of util-linux is not installed')
    const inside = descendants(this.#pid).find((pid) => networkOf(pid) !== networkOf(process.pid))
    if (inside === undefined) throw new ProcessStartError('the function has no network')
    const user = process.getuid?.() === 0 ? [] : ['--preserve-credentials', `--user=/proc/${inside}/ns/user`]
    const args = [...user, `--net=/proc/${inside}/ns/net`, '--', process.execPath, join(BOOTSTRAPS_PATH, 'relay.cjs')]
    const relay = spawn(nsenter, args, { env: {}, cwd: '/', stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
    this.#relay = relay
    relay.unref()
    relay.channel?.unref()
    relay.on('error', () => this.#ended())
    relay.on('exit', () => this.#ended())
    relay.on('message', (message: { readonly id: number; readonly error?: string }, handle: unknown) => {
      const waiting = this.#waiting.get(message.id)
      this.#waiting.delete(message.id)
      if (handle instanceof Socket) waiting?.resolve(handle)
      else waiting?.reject(new Error(message.error ?? 'no connection came'))
    })
    return relay
  }

  #ended(): void {
    this.#relay = undefined
    for (const { reject } of this.#waiting.values()) reject(new Error('the relay has ended'))
    this.#waiting.clear()
  }
}

function networkOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`)
  } catch {
    // It has ended.
    return undefined
  }
}
