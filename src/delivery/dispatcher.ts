import type { Job, Queue } from '../queue/queue.ts'
import { Worker } from '../queue/worker.ts'
import type { Clock } from '../std/clock.ts'
import type { Store } from '../store/store.ts'
import { transact } from '../store/transaction.ts'
import { bury, type Failure } from './dead-letter.ts'
import type { Delivery, Target, TraceStep } from './delivery.ts'
import { offer, type Taken } from './take.ts'
import { appendTrace } from './traces.ts'
import { deleteDelivery, readDelivery, type WaitingDelivery } from './waiting.ts'

/** Longest a delivery waits for its target, in ms; then it is dropped and the trace says so. */
export const DELIVERY_AGE_MAX_MS = 24 * 60 * 60 * 1000
const RETRY_MIN_MS = 1000
const RETRY_MAX_MS = 5 * 60 * 1000
/** Deliveries brought at one time. */
const IN_FLIGHT_MAX = 32

export interface DispatcherOptions {
  readonly store: Store
  readonly queue: Queue<WaitingDelivery>
  readonly clock: Clock
  readonly targetOf: (arn: string) => Target | undefined
  /** A float in [0, 1). */
  readonly jitter: () => number
  /** Told when the worker itself fails: our bug or a broken disk. */
  readonly onFailure: (error: unknown) => void
}

/** Asks the targets of waiting deliveries again, and completes each job in the commit of its acceptance. */
export class Dispatcher {
  /** `server.ts` starts and stops it. */
  readonly worker: Worker<WaitingDelivery>
  readonly #options: DispatcherOptions

  constructor(options: DispatcherOptions) {
    this.#options = options
    const { queue, clock, onFailure } = options
    const run = (job: Job<WaitingDelivery>) => this.#dispatch(job)
    this.worker = new Worker({ queue, clock, concurrency: IN_FLIGHT_MAX, run, onError: onFailure })
  }

  async #dispatch(job: Job<WaitingDelivery>): Promise<void> {
    const { store, queue, clock, targetOf, jitter } = this.#options
    const delivery = await readDelivery(store, job.payload)
    const atMs = clock.now()
    const retryMs = atMs + backoffMs(job.claims, jitter())
    await transact(store, async (tx) => {
      const steps: TraceStep[] = []
      const say = (step: string, note: string) => steps.push({ atMs, step, note })
      const taken = await offer(tx, delivery, targetOf(delivery.targetArn), say)
      const failure = failureOf(taken, delivery, job.claims, retryMs)
      if (failure?.exhausted !== undefined) say('dropped', failure.note)
      if (failure !== undefined) await bury(tx, delivery, failure, targetOf, say)
      if (taken.kind === 'later' && failure === undefined) queue.retry(tx, job, retryMs, job.payload)
      else {
        queue.complete(tx, job)
        deleteDelivery(tx, job.payload)
      }
      const at = { phase: 'dispatch', sequence: job.claims } as const
      appendTrace(tx, delivery, at, steps, failure === undefined ? undefined : 'dropped')
    })
  }
}

/** Why there is no further attempt; undefined when the target has taken it, or will be asked again. */
function failureOf(taken: Taken, delivery: Delivery, claims: number, retryMs: number): Failure | undefined {
  if (taken.kind === 'accepted') return undefined
  // The first attempt was made where the delivery was owed.
  const attempts = claims + 1
  if (taken.kind === 'refused') return { ...taken, attempts }
  const { ageMaxMs = DELIVERY_AGE_MAX_MS, attemptsMax = Number.POSITIVE_INFINITY } = delivery.patience ?? {}
  if (retryMs > delivery.occurredMs + ageMaxMs) {
    const note = `not deliverable for ${ageMaxMs / 1000} seconds: ${taken.note}`
    return { code: 'TIMEOUT', note, exhausted: 'MaximumEventAgeInSeconds', attempts }
  }
  if (claims < attemptsMax) return undefined
  const note = `not deliverable in ${attempts} attempts: ${taken.note}`
  return { code: 'TIMEOUT', note, exhausted: 'MaximumRetryAttempts', attempts }
}

/** Doubles from one second to five minutes, with up to a fifth of jitter. */
function backoffMs(claims: number, jitter: number): number {
  const plainMs = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(claims - 1, 20))
  return Math.round(plainMs * (1 + jitter / 5))
}
