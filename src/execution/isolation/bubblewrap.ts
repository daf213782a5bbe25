import { chmod, chown, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  baseArguments,
  directories,
  findTools,
  innerPrefix,
  lastArguments,
  parents,
  PATHS,
  SDK_PATH,
  type Tools,
  USER,
  USER_ID,
} from './bubblewrap-arguments.ts'
import { ARGUMENTS_FD, Child, exitOfStatus, signalWords } from './child.ts'
import { BOOTSTRAPS_PATH, findSdkModules } from './installation.ts'
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
import type { Layers } from './layers.ts'
import { findMountTools, MountSpace, type MountTools } from './mount-space.ts'
import type { Limits, LimitsMaker } from './limits.ts'
import { runOnce } from './run-once.ts'

/**
 * As root, every environment gets a user id of its own from here on: process limits are counted per user, and no two environments could
 * signal each other even if they met.
 */
const USER_ID_FIRST = 1_051_000
const USER_ID_COUNT = 50_000

/**
 * A root file system, process, mount, network, IPC and host name of its own for every environment. The network namespace has a loopback
 * device only: the bootstrap opens listening sockets for the endpoint and the Runtime API there and hands them over to the server, then the
 * function's code is loaded.
 */
export class Bubblewrap implements Isolation {
  readonly kind = 'bubblewrap'
  readonly reason: string
  readonly #directory: string
  readonly #layers: Layers
  readonly #limits: LimitsMaker
  readonly #tools: Tools
  /** Worth keeping: finding it out takes a millisecond. */
  readonly #base: readonly string[]
  readonly #mountTools: MountTools | undefined
  #mountSpace: MountSpace | undefined
  #count = 0

  constructor(directory: string, layers: Layers, limits: LimitsMaker, tools: Tools) {
    this.#directory = directory
    this.#layers = layers
    this.#limits = limits
    this.#tools = tools
    this.#base = baseArguments(tools)
    const mountTools = findMountTools()
    this.#mountTools = typeof mountTools === 'string' ? undefined : mountTools
    const ahead = typeof mountTools === 'string' ? `; runtimes are not started ahead: ${mountTools}` : ''
    this.reason = `functions have namespaces of their own and reach nothing but the endpoint; ${limits.description}${ahead}`
  }

  /** Tries it out. The sentence says why it does not work here. */
  static async open(directory: string, layers: Layers, limits: LimitsMaker): Promise<Bubblewrap | string> {
    const tools = findTools()
    if (typeof tools === 'string') return tools
    const bubblewrap = new Bubblewrap(directory, layers, limits, tools)
    const why = await bubblewrap.#tryOut()
    return why ?? bubblewrap
  }

  async createSandbox(options: SandboxOptions): Promise<Sandbox> {
    const { directory, userId } = this.#nextPlace()
    const mounts = await this.#prepare(directory, userId, options)
    return new BubblewrapSandbox(directory, mounts, userId, options, this.#limits.make(options.memoryMb), this.#tools)
  }

  async createBlankSandbox(options: BlankOptions): Promise<BlankSandbox | undefined> {
    if (this.#mountTools === undefined) return undefined
    const { directory, userId } = this.#nextPlace()
    const places = { codePath: join(directory, 'task'), layerPaths: [join(directory, 'opt')] }
    // The loader of programs forgets for good what is not there when the process starts; code and layers may come with libraries.
    for (const path of [places.codePath, ...places.layerPaths]) await makePublic(directory, path, join(path, 'lib'))
    this.#mountSpace ??= await this.#openMountSpace(this.#mountTools)
    const space = this.#mountSpace
    for (const path of [places.codePath, ...places.layerPaths]) await space.share(path)
    const prepare = (bound: Pick<SandboxOptions, 'codePath' | 'layerPaths'>) =>
      this.#prepare(directory, userId, { ...options, ...bound })
    const mounts = await prepare(places)
    const limits = this.#limits.make(options.memoryMb)
    const blank = { space, prepare, merged: (paths: readonly string[]) => this.#layers.merged(paths), ...places }
    return new BlankBubblewrapSandbox(directory, mounts, userId, options, limits, this.#tools, blank)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Environments have been ended by their pool.
    await this.#mountSpace?.close()
  }

  #nextPlace(): { directory: string; userId: number } {
    const number = ++this.#count
    const userId = this.#tools.setpriv === undefined ? USER_ID : USER_ID_FIRST + (number % USER_ID_COUNT)
    return { directory: join(this.#directory, `bubblewrap-${number}`), userId }
  }

  async #openMountSpace(tools: MountTools): Promise<MountSpace> {
    const directory = join(this.#directory, 'mounts')
    await mkdir(directory, { recursive: true, mode: 0o700 })
    return new MountSpace(directory, tools)
  }

  /** Everything bwrap is told but the variables. */
  async #prepare(
    directory: string,
    userId: number,
    options: Pick<SandboxOptions, 'codePath' | 'layerPaths' | 'interpreterPaths' | 'endpointHost'>,
  ): Promise<string[]> {
    const tmp = join(directory, 'tmp')
    await mkdir(tmp, { recursive: true, mode: 0o700 })
    if (this.#tools.setpriv !== undefined) await chown(tmp, userId, userId)
    await chmod(tmp, 0o700)
    const files = {
      passwd: `root:x:0:0:root:/:/usr/sbin/nologin\n${USER}:x:${userId}:${userId}::/tmp:/bin/sh\n`,
      group: `root:x:0:\n${USER}:x:${userId}:\n`,
      hosts: `127.0.0.1 localhost sandbox sandbox.localdomain${/^[\d.]+$|:|^localhost$/.test(options.endpointHost) ? '' : ` ${options.endpointHost}`}\n`,
    }
    for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text, { mode: 0o644 })
    const opt = await this.#layers.merged(options.layerPaths)
    return [
      ...this.#base,
      ...(opt === undefined ? directories('/opt') : ['--ro-bind', opt, PATHS.opt]),
      ...Object.keys(files).flatMap((name) => ['--ro-bind', join(directory, name), `/etc/${name}`]),
      ...options.interpreterPaths.flatMap((path) => [...directories(...parents(path)), '--ro-bind', path, path]),
      '--ro-bind',
      options.codePath,
      PATHS.task,
      '--bind',
      tmp,
      PATHS.tmp,
    ]
  }

  async #tryOut(): Promise<string | undefined> {
    const directory = join(this.#directory, 'try-out')
    try {
      await mkdir(directory, { recursive: true })
      const options: SandboxOptions = {
        codePath: BOOTSTRAPS_PATH,
        layerPaths: [],
        memoryMb: 128,
        ephemeralStorageMb: 512,
        interpreterPaths: [],
        endpointHost: 'localhost',
      }
      const mounts = await this.#prepare(directory, USER_ID_FIRST, options)
      const [file, ...args] = [
        this.#tools.bwrap,
        ...mounts,
        ...lastArguments({}),
        '--',
        ...innerPrefix(this.#tools, USER_ID_FIRST, 512),
        PATHS.node,
        '--check',
        `${PATHS.runtime}/node.cjs`,
      ]
      const output = await runOnce(file as string, args)
      return output.isSuccess ? undefined : `bubblewrap does not work here (${output.stderr})`
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  }
}

class BubblewrapSandbox implements Sandbox {
  readonly paths: SandboxPaths
  readonly hasOwnNetwork = true
  readonly #directory: string
  readonly #userId: number
  readonly #options: Pick<SandboxOptions, 'ephemeralStorageMb'>
  /** What the next process sees. */
  protected mounts: readonly string[]
  /** Puts the next process into another mount namespace than the server's. */
  protected prefix: readonly string[] = []
  protected readonly limits: Limits
  readonly #tools: Tools

  constructor(
    directory: string,
    mounts: readonly string[],
    userId: number,
    options: Pick<SandboxOptions, 'ephemeralStorageMb'>,
    limits: Limits,
    tools: Tools,
  ) {
    this.#directory = directory
    this.mounts = mounts
    this.#userId = userId
    this.#options = options
    this.limits = limits
    this.#tools = tools
    this.paths = { ...PATHS, sdk: findSdkModules() === undefined ? undefined : SDK_PATH }
  }

  start(command: Command, listener: ProcessListener): RuntimeProcess {
    const [file, ...args] = [
      ...this.limits.prefix,
      ...this.prefix,
      this.#tools.bwrap,
      '--args',
      String(ARGUMENTS_FD),
      '--',
      ...innerPrefix(this.#tools, this.#userId, this.#options.ephemeralStorageMb),
      command.file,
      ...command.args,
    ]
    // The function's variables go around bwrap, which runs outside of the sandbox: LD_PRELOAD and the like must not reach it. And what
    // stands in a command line could be read by everybody on this machine.
    const told = [...this.mounts, ...lastArguments(command.variables)]
    const child = new Child(
      {
        file: file as string,
        args,
        variables: {},
        cwd: '/',
        hasHandover: true,
        argumentsText: told.map((text) => `${text}\0`).join(''),
        hasExtensions: command.hasExtensions ?? false,
        hasOwnNetwork: true,
      },
      listener,
      (code, signal) => interpret(code, signal, this.limits.ended()),
    )
    this.limits.started(child.pid, () => child.kill())
    child.limitStorage(join(this.#directory, 'tmp'), this.#options.ephemeralStorageMb)
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

interface Blank {
  readonly space: MountSpace
  /** Where code and layers will be seen. */
  readonly codePath: string
  readonly layerPaths: readonly string[]
  readonly merged: (layerPaths: readonly string[]) => Promise<string | undefined>
  /** Mounts for the processes after the first, which are started as usual. */
  readonly prepare: (bound: BoundOptions) => Promise<readonly string[]>
}

/** Its first process is started from the mount space, with two shared mounts for `/var/task` and `/opt` that show nothing yet. */
class BlankBubblewrapSandbox extends BubblewrapSandbox implements BlankSandbox {
  readonly #blank: Blank

  constructor(
    directory: string,
    mounts: readonly string[],
    userId: number,
    options: BlankOptions,
    limits: Limits,
    tools: Tools,
    blank: Blank,
  ) {
    super(directory, mounts, userId, options, limits, tools)
    this.prefix = blank.space.prefix
    this.#blank = blank
  }

  async bind(options: BoundOptions): Promise<{ readonly isVisible: Promise<void> }> {
    const { space, codePath, layerPaths } = this.#blank
    this.limits.resize(options.memoryMb)
    const pairs = [{ source: options.codePath, target: codePath }]
    const opt = await this.#blank.merged(options.layerPaths)
    if (opt !== undefined) pairs.push({ source: opt, target: layerPaths[0] as string })
    const binding = space.bind(pairs)
    const preparing = this.#blank.prepare(options).then((mounts) => {
      this.mounts = mounts
      this.prefix = []
    })
    const isVisible = Promise.all([binding, preparing]).then(() => undefined)
    // Whoever waits for it hears of it; it may have failed before.
    isVisible.catch(() => undefined)
    return { isVisible }
  }
}

async function makePublic(...paths: readonly string[]): Promise<void> {
  for (const path of paths) await mkdir(path, { recursive: true, mode: 0o755 })
}

/** bwrap passes a signal on as 128 + its number, like a shell. A function that exits with such a status itself cannot be told from it. */
function interpret(code: number | null, signal: NodeJS.Signals | null, isOutOfMemory: boolean): ProcessExit {
  if (signal !== null) return { kind: 'signalled', signal: signalWords(signal), isOutOfMemory }
  return exitOfStatus(code ?? 0, isOutOfMemory)
}
