import type { Clock, Timer } from '../std/clock.ts'
import type { Environment } from './environment.ts'
import { EnvironmentStartError, type FunctionSpec } from './execution.ts'

/** Events that may wait for an environment; what asks for more is told that the machine is full. */
const WAITERS_MAX = 10_000
/** Waiters looked at behind one who must wait for a start. */
const LOOKAHEAD = 64
/**
 * How long an event waits for one of a crowd of busy environments before it gets a new one, in ms: about what a cold start takes, so a short
 * handler is served sooner, and a slow one not much later.
 */
const CROWD_WAIT_MS = 100
/** An environment is replaced when its credentials would end so close to the end of an event, in ms. */
const CREDENTIALS_MARGIN_MS = 60_000

export interface PoolOptions {
  readonly clock: Clock
  /** Asked each time: provisioned environments take places too. */
  readonly environmentsMax: number
  /** Environments starting at one time: more would only share the processors, and a busy one may be free before they are ready. */
  readonly startsMax: number
  /** So many busy environments of one function are a crowd: more of them only share the processors, unless their handlers wait. */
  readonly crowdMin: number
  readonly idleMaxMs: number
  /** Processes that were started ahead: they take places too, and give them up for functions. */
  readonly spares: { readonly count: number; giveWay(spec: FunctionSpec): void; refill(): void }
  /** A new environment; starts nothing yet. */
  readonly create: (spec: FunctionSpec) => Environment
}

interface Slot {
  readonly environment: Environment
  /** Function, version and revision: environments are never shared across them. */
  readonly key: string
  idleSinceMs: number
  isRetired: boolean
}

interface Waiter {
  readonly spec: FunctionSpec
  readonly sinceMs: number
  readonly resolve: (slot: Slot) => void
  readonly reject: (error: unknown) => void
}

/** The environments of this machine: lends each to one event at a time, starts on demand up to the limit, ends the idle. */
export class Pool {
  readonly #options: PoolOptions
  /** Most recently used last: those are lent first, so that the others can fall idle. */
  readonly #idle = new Map<string, Slot[]>()
  readonly #busy = new Set<Slot>()
  readonly #busyCounts = new Map<string, number>()
  readonly #waiters: Waiter[] = []
  readonly #ending = new Set<Promise<void>>()
  /** Everything that takes a place of the machine's: idle, busy and not yet ended. */
  #count = 0
  #endingCount = 0
  #startingCount = 0
  #reapTimer: Timer | undefined
  #crowdTimer: Timer | undefined
  #isClosed = false

  constructor(options: PoolOptions) {
    this.#options = options
  }

  /** Places taken. */
  get count(): number {
    return this.#count
  }

  /** Nothing starts and nobody waits: a good moment for what can wait. */
  get isCalm(): boolean {
    return this.#startingCount === 0 && this.#waiters.length === 0
  }

  busyCount(functionArn: string): number {
    return this.#busyCounts.get(functionArn) ?? 0
  }

  /** Lends an environment to `use`; waits, first come first served, while all are busy. Throws the signal's reason when it aborts before. */
  async lend<T>(spec: FunctionSpec, use: (environment: Environment) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const slot = this.#take(spec) ?? (await this.#waitFor(spec, signal))
    this.#countBusy(spec.functionArn, 1)
    try {
      return await use(slot.environment)
    } catch (error) {
      slot.isRetired = true
      throw error
    } finally {
      this.#countBusy(spec.functionArn, -1)
      const freeing = slot.environment.freeing
      if (freeing === undefined) this.#giveBack(slot)
      else void freeing.then(() => this.#giveBack(slot))
    }
  }

  /** Ends environments of other revisions: idle ones now, busy ones after their event. */
  retire(functionArn: string, version: string, keepRevisionId: string | undefined): void {
    const isRetired = ({ environment: { spec } }: Slot) =>
      spec.functionArn === functionArn && spec.version === version && spec.revisionId !== keepRevisionId
    for (const slot of [...this.#idle.values()].flat().filter(isRetired)) this.#endIdle(slot)
    for (const slot of this.#busy) {
      if (isRetired(slot)) slot.isRetired = true
    }
  }

  /** The machine has fewer places for us, or more again. */
  fit(): void {
    for (let excess = this.#count - this.#endingCount - this.#options.environmentsMax; excess > 0; excess--) {
      const oldest = this.#oldestIdle()
      if (oldest === undefined) break
      this.#endIdle(oldest)
    }
    this.#serveWaiters()
  }

  /** Ends all, events that run too; what waits gets an error. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#reapTimer?.cancel()
    this.#crowdTimer?.cancel()
    for (const waiter of this.#waiters.splice(0)) waiter.reject(new EnvironmentStartError('the server is stopping'))
    for (const slot of [...this.#idle.values()].flat()) this.#endIdle(slot)
    for (const slot of this.#busy) this.#track(slot.environment.dispose())
    while (this.#ending.size > 0) await Promise.all(this.#ending)
  }

  /** An idle or a new environment; undefined when there is no room. */
  #take(spec: FunctionSpec, sinceMs = this.#options.clock.now()): Slot | undefined {
    if (this.#isClosed) throw new EnvironmentStartError('the server is stopping')
    const key = keyOf(spec)
    const untilMs = this.#options.clock.now() + spec.timeoutMs + CREDENTIALS_MARGIN_MS
    for (const slot of (this.#idle.get(key) ?? []).toReversed()) {
      this.#removeIdle(slot)
      if (slot.environment.credentialsExpireMs > untilMs) {
        this.#busy.add(slot)
        return slot
      }
      this.#end(slot)
    }
    if (this.#count < this.#options.environmentsMax) {
      if (this.#startingCount >= this.#options.startsMax || this.#waitsForCrowd(spec, sinceMs)) return undefined
      return this.#create(spec)
    }
    this.#makeRoom()
    return undefined
  }

  /** Arms one timer for all who wait so: it looks at them again. */
  #waitsForCrowd(spec: FunctionSpec, sinceMs: number): boolean {
    if (this.busyCount(spec.functionArn) < this.#options.crowdMin) return false
    const restMs = sinceMs + CROWD_WAIT_MS - this.#options.clock.now()
    if (restMs <= 0) return false
    this.#crowdTimer ??= this.#options.clock.setTimer(restMs, () => {
      this.#crowdTimer = undefined
      this.#serveWaiters()
    })
    return true
  }

  #create(spec: FunctionSpec): Slot {
    const slot = { environment: this.#options.create(spec), key: keyOf(spec), idleSinceMs: 0, isRetired: false }
    this.#count++
    this.#startingCount++
    slot.environment.onInitialized = () => {
      this.#startingCount--
      this.#serveWaiters()
      this.#options.spares.refill()
    }
    // It takes one that is ready in the next turn of the event loop, or else the place of one.
    if (this.#count + this.#options.spares.count > this.#options.environmentsMax) this.#options.spares.giveWay(spec)
    this.#busy.add(slot)
    return slot
  }

  /** Idle environments of other functions give way to those who wait; their places are free when they have ended. */
  #makeRoom(): void {
    const oldest = this.#oldestIdle()
    if (oldest !== undefined && this.#endingCount <= this.#waiters.length) this.#endIdle(oldest)
  }

  #waitFor(spec: FunctionSpec, signal: AbortSignal | undefined): Promise<Slot> {
    if (this.#waiters.length >= WAITERS_MAX) throw new EnvironmentStartError('too many events wait for an environment')
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error)
      const onAbort = () => {
        const at = this.#waiters.indexOf(waiter)
        if (at >= 0) this.#waiters.splice(at, 1)
        reject(signal?.reason as Error)
      }
      const waiter: Waiter = {
        spec,
        sinceMs: this.#options.clock.now(),
        resolve: (slot) => {
          signal?.removeEventListener('abort', onAbort)
          resolve(slot)
        },
        reject: (error) => {
          signal?.removeEventListener('abort', onAbort)
          reject(error as Error)
        },
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#waiters.push(waiter)
    })
  }

  #giveBack(slot: Slot): void {
    this.#busy.delete(slot)
    const { state } = slot.environment
    const isUsable = state === 'idle' || state === 'reset'
    if (slot.isRetired || this.#isClosed || !isUsable || this.#count > this.#options.environmentsMax) {
      this.#end(slot)
      return
    }
    slot.idleSinceMs = this.#options.clock.now()
    const slots = this.#idle.get(slot.key)
    if (slots === undefined) this.#idle.set(slot.key, [slot])
    else slots.push(slot)
    this.#serveWaiters()
    this.#armReaper()
  }

  /**
   * Gives places to those who wait, in their order. On a full machine the first who cannot be served ends the round, for the next place is
   * his; where only too many are starting, those behind him may find an idle one.
   */
  #serveWaiters(): void {
    let at = 0
    let denied: FunctionSpec | undefined
    while (at < Math.min(this.#waiters.length, LOOKAHEAD)) {
      const waiter = this.#waiters[at] as Waiter
      // Those behind him have waited less.
      if (waiter.spec === denied) {
        at++
        continue
      }
      try {
        const slot = this.#take(waiter.spec, waiter.sinceMs)
        if (slot === undefined) {
          denied = waiter.spec
          if (this.#count >= this.#options.environmentsMax) return
          at++
          continue
        }
        this.#waiters.splice(at, 1)
        waiter.resolve(slot)
      } catch (error) {
        this.#waiters.splice(at, 1)
        waiter.reject(error)
      }
    }
  }

  #endIdle(slot: Slot): void {
    this.#removeIdle(slot)
    this.#end(slot)
  }

  #removeIdle(slot: Slot): void {
    const slots = (this.#idle.get(slot.key) ?? []).filter((other) => other !== slot)
    if (slots.length === 0) this.#idle.delete(slot.key)
    else this.#idle.set(slot.key, slots)
  }

  #end(slot: Slot): void {
    this.#endingCount++
    this.#track(
      slot.environment.dispose().finally(() => {
        this.#endingCount--
        this.#count--
        this.#serveWaiters()
      }),
    )
  }

  #track(ending: Promise<void>): void {
    this.#ending.add(ending)
    void ending.finally(() => this.#ending.delete(ending))
  }

  #countBusy(functionArn: string, by: number): void {
    const count = this.busyCount(functionArn) + by
    if (count === 0) this.#busyCounts.delete(functionArn)
    else this.#busyCounts.set(functionArn, count)
  }

  #oldestIdle(): Slot | undefined {
    let oldest: Slot | undefined
    for (const [slot] of this.#idle.values()) {
      if (slot !== undefined && (oldest === undefined || slot.idleSinceMs < oldest.idleSinceMs)) oldest = slot
    }
    return oldest
  }

  /** One timer, for the environment that has been idle longest. */
  #armReaper(): void {
    if (this.#reapTimer !== undefined || this.#isClosed) return
    const oldest = this.#oldestIdle()
    if (oldest === undefined) return
    const delayMs = oldest.idleSinceMs + this.#options.idleMaxMs - this.#options.clock.now()
    this.#reapTimer = this.#options.clock.setTimer(delayMs, () => {
      this.#reapTimer = undefined
      const endMs = this.#options.clock.now() - this.#options.idleMaxMs
      for (const slot of [...this.#idle.values()].flat()) {
        if (slot.idleSinceMs <= endMs) this.#endIdle(slot)
      }
      this.#armReaper()
    })
  }
}

/** Function, version and revision: environments are never shared across them. */
export function keyOf(spec: FunctionSpec): string {
  return `${spec.functionArn}:${spec.version}:${spec.revisionId}`
}
