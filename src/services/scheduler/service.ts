import { hash } from 'node:crypto'
import { appendTrace, beginTrace } from '../../delivery/traces.ts'
import { AwsError } from '../../protocol/errors.ts'
import type { Job, Queue } from '../../queue/queue.ts'
import { Worker } from '../../queue/worker.ts'
import { type Clock, sleep } from '../../std/clock.ts'
import type { Store } from '../../store/store.ts'
import { transact } from '../../store/transaction.ts'
import type { CallDoor } from '../door.ts'
import type { AsRole } from './doors.ts'
import { scheduleArn } from './groups.ts'
import { invoke, sendToDeadLetters } from './invoke.ts'
import { dueAfter } from './settings.ts'
import { type DueKey, dues, type OwedInvocation, schedules } from './tables.ts'

export interface SchedulerOptions {
  readonly store: Store
  readonly clock: Clock
  readonly queue: Queue<OwedInvocation>
  readonly call: CallDoor
  readonly asRole: AsRole
  readonly onFailure: (error: unknown) => void
}

const BATCH = 100
/** How long to sleep at most: another server may have made a schedule. */
const WAIT_MAX_MS = 30_000
const IN_FLIGHT_MAX = 32
const RETRY_MIN_MS = 1000
const RETRY_MAX_MS = 60_000
const AGE_MAX_SECONDS = 86_400
const ATTEMPTS_MAX = 185

/**
 * EventBridge Scheduler. What is due becomes a job in the commit that moves the schedule on, so no time is missed and none counts twice; the
 * job calls the target as the schedule's role. Times that passed while no server ran are caught up once. A flexible window is used at
 * its begin. `server.ts` runs the two workers.
 */
export class Scheduler {
  readonly store: Store
  readonly asRole: AsRole
  /** Calls targets; {@link step} and {@link wait} find what is due. */
  readonly worker: Worker<OwedInvocation>
  readonly #options: SchedulerOptions
  #wake = () => {}

  constructor(options: SchedulerOptions) {
    this.#options = options
    this.store = options.store
    this.asRole = options.asRole
    const { queue, clock, onFailure } = options
    const run = (job: Job<OwedInvocation>) => this.#run(job)
    this.worker = new Worker({ queue, clock, concurrency: IN_FLIGHT_MAX, run, onError: onFailure })
  }

  /** Owes what is due; resolves to how many schedules that were. */
  async step(signal: AbortSignal): Promise<number> {
    const nowMs = this.#options.clock.now()
    let count = 0
    for (const { key } of await dues.list(this.store, { limit: BATCH })) {
      if (key[0] > nowMs || signal.aborted) break
      await this.#owe(key, nowMs)
      count++
    }
    return count
  }

  /** Resolves when the next schedule is due, when one has changed, and when `signal` aborts. */
  async wait(signal: AbortSignal): Promise<void> {
    const woken = new AbortController()
    this.#wake = () => woken.abort(new Error('a schedule has changed'))
    const [first] = await dues.list(this.store, { limit: 1 })
    const untilMs = (first?.key[0] ?? Number.POSITIVE_INFINITY) - this.#options.clock.now()
    if (untilMs <= 0) return
    const either = AbortSignal.any([signal, woken.signal])
    await sleep(this.#options.clock, Math.min(untilMs, WAIT_MAX_MS), either).catch(() => {})
  }

  /** A schedule has been changed: look again. */
  wake(): void {
    this.#wake()
  }

  async #owe(key: DueKey, nowMs: number): Promise<void> {
    const [dueMs, accountId, region, group, name] = key
    const arn = scheduleArn({ accountId, region }, group, name)
    await transact(this.store, async (tx) => {
      dues.delete(tx, key)
      const row = await schedules.get(tx, [accountId, region, group, name])
      if (row?.dueMs !== dueMs) return
      const nextMs = dueAfter(row, Math.max(nowMs, dueMs))
      if (nextMs === null && row.isDeletedAfter) schedules.delete(tx, [accountId, region, group, name])
      else schedules.put(tx, [accountId, region, group, name], { ...row, dueMs: nextMs })
      if (nextMs !== null) dues.put(tx, [nextMs, accountId, region, group, name], 0)
      const id = hash('sha256', `${arn} ${row.createdMs} ${dueMs}`, 'hex').slice(0, 32)
      const payload = { id, scheduleArn: arn, accountId, region, target: row.target, dueMs }
      this.#options.queue.enqueue(tx, { id, partition: arn, dueMs: nowMs, payload })
      const head = { id, subject: arn, occurredMs: dueMs, targetArn: row.target.arn, eventName: 'Scheduled' }
      beginTrace(tx, head, [{ atMs: nowMs, step: 'matched', note: row.expression }], 'pending')
    })
  }

  async #run(job: Job<OwedInvocation>): Promise<void> {
    const { call, asRole, clock, queue } = this.#options
    const owed = job.payload
    const { target } = owed
    const source = { sourceArn: owed.scheduleArn, sourceAccount: owed.accountId }
    const caller = await asRole(target.roleArn, source)
    const refusal = typeof caller === 'string' ? new AwsError('AccessDeniedException', 403, caller) : undefined
    const error = typeof caller === 'string' ? refusal : await failureOf(invoke(call, owed, job.claims, caller))
    const nowMs = clock.now()
    const retryMs = nowMs + Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(job.claims - 1, 10))
    const isAgain =
      error !== undefined &&
      isPassing(error) &&
      job.claims <= (target.attemptsMax ?? ATTEMPTS_MAX) &&
      retryMs <= owed.dueMs + (target.ageMaxSeconds ?? AGE_MAX_SECONDS) * 1000
    let note = error === undefined ? `${target.arn} has it` : `${error.code}: ${error.message}`
    if (error !== undefined && !isAgain && target.deadLetterArn !== null && typeof caller !== 'string') {
      const second = await failureOf(sendToDeadLetters(call, owed, error, job.claims, caller))
      note += second === undefined ? `; ${target.deadLetterArn} has it` : `; its dead-letter queue: ${second.message}`
    }
    await transact(this.store, async (tx) => {
      if (isAgain) queue.retry(tx, job, retryMs, owed)
      else queue.complete(tx, job)
      const state = isAgain ? undefined : error === undefined ? 'succeeded' : 'failed'
      const ref = { id: owed.id, occurredMs: owed.dueMs }
      appendTrace(tx, ref, { phase: 'dispatch', sequence: job.claims }, [{ atMs: nowMs, step: 'attempt', note }], state)
    })
  }
}

/** Undefined when it worked. Our own mistakes are thrown. */
async function failureOf(call: Promise<unknown>): Promise<AwsError | undefined> {
  try {
    await call
    return undefined
  } catch (error) {
    if (error instanceof AwsError) return error
    throw error
  }
}

function isPassing({ status, code }: AwsError): boolean {
  return status >= 500 || status === 429 || /Throttl|TooManyRequests/.test(code)
}
