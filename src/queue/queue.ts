import type { Clock } from '../std/clock.ts'
import type { Store } from '../store/store.ts'
import type { Writes } from '../store/transaction.ts'
import { StoreQueue } from './store-queue.ts'

export { LeaseLostError } from './store-queue.ts'

/**
 * Durable jobs on the store. A job is one row whose position says when it is due; claiming moves it to the end of its lease,
 * completing deletes it, retrying moves it. Acknowledging and the consequence are one commit, because `complete` and `retry` only
 * add to the caller's transaction.
 */
export interface NewJob<P> {
  /**
   * Derived from the request, so a repeat is the same work. Unique within its partition; the queue does not look for another of the
   * same id, it relies on the caller's commit to happen once.
   */
  readonly id: string
  /** Jobs of one partition share a concurrency budget (a function's ARN); others are not held up by it. */
  readonly partition: string
  /** ms since 1970; now or earlier = at once. */
  readonly dueMs: number
  /** Becomes JSON; the row must stay below the store's 64 KiB, larger bodies are blobs. */
  readonly payload: P
}

/** Pass the object itself to `complete`, `retry` and `extend`, not a copy: it knows the lease. */
export interface Job<P> extends NewJob<P> {
  readonly enqueuedMs: number
  /** How often it has been claimed, this time included. */
  readonly claims: number
  /** Moves when the lease is extended. */
  readonly leaseUntilMs: number
}

export interface Queue<P> {
  readonly name: string
  readonly leaseMs: number
  /** Adds the job to the caller's commit; after it a worker in this process is woken (and may already hold the lease). */
  enqueue(writes: Writes, job: NewJob<P>): void
  /**
   * Up to `limit` due jobs, each leased to this process; `budget` says how many more a partition may take now. Both are remembered:
   * while they leave room, `enqueue` hands new jobs over in memory and saves the commit of a claim.
   */
  claim(limit: number, budget: (partition: string) => number): Promise<Job<P>[]>
  /** Adds "this job is done" to the caller's commit; the commit fails if the lease was lost. */
  complete(writes: Writes, job: Job<P>): void
  /** Adds "again at `dueMs`" with a new payload to the caller's commit; fails as `complete` does. */
  retry(writes: Writes, job: Job<P>, dueMs: number, payload: P): void
  /** Moves the end of the lease of a long-running job to `leaseMs` from now. Throws LeaseLostError. */
  extend(job: Job<P>, leaseMs: number): Promise<Job<P>>
  /** Resolves when something may be due: a doorbell, a due time, or the poll interval; and when `signal` aborts. */
  wait(signal: AbortSignal): Promise<void>
  /** Says that a budget may have grown: wakes a waiting worker if jobs were left behind for lack of one. */
  wake(): void
  /** Stops handing over until the next claim, and gives back what was handed over and not claimed. For a worker that stops. */
  release(): Promise<void>
  /** Jobs that are not completed: due, scheduled and leased. Reads every row of them. */
  depth(partition?: string): Promise<number>
}

export interface QueueOptions {
  readonly name: string
  readonly clock: Clock
  /** Names this process and this start of it; never used again. */
  readonly owner: string
  /** How long a claimed job stays invisible to others unless its lease is extended. */
  readonly leaseMs: number
  /** Only this process uses the store: leases of other owners are void, and it knows without looking when nothing is due. */
  readonly isExclusive: boolean
  /**
   * Takes from a backlog more than may run at once where jobs end quickly, and keeps it leased in memory. For queues to whose jobs it makes no
   * difference if such a lease runs out; only with `isExclusive`.
   */
  readonly takesStock?: boolean
  /** How often to look although no doorbell rang; 1 s unless told. */
  readonly pollMs?: number
}

export function createQueue<P>(store: Store, options: QueueOptions): Queue<P> {
  return new StoreQueue<P>(store, options)
}
