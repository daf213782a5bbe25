import { mkdir, rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { availableParallelism } from 'node:os'
import { DisposeStack } from '../std/dispose-stack.ts'
import { Environment } from './environment.ts'
import {
  EnvironmentStartError,
  type ExecutorOptions,
  type FunctionSpec,
  type InitializationType,
  type InvocationRequest,
  type InvocationResult,
  type MachineExecutor,
  type ProvisionedState,
} from './execution.ts'
import { chooseIsolation } from './isolation/choose.ts'
import type { Isolation } from './isolation/isolation.ts'
import { Pool } from './pool.ts'
import { Provisioned } from './provisioned.ts'
import { findRuntimes, type Runtime } from './runtimes.ts'
import { Spares } from './spares.ts'

const ENVIRONMENTS_MAX = 64
/** A start is mostly computing, with a little waiting for the disk. */
const STARTS_PER_PROCESSOR = 2
/** Busy environments of one function, per processor, beyond which an event waits a moment for one of them: see `Pool`. */
const CROWD_PER_PROCESSOR = 2
const IDLE_MAX_MS = 5 * 60 * 1000
const PRESTARTED_MAX = 1

/** Finds out what this machine can run, and how well it can be isolated: some 50 ms. Throws when the isolation asked for does not work. */
export async function createExecutor(options: ExecutorOptions): Promise<MachineExecutor> {
  await rm(options.directory, { recursive: true, force: true })
  await mkdir(options.directory, { recursive: true, mode: 0o700 })
  const closers = new DisposeStack()
  closers.defer(() => rm(options.directory, { recursive: true, force: true }))
  const [isolation, runtimes] = await Promise.all([
    chooseIsolation(options.isolation, options.directory, closers),
    findRuntimes(),
  ])
  return new LocalExecutor(options, closers.use(isolation), runtimes, closers)
}

class LocalExecutor implements MachineExecutor {
  readonly isolation: Isolation
  readonly runtimes: readonly Runtime[]
  readonly #pool: Pool
  readonly #spares: Spares
  readonly #provisioned: Provisioned
  readonly #closers: DisposeStack

  constructor(options: ExecutorOptions, isolation: Isolation, runtimes: readonly Runtime[], closers: DisposeStack) {
    this.isolation = isolation
    this.runtimes = runtimes
    this.#closers = closers
    const endpointUrl = () => options.endpointUrl()
    const onEndpointConnection = options.onEndpointConnection ?? ((socket) => forward(socket, endpointUrl()))
    const environmentsMax = options.environmentsMax ?? ENVIRONMENTS_MAX
    const spares = new Spares({
      clock: options.clock,
      isolation,
      runtimes,
      endpointUrl,
      onEndpointConnection,
      sparesMax: options.prestartedMax ?? PRESTARTED_MAX,
      mayStart: () => this.#pool.isCalm && this.#pool.count + spares.count < environmentsMax - this.#provisioned.count,
      isOverfull: () => this.#pool.count + spares.count > environmentsMax - this.#provisioned.count,
    })
    const create = (spec: FunctionSpec, initializationType: InitializationType) =>
      new Environment(spec, {
        clock: options.clock,
        isolation,
        runtime: this.#requireRuntime(spec.runtime),
        initializationType,
        endpointUrl,
        onEndpointConnection,
        takeSpare: (wanted, of) => spares.take(wanted, of),
      })
    this.#provisioned = new Provisioned({
      clock: options.clock,
      // What is provisioned must leave a place for all others.
      environmentsMax: Math.max(0, environmentsMax - 1),
      startsMax: availableParallelism(),
      create: (spec) => create(spec, 'provisioned-concurrency'),
      onCount: () => this.#pool.fit(),
    })
    const provisioned = this.#provisioned
    this.#spares = spares
    this.#pool = new Pool({
      clock: options.clock,
      get environmentsMax() {
        return environmentsMax - provisioned.count
      },
      spares,
      startsMax: STARTS_PER_PROCESSOR * availableParallelism(),
      crowdMin: CROWD_PER_PROCESSOR * availableParallelism(),
      idleMaxMs: options.idleMaxMs ?? IDLE_MAX_MS,
      create: (spec) => create(spec, 'on-demand'),
    })
    closers.defer(() => spares.close())
    closers.defer(() => this.#pool.close())
    closers.defer(() => this.#provisioned.close())
  }

  invoke(spec: FunctionSpec, request: InvocationRequest): Promise<InvocationResult> {
    const onDemand = () => this.#pool.lend(spec, (environment) => environment.run(request), request.signal)
    return this.#provisioned.count === 0 ? onDemand() : this.#provisioned.invoke(spec, request, onDemand)
  }

  provision(spec: FunctionSpec, count: number): void {
    this.#provisioned.provision(spec, count)
  }

  provisioned(spec: FunctionSpec): ProvisionedState {
    return this.#provisioned.state(spec)
  }

  startAhead(): void {
    this.#spares.start()
  }

  get startedAhead(): Promise<void> {
    return this.#spares.settled()
  }

  busyCount(functionArn: string): number {
    return this.#pool.busyCount(functionArn) + this.#provisioned.busyCount(functionArn)
  }

  retire(functionArn: string, version: string, keepRevisionId?: string): void {
    this.#pool.retire(functionArn, version, keepRevisionId)
    this.#provisioned.retire(functionArn, version, keepRevisionId)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#closers[Symbol.asyncDispose]()
  }

  #requireRuntime(name: string): Runtime {
    const runtime = this.runtimes.find((candidate) => candidate.name === name)
    if (runtime === undefined) throw new EnvironmentStartError(`there is no runtime ${name} here`)
    if (!runtime.available) throw new EnvironmentStartError(`the runtime ${name} is not available: ${runtime.reason}`)
    return runtime
  }
}

/** Joins a connection from a function's own network with one to the endpoint. */
function forward(socket: Socket, endpointUrl: string): void {
  const url = new URL(endpointUrl)
  const target = connect(Number(url.port || (url.protocol === 'https:' ? 443 : 80)), url.hostname)
  target.setNoDelay(true)
  socket.pipe(target).pipe(socket)
  // Either side may break at any time; then both end.
  socket.on('error', () => target.destroy())
  target.on('error', () => socket.destroy())
  socket.on('close', () => target.destroy())
  target.on('close', () => socket.destroy())
}
