import type { Writes } from '../store/transaction.ts'

/**
 * Durable jobs on the store. A job is one row whose position says when it is due; claiming moves it to the end of its lease,
 * completing deletes it, retrying moves it. Acknowledging and the consequence are one commit, because `complete` and `retry` only
 * add to the caller's transaction.
 */
export interface NewJob<P> {
  /** Derived from the request, so a repeat is the same work. Unique within its partition. */
  readonly id: string
  /** Jobs of one partition share a concurrency budget (a function's ARN); others are not held up by it. */
  readonly partition: string
  /** ms since 1970; now or earlier = at once. */
  readonly dueMs: number
  readonly payload: P
}

export interface Job<P> extends NewJob<P> {
  readonly enqueuedMs: number
  /** How often it has been claimed, this time included. */
  readonly claims: number
  readonly leaseUntilMs: number
}

export interface Queue<P> {
  readonly name: string
  /** Adds the job to the caller's commit; after it a worker in this process is woken (and may already hold the lease). */
  enqueue(writes: Writes, job: NewJob<P>): void
  /** Up to `limit` due jobs, each leased to this process; `budget` says how many more a partition may take now. */
  claim(limit: number, budget: (partition: string) => number): Promise<Job<P>[]>
  /** Adds "this job is done" to the caller's commit; the commit fails if the lease was lost. */
  complete(writes: Writes, job: Job<P>): void
  /** Adds "again at `dueMs`" with a new payload to the caller's commit. */
  retry(writes: Writes, job: Job<P>, dueMs: number, payload: P): void
  /** Moves the end of the lease of a long-running job. */
  extend(job: Job<P>, leaseMs: number): Promise<Job<P>>
  /** Resolves when something may be due: a doorbell, a due time, or the poll interval. */
  wait(signal: AbortSignal): Promise<void>
  depth(partition?: string): Promise<number>
}
