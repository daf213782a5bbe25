import { mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Child, signalWords } from './child.ts'
import { BOOTSTRAPS_PATH, findProgram, findSdkModules } from './installation.ts'
import type {
  Command,
  Isolation,
  ProcessExit,
  ProcessListener,
  RuntimeProcess,
  Sandbox,
  SandboxOptions,
  SandboxPaths,
} from './isolation.ts'
import { type Layers } from './layers.ts'
import { FILES_MAX, type Limits, type LimitsMaker } from './limits.ts'

/**
 * A process group of the server's own user. Limits what a function uses up, and ends all of it; hides nothing: the function reads what the
 * server may read, and reaches what the machine reaches.
 */
export class ProcessIsolation implements Isolation {
  readonly kind = 'process'
  readonly reason: string
  readonly #directory: string
  readonly #layers: Layers
  readonly #limits: LimitsMaker
  readonly #prefix: readonly string[]
  #count = 0

  constructor(directory: string, layers: Layers, limits: LimitsMaker, why: string) {
    this.#directory = directory
    this.#layers = layers
    this.#limits = limits
    this.#prefix = prefix()
    this.reason = `${why}; functions run as the server's user and see its files and network; ${limits.description}`
  }

  async createSandbox(options: SandboxOptions): Promise<Sandbox> {
    const directory = join(this.#directory, `process-${++this.#count}`)
    const tmp = join(directory, 'tmp')
    await mkdir(tmp, { recursive: true, mode: 0o700 })
    const opt = (await this.#layers.merged(options.layerPaths)) ?? join(directory, 'opt')
    const sdkModules = findSdkModules()
    const paths: SandboxPaths = {
      task: options.codePath,
      opt,
      runtime: BOOTSTRAPS_PATH,
      tmp,
      node: process.execPath,
      sdk: sdkModules === undefined ? undefined : dirname(sdkModules),
      bin: [dirname(process.execPath)],
    }
    return new ProcessSandbox(directory, paths, options, this.#limits.make(options.memoryMb), this.#prefix)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Environments have been ended by their pool; nothing else is held.
  }
}

class ProcessSandbox implements Sandbox {
  readonly paths: SandboxPaths
  readonly hasOwnNetwork = false
  readonly #directory: string
  readonly #options: SandboxOptions
  readonly #limits: Limits
  readonly #prefix: readonly string[]

  constructor(
    directory: string,
    paths: SandboxPaths,
    options: SandboxOptions,
    limits: Limits,
    prefix: readonly string[],
  ) {
    this.#directory = directory
    this.paths = paths
    this.#options = options
    this.#limits = limits
    this.#prefix = prefix
  }

  start(command: Command, listener: ProcessListener): RuntimeProcess {
    const [file, ...args] = [...this.#limits.prefix, ...this.#prefix, command.file, ...command.args]
    const child = new Child(
      {
        file: file as string,
        args,
        variables: command.variables,
        cwd: this.paths.task,
        hasHandover: false,
        argumentsText: undefined,
      },
      listener,
      (code, signal) => interpret(code, signal, this.#limits.ended()),
    )
    this.#limits.started(child.pid, () => child.kill())
    child.limitStorage(this.paths.tmp, this.#options.ephemeralStorageMb)
    return child
  }

  memoryUsedMaxMb(): number {
    return this.#limits.memoryUsedMaxMb()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#limits.remove()
    await rm(this.#directory, { recursive: true, force: true })
  }
}

/** Limits on descriptors and core files, and death with the server, where util-linux is installed. */
function prefix(): string[] {
  const prlimit = findProgram('/usr/bin/prlimit')
  const setpriv = findProgram('/usr/bin/setpriv')
  return [
    ...(prlimit === undefined ? [] : [prlimit, `--nofile=${FILES_MAX}`, '--core=0']),
    ...(setpriv === undefined ? [] : [setpriv, '--pdeathsig', 'KILL', '--']),
  ]
}

function interpret(code: number | null, signal: NodeJS.Signals | null, isOutOfMemory: boolean): ProcessExit {
  if (signal !== null) return { kind: 'signalled', signal: signalWords(signal), isOutOfMemory }
  return { kind: 'exited', code: code ?? 0 }
}
