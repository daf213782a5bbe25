/**
 * Provisioned concurrency: environments that are initialised before any event comes, and stay. Each takes a place of the machine's, which
 * environments on demand then have to do without.
 *
 * starting → free <-> busy, and from everywhere → ended. What cannot be used any more (its process is gone, its credentials end) is replaced.
 * https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html
 */
import type { Clock, Timer } from '../std/clock.ts'
import type { Environment } from './environment.ts'
import {
  EnvironmentStartError,
  type FunctionSpec,
  type InvocationRequest,
  type InvocationResult,
  type ProvisionedState,
} from './execution.ts'
import { keyOf } from './pool.ts'

/** After a start that failed the next try waits so long, in ms: a handler that cannot be loaded must not keep the processors busy. */
const RETRY_MS = 60_000
/** An environment is replaced when its credentials end so soon, in ms: longer than the longest event. */
const CREDENTIALS_MARGIN_MS = 20 * 60_000

export interface ProvisionedOptions {
  readonly clock: Clock
  /** So many environments may be provisioned altogether. */
  readonly environmentsMax: number
  /** Provisioned environments starting at one time. */
  readonly startsMax: number
  /** A new environment; starts nothing yet. */
  readonly create: (spec: FunctionSpec) => Environment
  /** Told when another place was taken or given back. */
  readonly onCount: () => void
}

interface Share {
  spec: FunctionSpec
  wanted: number
  readonly free: Environment[]
  readonly busy: Set<Environment>
  readonly starting: Set<Environment>
  failure: string | undefined
  retryTimer: Timer | undefined
}

export class Provisioned {
  readonly #options: ProvisionedOptions
  readonly #shares = new Map<string, Share>()
  readonly #ending = new Set<Promise<void>>()
  #count = 0
  #startingCount = 0
  #isClosed = false

  constructor(options: ProvisionedOptions) {
    this.#options = options
  }

  /** Places taken. */
  get count(): number {
    return this.#count
  }

  busyCount(functionArn: string): number {
    let count = 0
    for (const { spec, busy } of this.#shares.values()) if (spec.functionArn === functionArn) count += busy.size
    return count
  }

  /** From now on keeps so many. Called again with the same number, it replaces environments whose credentials will end. */
  provision(spec: FunctionSpec, count: number): void {
    const key = keyOf(spec)
    const known = this.#shares.get(key)
    if (known === undefined && count === 0) return
    const share = known ?? newShare(spec)
    this.#shares.set(key, share)
    share.wanted = count
    share.spec = spec
    const endMs = this.#options.clock.now() + CREDENTIALS_MARGIN_MS
    for (const old of share.free.filter(({ credentialsExpireMs }) => credentialsExpireMs < endMs)) this.#end(share, old)
    while (share.free.length > 0 && sizeOf(share) > count) this.#end(share, share.free[0] as Environment)
    if (count === 0) {
      share.retryTimer?.cancel()
      // What is busy or starting ends when it comes back.
      for (const environment of share.starting) this.#track(environment.dispose())
      if (sizeOf(share) === 0) this.#shares.delete(key)
    }
    this.#startMore()
  }

  state(spec: FunctionSpec): ProvisionedState {
    const share = this.#shares.get(keyOf(spec))
    if (share === undefined) return { allocated: 0, available: 0, failure: undefined }
    const available = share.free.length + share.busy.size
    return { allocated: sizeOf(share), available, failure: share.failure }
  }

  /** Lends one to an event. Undefined: none is provisioned. `spillover`: some are, and all of them are busy or not ready. */
  async invoke(
    spec: FunctionSpec,
    request: InvocationRequest,
    spill: () => Promise<InvocationResult>,
  ): Promise<InvocationResult> {
    const share = this.#shares.get(keyOf(spec))
    if (share === undefined || share.wanted === 0) return spill()
    const environment = this.#takeFree(share)
    const use = { isSpillover: environment === undefined, busy: share.busy.size, allocated: share.wanted }
    if (environment === undefined) return { ...(await spill()), provisioned: use }
    try {
      return { ...(await environment.run(request)), provisioned: use }
    } finally {
      const { freeing } = environment
      if (freeing === undefined) this.#giveBack(share, environment)
      else void freeing.then(() => this.#giveBack(share, environment))
    }
  }

  /** Ends those of other revisions: free ones now, busy ones after their event. */
  retire(functionArn: string, version: string, keepRevisionId: string | undefined): void {
    for (const { spec } of this.#shares.values()) {
      if (spec.functionArn === functionArn && spec.version === version && spec.revisionId !== keepRevisionId) {
        this.provision(spec, 0)
      }
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const share of this.#shares.values()) {
      share.retryTimer?.cancel()
      for (const environment of [...share.free, ...share.busy, ...share.starting]) this.#track(environment.dispose())
    }
    while (this.#ending.size > 0) await Promise.all(this.#ending)
  }

  #takeFree(share: Share): Environment | undefined {
    const endMs = this.#options.clock.now() + share.spec.timeoutMs
    for (;;) {
      const environment = share.free.at(-1)
      if (environment === undefined) return undefined
      if (environment.state === 'idle' && environment.credentialsExpireMs > endMs) {
        share.free.pop()
        share.busy.add(environment)
        return environment
      }
      this.#end(share, environment)
      this.#startMore()
    }
  }

  #giveBack(share: Share, environment: Environment): void {
    share.busy.delete(environment)
    if (this.#isClosed || environment.state !== 'idle' || sizeOf(share) >= share.wanted) this.#drop(share, environment)
    else share.free.push(environment)
    this.#startMore()
  }

  #startMore(): void {
    for (const share of this.#shares.values()) {
      while (
        !this.#isClosed &&
        share.retryTimer === undefined &&
        sizeOf(share) < share.wanted &&
        this.#startingCount < this.#options.startsMax
      ) {
        if (this.#count >= this.#options.environmentsMax) {
          share.failure = `This server can keep ${this.#options.environmentsMax} environments provisioned, and does.`
          break
        }
        void this.#start(share)
      }
      if (sizeOf(share) >= share.wanted) share.failure = undefined
    }
  }

  async #start(share: Share): Promise<void> {
    const environment = this.#options.create(share.spec)
    share.starting.add(environment)
    this.#count++
    this.#startingCount++
    this.#options.onCount()
    const isReady = await environment.prepare().catch((error: unknown) => {
      if (error instanceof EnvironmentStartError) return false
      throw error
    })
    this.#startingCount--
    share.starting.delete(environment)
    if (isReady && sizeOf(share) < share.wanted && !this.#isClosed) {
      share.free.push(environment)
    } else {
      this.#drop(share, environment)
      if (!isReady && share.wanted > 0 && !this.#isClosed) this.#retryLater(share)
    }
    this.#startMore()
  }

  #retryLater(share: Share): void {
    share.failure = 'FUNCTION_ERROR_INIT_FAILURE'
    share.retryTimer ??= this.#options.clock.setTimer(RETRY_MS, () => {
      share.retryTimer = undefined
      share.failure = undefined
      this.#startMore()
    })
  }

  #end(share: Share, environment: Environment): void {
    share.free.splice(share.free.indexOf(environment), 1)
    this.#drop(share, environment)
  }

  #drop(share: Share, environment: Environment): void {
    if (share.wanted === 0 && sizeOf(share) === 0) this.#shares.delete(keyOf(share.spec))
    this.#track(
      environment.dispose().finally(() => {
        this.#count--
        this.#options.onCount()
        this.#startMore()
      }),
    )
  }

  #track(ending: Promise<void>): void {
    this.#ending.add(ending)
    void ending.finally(() => this.#ending.delete(ending))
  }
}

function newShare(spec: FunctionSpec): Share {
  return {
    spec,
    wanted: 0,
    free: [],
    busy: new Set(),
    starting: new Set(),
    failure: undefined,
    retryTimer: undefined,
  }
}

function sizeOf({ free, busy, starting }: Share): number {
  return free.length + busy.size + starting.size
}
