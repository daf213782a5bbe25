/**
 * Runtime processes that are started before any function needs them: sandboxed like all others, their bootstrap loaded and the AWS SDK with
 * it, without code, variables or credentials. A new environment takes one instead of starting a process, which is what a cold start mostly
 * takes (bench/cold.ts); it serves that one function from then on. Every kind of process that was asked for lately has its spares, and they are
 * started again in the background.
 */
import { existsSync, readdirSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import type { Clock, Timer } from '../std/clock.ts'
import { ApiListener } from './api-listener.ts'
import type { FunctionSpec } from './execution.ts'
import type { BlankSandbox, Isolation } from './isolation/isolation.ts'
import { portsFor } from './ports.ts'
import { blankCommandOf, type Runtime } from './runtimes.ts'
import { RuntimeSession } from './session.ts'
import { blankVariablesOf } from './variables.ts'

/** Kinds that are kept ready, most recently used ones. */
const KINDS_MAX = 3
/** Storage of a function that asks for nothing else; another limit would have to be there when the process starts. */
const EPHEMERAL_STORAGE_MB = 512
/** Memory of a function that asks for nothing else. */
const MEMORY_MB = 128
/** Room for what a Python process loads ahead; its real limit comes with its function. */
const PYTHON_MEMORY_MB = 512
/** After the server is ready, in ms: whoever starts it to run one thing is not held up, and a short test pays nothing. */
const START_DELAY_MS = 1000
/** After a spare was taken, in ms: those who wait now go first. */
const REFILL_DELAY_MS = 50
/** A process that is not ready by then never will be, in ms. */
const START_MAX_MS = 20_000
/** How long a kind rests whose processes do not start, in ms. */
const FAILURE_REST_MS = 60_000
/** Variables that are read before code runs, by the loader, the C library or the interpreter, or that put another program around it. */
const READ_AT_START =
  /^(NODE_(?!ENV$)|UV_|LD_|PYTHON|MALLOC_|GLIBC_|OPENSSL_|SSL_|LC_|LANG(UAGE)?$|LOCPATH$|PATH$|HOME$|AWS_LAMBDA_)/

/** Families whose bootstraps can be started without a function. */
const CAN_WAIT: readonly Runtime['family'][] = ['nodejs', 'python']

export interface Spare {
  readonly sandbox: BlankSandbox
  readonly session: RuntimeSession
  readonly listener: ApiListener | undefined
}

export interface SparesOptions {
  readonly clock: Clock
  readonly isolation: Isolation
  readonly runtimes: readonly Runtime[]
  readonly endpointUrl: () => string
  readonly onEndpointConnection: (socket: Socket) => void
  /** Of each kind. */
  readonly sparesMax: number
  /** Whether another process has a place on this machine, and processor time to start in. */
  readonly mayStart: () => boolean
  /** More processes than this machine has places for: a spare that has just become ready ends. */
  readonly isOverfull: () => boolean
}

/** Processes that can stand in for each other. */
interface Kind {
  readonly runtime: Runtime
  readonly memoryMb: number
}

export class Spares {
  readonly #options: SparesOptions
  /** Least recently used first. */
  readonly #kinds = new Map<string, Kind>()
  readonly #ready = new Map<string, Spare[]>()
  readonly #ending = new Set<Promise<void>>()
  readonly #restUntilMs = new Map<string, number>()
  #starting: Promise<void> | undefined
  #startingCount = 0
  #timer: Timer | undefined
  readonly #onSettled: (() => void)[] = []
  #isOn = false

  constructor(options: SparesOptions) {
    this.#options = options
  }

  /** Places they take on this machine. */
  get count(): number {
    return this.#startingCount + [...this.#ready.values()].reduce((sum, spares) => sum + spares.length, 0)
  }

  /** Begins, in the background, with what most functions are. The endpoint's URL must be known by now. */
  start(): void {
    if (this.#options.sparesMax === 0) return
    this.#isOn = true
    const runtime = this.#options.runtimes.find(({ family, available }) => family === 'nodejs' && available)
    if (runtime !== undefined) this.#use({ runtime, memoryMb: MEMORY_MB })
    this.#arm(START_DELAY_MS)
  }

  /** A process for this function; undefined when none is ready or it needs one of its own. */
  take(spec: FunctionSpec, runtime: Runtime): Spare | undefined {
    if (!this.#isOn || !this.#canStandIn(spec, runtime)) return undefined
    const kind = kindOf(spec, runtime)
    this.#use(kind)
    this.refill()
    return this.#ready.get(keyOf(kind))?.shift()
  }

  /** Ends one, so that a function has its place; unless one is ready to become that function. */
  giveWay(spec: FunctionSpec): void {
    const runtime = this.#options.runtimes.find(({ name }) => name === spec.runtime)
    if (runtime !== undefined && this.#canStandIn(spec, runtime)) {
      if ((this.#ready.get(keyOf(kindOf(spec, runtime)))?.length ?? 0) > 0) return
    }
    for (const key of this.#kinds.keys()) {
      const spare = this.#ready.get(key)?.shift()
      if (spare !== undefined) return this.#end(spare)
    }
  }

  /** Starts what is missing, soon. */
  refill(): void {
    this.#arm(REFILL_DELAY_MS)
  }

  #arm(delayMs: number): void {
    if (!this.#isOn || this.#timer !== undefined || this.#starting !== undefined) return
    this.#timer = this.#options.clock.setTimer(delayMs, () => {
      this.#timer = undefined
      const missing = this.#missing()
      if (missing === undefined || !this.#isOn) return this.#settle()
      // Whoever frees a place or ends a start asks again.
      if (!this.#options.mayStart()) return
      this.#startingCount++
      this.#starting = this.#startOne(missing).finally(() => {
        this.#startingCount--
        this.#starting = undefined
        this.refill()
      })
    })
  }

  /** Does not wait to begin; resolves when nothing is missing. */
  settled(): Promise<void> {
    return new Promise((resolve) => {
      this.#onSettled.push(resolve)
      if (!this.#isOn) return this.#settle()
      this.#timer?.cancel()
      this.#timer = undefined
      this.#arm(0)
    })
  }

  #settle(): void {
    for (const resolve of this.#onSettled.splice(0)) resolve()
  }

  async close(): Promise<void> {
    this.#isOn = false
    this.#timer?.cancel()
    this.#settle()
    await this.#starting
    for (const spare of [...this.#ready.values()].flat()) this.#end(spare)
    this.#ready.clear()
    while (this.#ending.size > 0) await Promise.all(this.#ending)
  }

  #canStandIn(spec: FunctionSpec, runtime: Runtime): boolean {
    if (!CAN_WAIT.includes(runtime.family) || spec.ephemeralStorageMb !== EPHEMERAL_STORAGE_MB) return false
    if (Object.keys(spec.environment).some((name) => READ_AT_START.test(name))) return false
    if (spec.layerPaths.some((path) => existsSync(join(path, 'extensions')))) return false
    if (this.#options.isolation.kind === 'bubblewrap') return true
    // Where paths differ by function, libraries that come with the code would not be found.
    return spec.layerPaths.length === 0 && !readdirSync(spec.codePath).some((name) => /^lib$|\.so(\.|$)/.test(name))
  }

  #use(kind: Kind): void {
    const key = keyOf(kind)
    this.#kinds.delete(key)
    this.#kinds.set(key, kind)
    if (this.#kinds.size <= KINDS_MAX) return
    const [oldest] = this.#kinds.keys() as Iterable<string> as [string]
    this.#kinds.delete(oldest)
    for (const spare of this.#ready.get(oldest) ?? []) this.#end(spare)
    this.#ready.delete(oldest)
  }

  #missing(): Kind | undefined {
    const nowMs = this.#options.clock.now()
    return [...this.#kinds]
      .toReversed()
      .find(
        ([key]) =>
          (this.#ready.get(key)?.length ?? 0) < this.#options.sparesMax && (this.#restUntilMs.get(key) ?? 0) <= nowMs,
      )?.[1]
  }

  async #startOne(kind: Kind): Promise<void> {
    const key = keyOf(kind)
    try {
      const spare = await this.#make(kind)
      if (spare === undefined) this.#isOn = false
      else if (!this.#isOn || !this.#kinds.has(key) || this.#options.isOverfull()) this.#end(spare)
      else this.#keep(key, spare)
    } catch {
      // Functions start their processes themselves, and say what is wrong.
      this.#restUntilMs.set(key, this.#options.clock.now() + FAILURE_REST_MS)
    }
  }

  #keep(key: string, spare: Spare): void {
    const spares = this.#ready.get(key) ?? []
    spares.push(spare)
    this.#ready.set(key, spares)
    spare.session.onHappening = () => {
      // It has ended by itself.
      const at = spares.indexOf(spare)
      if (at >= 0) spares.splice(at, 1)
      this.#end(spare)
      this.#restUntilMs.set(key, this.#options.clock.now() + FAILURE_REST_MS)
    }
  }

  /** Resolves when the process waits for its function. Throws when it does not get so far. */
  async #make({ runtime, memoryMb }: Kind): Promise<Spare | undefined> {
    const { clock, isolation, endpointUrl, onEndpointConnection } = this.#options
    const sandbox = await isolation.createBlankSandbox({
      memoryMb,
      ephemeralStorageMb: EPHEMERAL_STORAGE_MB,
      interpreterPaths: runtime.interpreterPaths,
      endpointHost: new URL(endpointUrl()).hostname,
    })
    if (sandbox === undefined) return undefined
    try {
      const ports = sandbox.hasOwnNetwork ? portsFor(endpointUrl()) : undefined
      const command = blankCommandOf(runtime, memoryMb, sandbox.paths, ports)
      if (command === undefined) throw new Error(`${runtime.name} is not started ahead`)
      const variables = blankVariablesOf(runtime, sandbox.paths)
      const session = new RuntimeSession(sandbox, { ...command, variables }, undefined, onEndpointConnection)
      await untilBlank(session, clock)
      return { sandbox, session, listener: sandbox.hasOwnNetwork ? undefined : await ApiListener.open() }
    } catch (error) {
      await sandbox[Symbol.asyncDispose]()
      throw error
    }
  }

  #end({ session, sandbox, listener }: Spare): void {
    session.onHappening = () => undefined
    session.kill()
    const ending = (async () => {
      await session.ended
      listener?.close()
      await sandbox[Symbol.asyncDispose]()
    })()
    this.#ending.add(ending)
    void ending.finally(() => this.#ending.delete(ending))
  }
}

function untilBlank(session: RuntimeSession, clock: Clock): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(START_MAX_MS, () => session.kill())
    session.onHappening = (happening) => {
      timer.cancel()
      session.onHappening = () => undefined
      if (happening.kind === 'blank') return resolve()
      session.kill()
      void session.ended.then(() => reject(new Error(`a process that was started ahead: ${happening.kind}`)))
    }
  })
}

function kindOf(spec: FunctionSpec, runtime: Runtime): Kind {
  return { runtime, memoryMb: runtime.family === 'python' ? PYTHON_MEMORY_MB : spec.memoryMb }
}

/** Node knows the size of its heap when it starts; Python has none. */
function keyOf({ runtime, memoryMb }: Kind): string {
  return `${runtime.family}:${runtime.interpreter}:${memoryMb}`
}
