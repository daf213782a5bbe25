import type { Caller } from '../../../protocol/caller.ts'
import { Doorbell } from '../../../queue/doorbell.ts'
import type { Job, Queue } from '../../../queue/queue.ts'
import { Worker } from '../../../queue/worker.ts'
import { type Clock, settle } from '../../../std/clock.ts'
import { uuid } from '../../../std/ids.ts'
import type { Store } from '../../../store/store.ts'
import { type Transaction, transact } from '../../../store/transaction.ts'
import type { TemplateObject } from '../../../template/template.ts'
import { stackNotFound } from '../errors.ts'
import { operations, resources, type StackRow, stackKey, stacks } from '../tables.ts'
import { beginOperation } from './begin.ts'
import type { EngineDoors } from './doors.ts'
import type { BeginOperation } from './operation.ts'
import { existing, resourceContext } from './resource-call.ts'
import { Responses } from './responses.ts'
import { type EngineRoom, requireKey, RunLost, type StackLook, StackRun } from './run.ts'
import { Runner } from './runner.ts'

export type { StackLook } from './run.ts'

export interface EngineOptions extends EngineDoors {
  readonly store: Store
  readonly clock: Clock
  /** Stacks are looked at by jobs: see {@link StackLook}. Lease: a minute. */
  readonly queue: Queue<StackLook>
  /** Our own mistakes. */
  readonly onFailure: (error: unknown) => void
}

/** Stacks in hand at a time. Nested ones count too, but their parents do not while they wait. */
const STACKS_MAX = 8

/** How often to look whether a stack is settled although nobody said so: another server may have it. */
const SETTLED_POLL_MS = 1000

/** After a mistake of our own, a stack is let alone for a while. */
const MISTAKE_PAUSE_MS = 5000

/** Makes, changes and removes stacks, durably: what is asked and every step is a row before it is done. */
export class Engine {
  readonly worker: Worker<StackLook>
  /** The door that answers of custom resources and signals of wait conditions come in by. */
  readonly responses: Responses
  readonly #room: EngineRoom
  readonly #queue: Queue<StackLook>
  readonly #runners = new Map<string, Runner>()
  readonly #runs = new Map<string, Promise<void>>()
  readonly #bells = new Map<string, Set<Doorbell>>()

  constructor(options: EngineOptions) {
    const { queue, clock, onFailure } = options
    this.#queue = queue
    this.#room = { ...options, changed: (stackId) => this.#changed(stackId) }
    this.responses = new Responses(this.#room)
    this.worker = new Worker({
      queue,
      clock,
      concurrency: STACKS_MAX,
      budget: (stackId) => (this.#runs.has(stackId) ? 0 : 1),
      run: (job, signal) => this.#look(job, signal),
      onError: onFailure,
    })
  }

  /**
   * Writes the stack's row, its operation and its first events in one commit, and returns the stack's row. `also` adds to the same commit.
   * Throws AwsError: a name that is taken, a status that does not allow it.
   */
  begin(operation: BeginOperation, also?: (tx: Transaction) => Promise<void>): Promise<StackRow> {
    return beginOperation(this.#room, operation, { also })
  }

  /**
   * The stack's row once nothing goes on any more, or when `waitMs` of the clock have passed or `signal` aborts. Throws when there is no such
   * stack.
   */
  async settled(
    stackId: string,
    { waitMs, signal }: { readonly waitMs: number; readonly signal: AbortSignal },
  ): Promise<StackRow> {
    const { store, clock } = this.#room
    const key = stackKey(stackId)
    const untilMs = clock.now() + waitMs
    const bell = new Doorbell()
    const bells = this.#bells.get(stackId) ?? new Set()
    this.#bells.set(stackId, bells.add(bell))
    try {
      for (;;) {
        bell.hear()
        const isBusy = (await operations.get(store, [stackId])) !== undefined
        const leftMs = untilMs - clock.now()
        if (!isBusy || leftMs <= 0 || signal.aborted) {
          const stack = key === undefined ? undefined : await stacks.get(store, key)
          if (stack === undefined) throw stackNotFound(stackId)
          return stack
        }
        await bell.wait(clock, Math.min(leftMs, SETTLED_POLL_MS), signal)
      }
    } finally {
      bells.delete(bell)
      if (bells.size === 0) this.#bells.delete(stackId)
    }
  }

  /** For tests: runs what can run now, and resolves when nothing is left but waiting. */
  async settle(): Promise<void> {
    const { signal } = new AbortController()
    for (;;) {
      const count = await this.worker.step(signal)
      if (count === 0 && this.#runs.size === 0) return
      await Promise.all(this.#runs.values())
      await settle(1)
    }
  }

  /**
   * The properties of a resource as they are now, for drift detection; undefined when it does not exist, 'unsupported' for types that have
   * nothing to compare. Throws AwsError.
   */
  async readResource(
    stackId: string,
    logicalId: string,
    { caller }: { readonly caller: Caller },
  ): Promise<TemplateObject | undefined | 'unsupported'> {
    const { store } = this.#room
    const stack = await stacks.get(store, requireKey(stackId))
    if (stack === undefined) throw stackNotFound(stackId)
    const row = await resources.get(store, [stackId, logicalId])
    if (row === undefined || row.made === null) return undefined
    const type = this.#room.findResourceType(row.type)
    if (type === undefined) return 'unsupported'
    const as = stack.roleArn === null ? caller : await this.#room.callerFor(stack.roleArn, stackId)
    const { signal } = new AbortController()
    const rest = { token: uuid(), isRepeat: false, stackTags: stack.tags, signal }
    return type.read(resourceContext(this.#room, stack, logicalId, as, rest), existing(row.made))
  }

  /** One run at a time; a look that comes meanwhile follows it. */
  async #look(job: Job<StackLook>, signal: AbortSignal): Promise<void> {
    const { stackId } = job.payload
    const earlier = this.#runs.get(stackId)
    const run = (async () => {
      await earlier
      await this.#run(job, signal)
    })()
    const quiet = run.catch(() => undefined)
    this.#runs.set(stackId, quiet)
    try {
      await run
    } finally {
      if (this.#runs.get(stackId) === quiet) this.#runs.delete(stackId)
    }
  }

  async #run(job: Job<StackLook>, signal: AbortSignal): Promise<void> {
    const { stackId } = job.payload
    const runner = new Runner(new StackRun(this.#room, stackId), signal)
    this.#runners.set(stackId, runner)
    let untilMs: number | null = null
    try {
      untilMs = (await runner.work()).untilMs
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof RunLost)) {
        this.#room.onFailure(error)
        untilMs = this.#room.clock.now() + MISTAKE_PAUSE_MS
      }
    } finally {
      this.#runners.delete(stackId)
    }
    await transact(this.#room.store, async (tx) => {
      if (untilMs === null) this.#queue.complete(tx, job)
      else this.#queue.retry(tx, job, untilMs, job.payload)
    })
  }

  #changed(stackId: string): void {
    this.#runners.get(stackId)?.ring()
    for (const bell of this.#bells.get(stackId) ?? []) bell.ring()
  }
}
