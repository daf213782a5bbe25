import { type Clock, sleep } from '../std/clock.ts'
import type { Job, Queue } from './queue.ts'

export interface WorkerOptions<P> {
  readonly queue: Queue<P>
  readonly clock: Clock
  /** Jobs run at the same time by this worker. */
  readonly concurrency: number
  /** How many more jobs a partition may start now; without it, as many as the worker has room for. */
  readonly budget?: (partition: string) => number
  /**
   * Does the work and settles the job in one commit (`complete` or `retry`). A job that it leaves unsettled, by throwing too, is
   * claimed again when its lease runs out. `signal` aborts when the worker's patience at stopping is over.
   */
  readonly run: (job: Job<P>, signal: AbortSignal) => Promise<void>
  /** Our own mistakes: `run` threw, or the store failed. */
  readonly onError: (error: unknown, job: Job<P> | undefined) => void
}

/** How long to leave a failing store alone. */
const STORE_PAUSE_MS = 500

/**
 * Claims jobs and runs them, a bounded number at a time; leases of jobs that run long are extended half-way through.
 *
 * States: idle → `start` → running → `stop` → stopping (claims nothing, waits for what runs) → stopped.
 */
export class Worker<P> implements AsyncDisposable {
  readonly #options: WorkerOptions<P>
  readonly #budget: (partition: string) => number
  readonly #running = new Set<Promise<void>>()
  readonly #stopping = new AbortController()
  readonly #patience = new AbortController()
  #loop: Promise<void> | undefined
  #onFreed: (() => void) | undefined

  constructor(options: WorkerOptions<P>) {
    this.#options = options
    this.#budget = options.budget ?? (() => options.concurrency)
  }

  get runningCount(): number {
    return this.#running.size
  }

  /** Claims as many jobs as there is room for and starts them. Does not wait for their end. Resolves to how many it started. */
  async step(signal: AbortSignal): Promise<number> {
    const room = this.#options.concurrency - this.#running.size
    if (room <= 0 || signal.aborted) return 0
    const jobs = await this.#options.queue.claim(room, this.#budget)
    for (const job of jobs) this.#start(job)
    return jobs.length
  }

  /** Resolves when `step` may find something to do, or `signal` aborts. */
  wait(signal: AbortSignal): Promise<void> {
    if (this.#running.size < this.#options.concurrency) return this.#options.queue.wait(signal)
    return new Promise((resolve) => {
      const finish = () => {
        this.#onFreed = undefined
        signal.removeEventListener('abort', finish)
        resolve()
      }
      this.#onFreed = finish
      signal.addEventListener('abort', finish, { once: true })
      if (signal.aborted) finish()
    })
  }

  start(): void {
    this.#loop ??= this.#run(this.#stopping.signal)
  }

  /** Claims nothing any more and waits for running jobs; after `graceMs` their signal aborts, and their leases are left to run out. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping.abort()
    await this.#loop
    await this.#options.queue.release()
    if (graceMs <= 0) this.#patience.abort()
    if (this.#running.size === 0) return
    const timer = this.#options.clock.setTimer(graceMs, () => this.#patience.abort())
    await Promise.race([Promise.all(this.#running), aborted(this.#patience.signal)])
    timer.cancel()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop(0)
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.step(signal)
        await this.wait(signal)
      } catch (error) {
        this.#options.onError(error, undefined)
        await sleep(this.#options.clock, STORE_PAUSE_MS, signal).catch(() => undefined)
      }
    }
  }

  #start(job: Job<P>): void {
    const run = this.#runJob(job).finally(() => {
      this.#running.delete(run)
      this.#onFreed?.()
      // Its partition may take another one.
      this.#options.queue.wake()
    })
    this.#running.add(run)
  }

  async #runJob(job: Job<P>): Promise<void> {
    const lease = this.#keepLease(job)
    try {
      await this.#options.run(job, this.#patience.signal)
    } catch (error) {
      this.#options.onError(error, job)
    } finally {
      lease.release()
    }
  }

  #keepLease(job: Job<P>): { release(): void } {
    const { queue, clock } = this.#options
    let isReleased = false
    const extend = async () => {
      try {
        await queue.extend(job, queue.leaseMs)
        if (!isReleased) timer = clock.setTimer(queue.leaseMs / 2, extend)
      } catch (error) {
        // A job that was settled meanwhile has no lease to extend.
        if (!isReleased) this.#options.onError(error, job)
      }
    }
    let timer = clock.setTimer(queue.leaseMs / 2, extend)
    return {
      release: () => {
        isReleased = true
        timer.cancel()
      },
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
