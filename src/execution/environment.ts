/**
 * One execution environment: a place, a runtime process in it, one event at a time.
 *
 *   new ──> starting ──> idle <──> busy
 *               │          │         │
 *               └────────> reset <───┘      the process is gone, the place and its /tmp are not
 *                            └──> busy      the next event starts a process again, inside of its own time
 *   and from every state ──> dead
 *
 * A move that is not listed throws. Init has 10 s of its own; when it fails or takes longer it is run once more inside of the first event,
 * and what then happens is what the caller sees. https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
 *
 * Between events a process is not frozen, unlike on AWS. The cgroup freezer adds 0.2 ms to an exchange of 0.1 ms with a process, on each warm
 * event; SIGSTOP adds 0.07 ms, but reaches only the one process it is sent to, not what the function started. What a function does between
 * events counts against its own share of the processors.
 */
import type { Socket } from 'node:net'
import { assert } from '../std/assert.ts'
import { type Clock, elapsedMs } from '../std/clock.ts'
import { randomHex } from '../std/ids.ts'
import { ApiListener } from './api-listener.ts'
import { type Ending, type Failure, failureOf, initStatus, isFatal } from './ending.ts'
import { EnvironmentLog, streamNameOf } from './environment-log.ts'
import { Extensions, findExtensions, type ShutdownReason } from './extensions.ts'
import {
  EnvironmentStartError,
  type FunctionSpec,
  type InitializationType,
  type InvocationRequest,
  type InvocationResult,
  type RoleCredentials,
} from './execution.ts'
import { type EnvironmentState, MOVES } from './environment-state.ts'
import type { Isolation, Sandbox } from './isolation/isolation.ts'
import { Journal } from './journal.ts'
import { PlatformLines, type Report } from './platform-lines.ts'
import { portsFor } from './ports.ts'
import { assignmentOf, commandOf, type Runtime, withExtensions } from './runtimes.ts'
import { RuntimeSession, type Waited } from './session.ts'
import type { Spare } from './spares.ts'
import { variablesOf } from './variables.ts'

/** Longest an init may take before it is run again inside of the event. AWS, on-demand functions. */
export const INIT_MAX_MS = 10_000
/** What provisioned environments may take, unless their function's events may take longer. AWS. */
const PROVISIONED_INIT_MAX_MS = 130_000

export interface EnvironmentOptions {
  readonly clock: Clock
  readonly isolation: Isolation
  readonly runtime: Runtime
  readonly initializationType: InitializationType
  readonly endpointUrl: () => string
  readonly onEndpointConnection: (socket: Socket) => void
  /** A process that was started ahead and could be this function's. */
  readonly takeSpare: (spec: FunctionSpec, runtime: Runtime) => Spare | undefined
}

export class Environment {
  readonly spec: FunctionSpec
  /** Told once, when the init phase has ended, well or not. */
  onInitialized: () => void = () => undefined
  readonly #options: EnvironmentOptions
  readonly #id = randomHex(16)
  readonly #streamName: string
  readonly #log: EnvironmentLog
  readonly #journal: Journal
  #state: EnvironmentState = 'new'
  #sandbox: Sandbox | undefined
  #listener: ApiListener | undefined
  #session: RuntimeSession | undefined
  #credentialsExpireMs = Number.POSITIVE_INFINITY
  #freeing: Promise<void> | undefined
  /** Of a process that was adopted and not told yet what it is. */
  #isCodeVisible: Promise<void> | undefined

  constructor(spec: FunctionSpec, options: EnvironmentOptions) {
    this.spec = spec
    this.#options = options
    this.#streamName = streamNameOf(spec, options.clock.now(), this.#id)
    this.#log = new EnvironmentLog(spec.openLog(this.#streamName), options.clock)
    const { clock, runtime, initializationType } = options
    const lines = new PlatformLines(spec, runtime.versionText, this.#id, initializationType)
    this.#journal = new Journal(lines, this.#log, clock, spec.logFormat === 'JSON')
  }

  get state(): EnvironmentState {
    return this.#state
  }

  /** Wall-clock time at which the credentials in its variables end; no event may run then. */
  get credentialsExpireMs(): number {
    return this.#credentialsExpireMs
  }

  /** Undefined when another event may come now; else resolves when it may, or the environment has been reset. */
  get freeing(): Promise<void> | undefined {
    return this.#freeing
  }

  /** Runs one event, after an init where none has been. Throws {@link EnvironmentStartError}; the environment is of no use then. */
  async run(request: InvocationRequest): Promise<InvocationResult> {
    const initMs = this.#state === 'new' ? await this.#initialize().finally(() => this.onInitialized()) : undefined
    this.#move('busy')
    const { clock } = this.#options
    const { requestId, traceHeader } = request
    const { timeoutMs } = this.spec
    this.#log.beginTail()
    this.#journal.start(requestId, traceHeader)
    const startedMs = elapsedMs()
    const ending = await this.#attempt(request, clock.now() + timeoutMs)
    const durationMs = ending.kind === 'timeout' ? timeoutMs : elapsedMs() - startedMs
    if (isFatal(ending)) await this.#endSession(ending.kind === 'timeout' ? 'timeout' : 'failure')
    // What the runtime wrote before it answered lies in pipes that are read in this turn of the event loop.
    else await new Promise(setImmediate)
    if (this.#isDead()) throw new EnvironmentStartError('the server is stopping')
    this.#session?.flushOutput()
    const failure = ending.kind === 'response' ? undefined : failureOf(ending, requestId, timeoutMs)
    const report = this.#report(requestId, durationMs, initMs, failure)
    const payload = ending.kind === 'response' ? ending.body : (failure as Failure).payload
    this.#journal.end(report, payload.length + (ending.kind === 'response' ? ending.streamedBytes : 0))
    this.#finish(ending)
    return {
      outcome: failure === undefined ? 'success' : 'function-error',
      payload,
      ...(failure && { errorType: failure.errorType, errorMessage: failure.errorMessage }),
      durationMs,
      billedMs: report.billedMs,
      ...(initMs !== undefined && { initMs }),
      maxMemoryUsedMb: report.maxMemoryUsedMb,
      logTail: this.#log.endTail(),
      logStreamName: this.#streamName,
    }
  }

  /** Runs the init phase before there is an event. False when it failed. Throws {@link EnvironmentStartError}. */
  async prepare(): Promise<boolean> {
    await this.#initialize()
    return this.#state === 'idle'
  }

  /** Ends it and everything in it, whatever it does. */
  async dispose(): Promise<void> {
    if (this.#isDead()) return
    this.#move('dead')
    await this.#endSession('spindown')
    this.#log.flush()
    await this.#release()
  }

  #isDead(): boolean {
    return this.#state === 'dead'
  }

  async #release(): Promise<void> {
    const sandbox = this.#sandbox
    this.#listener?.close()
    this.#listener = undefined
    this.#sandbox = undefined
    await sandbox?.[Symbol.asyncDispose]()
  }

  #move(to: EnvironmentState): void {
    const moves: readonly string[] = MOVES[this.#state]
    if (this.#state === 'dead') throw new EnvironmentStartError('the environment has been ended')
    assert(moves.includes(to), `an environment does not go from ${this.#state} to ${to}`)
    this.#state = to
  }

  /** The init phase; its duration in ms when it succeeded. */
  async #initialize(): Promise<number | undefined> {
    this.#move('starting')
    try {
      if (!(await this.#adopt())) await this.#makePlace()
    } catch (error) {
      throw startError('no environment could be made', error)
    }
    if (this.#isDead()) {
      // It was ended meanwhile; what has just been made goes too.
      await this.#release()
      throw new EnvironmentStartError('the server is stopping')
    }
    this.#journal.initStart()
    const startedMs = elapsedMs()
    const ending = await this.#startRuntime(this.#initMaxMs)
    const initMs = elapsedMs() - startedMs
    if (ending === undefined) {
      this.#journal.initEnd('init', initMs, { kind: 'success' })
      this.#becomeIdle()
      return initMs
    }
    await this.#endSession(ending.kind === 'timeout' ? 'timeout' : 'failure')
    this.#journal.initEnd('init', initMs, initStatus(ending))
    this.#move('reset')
    return undefined
  }

  get #initMaxMs(): number {
    if (this.#options.initializationType === 'on-demand') return INIT_MAX_MS
    return Math.max(PROVISIONED_INIT_MAX_MS, this.spec.timeoutMs)
  }

  async #makePlace(): Promise<void> {
    const { isolation, runtime, endpointUrl } = this.#options
    const { spec } = this
    const sandbox = await isolation.createSandbox({
      codePath: spec.codePath,
      layerPaths: spec.layerPaths,
      memoryMb: spec.memoryMb,
      ephemeralStorageMb: spec.ephemeralStorageMb,
      interpreterPaths: runtime.interpreterPaths,
      endpointHost: new URL(endpointUrl()).hostname,
    })
    this.#sandbox = sandbox
    if (!sandbox.hasOwnNetwork) this.#listener = await ApiListener.open()
  }

  /** Takes over a process that was started ahead, if there is one and it can see this function's code. */
  async #adopt(): Promise<boolean> {
    const spare = this.#options.takeSpare(this.spec, this.#options.runtime)
    if (spare === undefined) return false
    spare.session.onHappening = () => undefined
    this.#sandbox = spare.sandbox
    this.#listener = spare.listener
    this.#session = spare.session
    try {
      const { isVisible } = await spare.sandbox.bind(this.spec)
      this.#isCodeVisible = isVisible
      // After its end, which may have come meanwhile, there is a place still: the first event starts a process in it.
      return true
    } catch {
      // A process of its own shows whether this function can run, and says why not.
      if (this.#isDead()) throw new EnvironmentStartError('the server is stopping')
      await this.#endSession()
      await this.#release()
      return false
    }
  }

  /** Starts the process and waits until it asks for an event: undefined, or how it failed. */
  async #startRuntime(limitMs: number): Promise<Ending | undefined> {
    const sandbox = this.#sandbox
    assert(sandbox !== undefined, 'a process starts in a sandbox')
    const { runtime, onEndpointConnection } = this.#options
    const credentials = await this.#freshCredentials()
    const endpointUrl = this.#options.endpointUrl()
    const ports = sandbox.hasOwnNetwork ? portsFor(endpointUrl) : undefined
    const runtimeApi = this.#listener?.address ?? `127.0.0.1:${ports?.api}`
    const { spec } = this
    const { paths } = sandbox
    const named = { logStreamName: this.#streamName, initializationType: this.#options.initializationType }
    const variables = variablesOf({ spec, runtime, paths, credentials, ...named, runtimeApi, endpointUrl })
    if (this.#isCodeVisible !== undefined) {
      return this.#startAdopted(this.#isCodeVisible, assignmentOf(runtime, paths, variables), limitMs)
    }
    const extensions = findExtensions(spec.layerPaths)
    const isExtended = extensions.length > 0
    const command = await commandOf(runtime, spec, paths, spec.layerPaths, isExtended ? undefined : ports)
    if (this.#isDead()) throw new EnvironmentStartError('the server is stopping')
    if (command === undefined) return { kind: 'no-entry-point' }
    try {
      const started = isExtended ? withExtensions(command, extensions, paths, ports) : command
      this.#session = new RuntimeSession(sandbox, { ...started, variables }, this.#log, onEndpointConnection)
      this.#session.useExtensions(this.#journal.listen(new Extensions(spec, extensions, this.#session), this.#session))
    } catch (error) {
      throw startError('no process could be started', error)
    }
    return this.#untilInitialized(limitMs)
  }

  /** The process takes its variables while its code is being put in place. */
  async #startAdopted(isVisible: Promise<void>, assignment: string, limitMs: number): Promise<Ending | undefined> {
    const session = this.#session
    assert(session !== undefined, 'what was adopted is there')
    this.#isCodeVisible = undefined
    const initialized = this.#untilInitialized(limitMs)
    session.useExtensions(this.#journal.listen(new Extensions(this.spec, [], session), session))
    if (session.exit === undefined) session.assign(assignment, this.#log)
    try {
      await isVisible
    } catch {
      // A process of its own shows whether this function can run, and says why not.
      await this.#endSession()
      if (this.#isDead()) throw new EnvironmentStartError('the server is stopping')
      await this.#release()
      await this.#makePlace()
      return this.#startRuntime(limitMs)
    }
    if (session.exit === undefined) session.api.release()
    return initialized
  }

  async #untilInitialized(limitMs: number): Promise<Ending | undefined> {
    if (this.#listener !== undefined) this.#listener.api = this.#session?.api
    const waited = await this.#wait(limitMs)
    assert(waited.kind !== 'blank', 'a process is blank once')
    return waited.kind === 'ready' ? undefined : waited
  }

  async #freshCredentials(): Promise<RoleCredentials> {
    try {
      const credentials = await this.spec.credentials()
      this.#credentialsExpireMs = credentials.expiresMs
      return credentials
    } catch (error) {
      throw startError('the execution role gives no credentials', error)
    }
  }

  /** Runs the event, in a process that is started first where there is none. */
  async #attempt(request: InvocationRequest, deadlineMs: number): Promise<Ending> {
    const { clock } = this.#options
    if (this.#session === undefined) {
      const startedMs = elapsedMs()
      const failed = await this.#startRuntime(deadlineMs - clock.now())
      const initMs = elapsedMs() - startedMs
      if (failed !== undefined) {
        this.#journal.initEnd('invoke', initMs, initStatus(failed))
        return failed
      }
    }
    const session = this.#session
    assert(session !== undefined, 'an event needs a process')
    const { requestId, payload, invokedFunctionArn, traceHeader, clientContext, response } = request
    const optional = { ...(clientContext !== undefined && { clientContext }), ...(response && { response }) }
    const waiting = this.#wait(deadlineMs - clock.now())
    session.deliver({ requestId, payload, invokedFunctionArn, traceHeader, deadlineMs, ...optional })
    const waited = await waiting
    assert(waited.kind !== 'ready' && waited.kind !== 'blank', 'a runtime asks for the next event after its answer')
    return waited
  }

  /** The next thing that happens. */
  #wait(limitMs: number): Promise<Waited> {
    assert(this.#session !== undefined, 'only a process can do something')
    return this.#session.wait(this.#options.clock, limitMs)
  }

  /** After an event: the process waits for the next one, or must be waited for, or is gone. */
  #finish(ending: Ending): void {
    if (this.#isDead()) return
    if (this.#session === undefined) return this.#move('reset')
    assert(!isFatal(ending), 'after a fatal ending there is no process')
    if (this.#session.isReady) return this.#becomeIdle()
    this.#freeing = this.#untilReady().finally(() => {
      this.#freeing = undefined
    })
  }

  /** The runtime has answered and not yet asked for more: it may take as long as an event. */
  async #untilReady(): Promise<void> {
    const waited = await this.#wait(this.spec.timeoutMs)
    if (this.#isDead()) return
    if (waited.kind === 'ready') return this.#becomeIdle()
    await this.#endSession(waited.kind === 'timeout' ? 'timeout' : 'failure')
    if (!this.#isDead()) this.#move('reset')
  }

  #becomeIdle(): void {
    this.#move('idle')
    const session = this.#session as RuntimeSession
    session.onHappening = (happening) => {
      if (this.#state !== 'idle') return
      if (happening.kind === 'extension-failed') session.kill()
      else if (happening.kind === 'exit') {
        this.#session = undefined
        this.#move('reset')
      }
    }
  }

  /** Extensions hear of it first, and get a little time, when there is a reason to tell. */
  async #endSession(reason?: ShutdownReason): Promise<void> {
    const session = this.#session
    if (session === undefined) return
    if (reason !== undefined) await session.shutDown(reason, this.#options.clock)
    session.kill()
    await session.ended
    if (this.#session === session) this.#session = undefined
    if (this.#listener !== undefined) this.#listener.api = undefined
  }

  #report(requestId: string, durationMs: number, initMs: number | undefined, failure: Failure | undefined): Report {
    return {
      requestId,
      durationMs,
      // AWS bills the init since August 2025.
      billedMs: Math.ceil(durationMs + (initMs ?? 0)),
      maxMemoryUsedMb: this.#sandbox?.memoryUsedMaxMb() ?? 0,
      initMs,
      status: failure?.status ?? { kind: 'success' },
    }
  }
}

function startError(what: string, cause: unknown): EnvironmentStartError {
  if (cause instanceof EnvironmentStartError) return cause
  const why = cause instanceof Error ? cause.message : String(cause)
  return new EnvironmentStartError(`${what}: ${why}`, { cause })
}
