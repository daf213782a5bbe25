import { mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Child, signalWords } from './child.ts'
import { BOOTSTRAPS_PATH, findProgram, findSdkModules } from './installation.ts'
import type {
  BlankOptions,
  BlankSandbox,
  BoundOptions,
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
    const directory = await this.#nextPlace()
    const paths = await this.#pathsOf(directory, options)
    return new ProcessSandbox(directory, paths, options, this.#limits.make(options.memoryMb), this.#prefix)
  }

  async createBlankSandbox(options: BlankOptions): Promise<BlankSandbox> {
    const directory = await this.#nextPlace()
    const pathsOf = (bound: Pick<BoundOptions, 'codePath' | 'layerPaths'>) => this.#pathsOf(directory, bound)
    const paths = await pathsOf({ codePath: directory, layerPaths: [] })
    const limits = this.#limits.make(options.memoryMb)
    return new BlankProcessSandbox(directory, paths, options, limits, this.#prefix, pathsOf)
  }

  async #nextPlace(): Promise<string> {
    const directory = join(this.#directory, `process-${++this.#count}`)
    await mkdir(join(directory, 'tmp'), { recursive: true, mode: 0o700 })
    return directory
  }

  async #pathsOf(
    directory: string,
    { codePath, layerPaths }: Pick<BoundOptions, 'codePath' | 'layerPaths'>,
  ): Promise<SandboxPaths> {
    const sdkModules = findSdkModules()
    return {
      task: codePath,
      opt: (await this.#layers.merged(layerPaths)) ?? join(directory, 'opt'),
      runtime: BOOTSTRAPS_PATH,
      tmp: join(directory, 'tmp'),
      node: process.execPath,
      sdk: sdkModules === undefined ? undefined : dirname(sdkModules),
      bin: [dirname(process.execPath)],
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Environments have been ended by their pool; nothing else is held.
  }
}

class ProcessSandbox implements Sandbox {
  paths: SandboxPaths
  readonly hasOwnNetwork = false
  readonly #directory: string
  readonly #options: Pick<SandboxOptions, 'ephemeralStorageMb'>
  protected readonly limits: Limits
  readonly #prefix: readonly string[]

  constructor(
    directory: string,
    paths: SandboxPaths,
    options: Pick<SandboxOptions, 'ephemeralStorageMb'>,
    limits: Limits,
    prefix: readonly string[],
  ) {
    this.#directory = directory
    this.paths = paths
    this.#options = options
    this.limits = limits
    this.#prefix = prefix
  }

  start(command: Command, listener: ProcessListener): RuntimeProcess {
    const [file, ...args] = [...this.limits.prefix, ...this.#prefix, command.file, ...command.args]
    const child = new Child(
      {
        file: file as string,
        args,
        variables: command.variables,
        cwd: this.paths.task,
        hasHandover: false,
        argumentsText: undefined,
        hasExtensions: command.hasExtensions ?? false,
        hasOwnNetwork: false,
      },
      listener,
      (code, signal) => interpret(code, signal, this.limits.ended()),
    )
    this.limits.started(child.pid, () => child.kill())
    child.limitStorage(this.paths.tmp, this.#options.ephemeralStorageMb)
    return child
  }

  memoryUsedMaxMb(): number {
    return this.limits.memoryUsedMaxMb()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.limits.remove()
    await rm(this.#directory, { recursive: true, force: true })
  }
}

/** Here all paths are the machine's: the process is only told later which ones are its own. */
class BlankProcessSandbox extends ProcessSandbox implements BlankSandbox {
  readonly #pathsOf: (bound: BoundOptions) => Promise<SandboxPaths>

  constructor(
    directory: string,
    paths: SandboxPaths,
    options: BlankOptions,
    limits: Limits,
    prefix: readonly string[],
    pathsOf: (bound: BoundOptions) => Promise<SandboxPaths>,
  ) {
    super(directory, paths, options, limits, prefix)
    this.#pathsOf = pathsOf
  }

  async bind(options: BoundOptions): Promise<{ readonly isVisible: Promise<void> }> {
    this.limits.resize(options.memoryMb)
    this.paths = await this.#pathsOf(options)
    return { isVisible: Promise.resolve() }
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
