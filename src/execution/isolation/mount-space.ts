import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { findProgram } from './installation.ts'
import { ProcessStartError } from './isolation.ts'

export interface MountTools {
  readonly unshare: string
  readonly nsenter: string
  readonly mount: string
}

/** What it takes, or the sentence why it cannot be had. */
export function findMountTools(): MountTools | string {
  if (process.getuid?.() !== 0) return 'only root can bind code into a running sandbox'
  const unshare = findProgram('/usr/bin/unshare')
  const nsenter = findProgram('/usr/bin/nsenter')
  const mount = findProgram('/usr/bin/mount', '/bin/mount')
  if (unshare === undefined || nsenter === undefined || mount === undefined)
    return 'unshare, nsenter and mount of util-linux are not installed'
  return { unshare, nsenter, mount }
}

/**
 * A mount namespace between the machine's and those of the sandboxes, held by a shell that waits for commands. What is mounted here upon a
 * shared mount appears in the sandboxes that were started from here and got that mount, and nowhere else; all of it is gone with the shell,
 * whose input ends with the server, however that ends.
 *
 * A shell, because only a process inside can mount: one that is there already does it in 1 ms, a new one would take three.
 */
export class MountSpace {
  readonly #tools: MountTools
  readonly #shell: ChildProcess
  readonly #waiters: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = []
  /** Directories whose read-only twin has been made, and the twin. */
  readonly #twins = new Map<string, Promise<string>>()
  readonly #directory: string
  #output = ''

  /** `directory` is there, and ours. */
  constructor(directory: string, tools: MountTools) {
    this.#directory = directory
    this.#tools = tools
    // A slave: what the administrator mounts later is seen, what is mounted here is not seen outside.
    this.#shell = spawn(tools.unshare, ['--mount', '--propagation', 'slave', '/bin/sh'], {
      env: {},
      cwd: '/',
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    this.#shell.on('error', () => this.#ended())
    this.#shell.on('exit', () => this.#ended())
    this.#input.on('error', () => undefined)
    const output = this.#shell.stdout as Readable
    output.setEncoding('utf8').on('data', (text: string) => this.#take(text))
  }

  /** Put in front of a command line: the process is started inside. */
  get prefix(): readonly string[] {
    return [this.#tools.nsenter, `--mount=/proc/${this.#shell.pid}/ns/mnt`, '--']
  }

  /** Makes a directory a place where something can be mounted later, for those who got the directory before. */
  share(path: string): Promise<void> {
    const { mount } = this.#tools
    const quoted = quote(path)
    return this.#run(
      `${mount} -n --bind ${quoted} ${quoted} && ${mount} -n --make-private ${quoted} && ${mount} -n --make-shared ${quoted}`,
    )
  }

  /** Shows directories at shared places, read-only. */
  async bind(pairs: readonly { readonly source: string; readonly target: string }[]): Promise<void> {
    const commands: string[] = []
    for (const { source, target } of pairs) {
      const at = source.lastIndexOf('/')
      // Flags of a mount cannot be given with a bind, and would come too late for the other side: what is bound is read-only before.
      const twin = await this.#twinOf(source.slice(0, at) || '/')
      commands.push(`${this.#tools.mount} -n --bind ${quote(`${twin}${source.slice(at)}`)} ${quote(target)}`)
    }
    await this.#run(commands.join(' && '))
  }

  close(): Promise<void> {
    if (this.#shell.exitCode !== null || this.#shell.signalCode !== null) return Promise.resolve()
    const exited = new Promise<void>((resolve) => this.#shell.once('exit', () => resolve()))
    this.#input.end()
    return exited
  }

  get #input(): Writable {
    return this.#shell.stdin as Writable
  }

  #twinOf(path: string): Promise<string> {
    const known = this.#twins.get(path)
    if (known !== undefined) return known
    const twin = `${this.#directory}/twin-${this.#twins.size}`
    const { mount } = this.#tools
    const made = this.#run(
      `/bin/mkdir -p ${quote(twin)} && ${mount} -n --bind ${quote(path)} ${quote(twin)} && ` +
        `${mount} -n --make-private ${quote(twin)} && ${mount} -n -o remount,bind,ro,nosuid,nodev ${quote(twin)}`,
    ).then(() => twin)
    this.#twins.set(path, made)
    made.catch(() => this.#twins.delete(path))
    return made
  }

  /** One after the other. */
  #run(command: string): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#shell.exitCode !== null || this.#shell.signalCode !== null || !this.#input.writable)
        return reject(new ProcessStartError('the shell of the mount namespace has ended'))
      this.#waiters.push({ resolve, reject })
      this.#input.write(`{ ${command}; } </dev/null >/dev/null; echo $?\n`)
    })
  }

  #take(text: string): void {
    const lines = (this.#output + text).split('\n')
    this.#output = lines.pop() as string
    for (const line of lines) {
      const waiter = this.#waiters.shift()
      if (line === '0') waiter?.resolve()
      else waiter?.reject(new ProcessStartError(`mount ended with status ${line}`))
    }
  }

  #ended(): void {
    for (const { reject } of this.#waiters.splice(0))
      reject(new ProcessStartError('the shell of the mount namespace has ended'))
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
