import { appendTrace } from '../../../delivery/traces.ts'
import type { TraceStep } from '../../../delivery/delivery.ts'
import { EnvironmentStartError, type Executor, type InvocationResult } from '../../../execution/execution.ts'
import type { Job, Queue } from '../../../queue/queue.ts'
import { Worker } from '../../../queue/worker.ts'
import type { Clock } from '../../../std/clock.ts'
import type { Store } from '../../../store/store.ts'
import { ConflictError, transact } from '../../../store/transaction.ts'
import { functionArn, parseFunctionArn } from '../arn.ts'
import type { Catalog, ResolvedFunction } from '../catalog.ts'
import { ROLE_NOT_ASSUMABLE } from '../errors.ts'
import { type AttemptOutcome, afterAttempt, type Consequence, EVENT_AGE_MIN_MS } from './after-attempt.ts'
import type { EventConfig } from '../async-config.ts'
import type { Destinations } from '../destinations/destinations.ts'
import type { Parcel } from '../destinations/parcel.ts'
import { parcelsOf, receiversOf } from '../destinations/parcels.ts'
import { type LambdaMetricName, type MetricSink, sayProvisioned } from '../metrics.ts'
import { LATEST } from '../tables.ts'
import type { Concurrency } from './concurrency.ts'
import type { FunctionSpecs } from './function-spec.ts'
import { deletePayload, type Invocation, readPayload } from './invocation.ts'
import { continueTrace, RECURSION_MAX } from './trace-header.ts'

export interface InvokerOptions {
  readonly store: Store
  readonly clock: Clock
  readonly queue: Queue<Invocation>
  readonly executor: Executor
  readonly catalog: Catalog
  readonly specs: FunctionSpecs
  readonly concurrency: Concurrency
  /** Queued events handed to the executor at one time, over all functions. */
  readonly inFlightMax: number
  readonly reservedTotal: (resolved: ResolvedFunction) => Promise<number>
  readonly asyncConfig: (resolved: ResolvedFunction) => Promise<EventConfig>
  readonly destinations: Destinations
  readonly onMetric: MetricSink
  /** Asked before every run: a warm environment must not outlive the trust of its role. */
  readonly mayAssumeRole: (resolved: ResolvedFunction) => Promise<boolean>
  /** Told when the invoker itself fails: our bug or a broken disk. The lease runs out, and the event runs again. */
  readonly onFailure: (error: unknown) => void
}

/** How one attempt ended, with what there is to say about it. */
interface Attempt {
  readonly outcome: AttemptOutcome
  readonly note: string
  readonly result?: InvocationResult
  readonly resolved?: ResolvedFunction
  /** What the function got, and what its destinations get. */
  readonly traceHeader?: string
}

/** Runs queued events and settles each in one commit: done or again later, and the trace. */
export class Invoker {
  /** Claims what is due and may run; `server.ts` starts and stops it. */
  readonly worker: Worker<Invocation>
  readonly #options: InvokerOptions

  constructor(options: InvokerOptions) {
    this.#options = options
    const { queue, clock, concurrency, inFlightMax, onFailure } = options
    this.worker = new Worker({
      queue,
      clock,
      concurrency: inFlightMax,
      budget: (functionArn) => concurrency.budget(functionArn, inFlightMax),
      run: (job) => this.#run(job),
      onError: onFailure,
    })
  }

  async #run(job: Job<Invocation>): Promise<void> {
    const { concurrency } = this.#options
    let isClaimNoted = true
    const endClaim = () => {
      if (isClaimNoted) concurrency.noteClaim(job.partition, -1)
      isClaimNoted = false
    }
    concurrency.noteClaim(job.partition, 1)
    try {
      await this.#settle(job, await this.#attempt(job.payload, endClaim))
    } catch (error) {
      // A lost lease means that somebody else has the event now; it ran twice, which at-least-once allows.
      if (!(error instanceof ConflictError)) throw error
    } finally {
      endClaim()
    }
  }

  async #attempt(invocation: Invocation, endClaim: () => void): Promise<Attempt> {
    const { catalog, clock, concurrency, executor, specs, store } = this.#options
    const ref = parseFunctionArn(invocation.invokedArn)
    const resolved = ref && (await catalog.resolve(ref))
    if (resolved === undefined || resolved.row.createdMs > invocation.acceptedMs) {
      return { outcome: 'gone', note: `${invocation.invokedArn} does not exist any more` }
    }
    const ageMs = clock.now() - invocation.acceptedMs
    // No configuration can set a shorter age, so a young event is spared the read.
    if (ageMs > EVENT_AGE_MIN_MS && ageMs > (await this.#options.asyncConfig(resolved)).eventAgeMaxMs) {
      return { outcome: 'too-old', note: 'the event waited longer than its maximum age', resolved }
    }
    const arn = functionArn(resolved.ref)
    const { requestId, traceHeader, acceptedMs } = invocation
    const trace = continueTrace(traceHeader ?? undefined, arn, requestId, acceptedMs)
    if (trace.count >= RECURSION_MAX && resolved.row.recursiveLoop === 'Terminate') {
      return {
        outcome: 'recursive',
        note: `stopped a loop: the function ran ${trace.count} times in this chain`,
        resolved,
        traceHeader: trace.header,
      }
    }
    if (resolved.row.reservedConcurrency === 0) {
      return { outcome: 'zero-concurrency', note: 'the reserved concurrency of the function is 0', resolved }
    }
    if (!(await this.#options.mayAssumeRole(resolved))) {
      return { outcome: 'system-error', note: ROLE_NOT_ASSUMABLE, resolved }
    }
    const payload = await readPayload(store, invocation)
    endClaim()
    const slot = await concurrency.enter(arn, resolved.row.reservedConcurrency, () =>
      this.#options.reservedTotal(resolved),
    )
    if (typeof slot === 'string') return { outcome: 'throttled', note: slot, resolved }
    try {
      const spec = await specs.of(resolved)
      const request = { requestId, payload, invokedFunctionArn: invocation.invokedArn, traceHeader: trace.header }
      const result = await executor.invoke(spec, request)
      const note =
        result.outcome === 'success' ? 'the function succeeded' : (result.errorMessage ?? 'the function failed')
      return { outcome: result.outcome, note, result, resolved, traceHeader: trace.header }
    } catch (error) {
      if (error instanceof EnvironmentStartError) return { outcome: 'system-error', note: error.message, resolved }
      throw error
    } finally {
      slot.release()
    }
  }

  /** Acknowledgement, consequence and trace in one commit. */
  async #settle(job: Job<Invocation>, attempt: Attempt): Promise<void> {
    const { queue, store, clock } = this.#options
    const invocation = job.payload
    const didRun = attempt.outcome === 'success' || attempt.outcome === 'function-error'
    const isBackoff = attempt.outcome === 'throttled' || attempt.outcome === 'system-error'
    const runs = invocation.runs + (didRun ? 1 : 0)
    const backoffs = invocation.backoffs + (isBackoff ? 1 : 0)
    const nowMs = clock.now()
    const { resolved } = attempt
    const config =
      resolved !== undefined && needsConfig(attempt.outcome, resolved)
        ? await this.#options.asyncConfig(resolved)
        : NO_CONFIG
    const consequence = afterAttempt(attempt.outcome, { runs, backoffs }, nowMs - invocation.acceptedMs, config)
    const steps = stepsOf(attempt, consequence, { runs, nowMs })
    const parcels = await this.#parcels(invocation, attempt, consequence, config, { runs, nowMs })
    await transact(
      store,
      async (tx) => {
        const sent: TraceStep[] = []
        for (const parcel of parcels) sent.push(await this.#options.destinations.send(tx, parcel))
        if (consequence.kind === 'retry') {
          queue.retry(tx, job, nowMs + consequence.delayMs, { ...invocation, runs, backoffs })
        } else {
          queue.complete(tx, job)
          deletePayload(tx, invocation)
        }
        appendTrace(
          tx,
          invocation.trace,
          { phase: 'invocation', sequence: job.claims },
          [...steps, ...sent],
          STATE_OF[consequence.kind],
        )
      },
      // Alone, the job is all that could conflict; queues and functions that parcels go to may be busy with others.
      parcels.length === 0 ? 1 : undefined,
    )
    this.#measure(invocation, attempt, consequence, nowMs)
  }

  /** What must leave with the end of this event, and whether its role may send it. */
  async #parcels(
    invocation: Invocation,
    { outcome, note, result, resolved, traceHeader }: Attempt,
    consequence: Consequence,
    config: EventConfig,
    at: { readonly runs: number; readonly nowMs: number },
  ): Promise<Parcel[]> {
    const receivers = receiversOf(consequence, resolved, config)
    if (receivers.record === null && receivers.deadLetter === null) return []
    if (resolved === undefined || consequence.kind === 'retry' || consequence.kind === 'dropped') return []
    const payload = (await readPayload(this.#options.store, invocation)).toString('utf8')
    const response = result && {
      version: resolved.version,
      isError: result.outcome === 'function-error',
      payload: result.payload.toString('utf8'),
    }
    const last = { outcome, resolved, traceHeader, errorMessage: note, response, ...at }
    const parcels = parcelsOf(invocation, payload, consequence, last, receivers)
    const sender = {
      roleArn: resolved.config.roleArn,
      functionName: resolved.ref.name,
      functionArn: functionArn(resolved.ref),
    }
    return Promise.all(
      parcels.map(async (parcel) => ({
        ...parcel,
        refusal: await this.#options.destinations.refusal(sender, parcel.destination),
      })),
    )
  }

  #measure(
    invocation: Invocation,
    { outcome, result, resolved }: Attempt,
    consequence: Consequence,
    atMs: number,
  ): void {
    const ref = parseFunctionArn(invocation.invokedArn)
    if (ref === undefined) return
    const { accountId, region, name: functionName, qualifier } = ref
    const executedVersion = qualifier === undefined ? undefined : resolved?.version
    const about = { atMs, accountId, region, functionName, qualifier, executedVersion }
    const say = (name: LambdaMetricName, value = 1, unit: 'Count' | 'Milliseconds' = 'Count') =>
      this.#options.onMetric({ ...about, name, value, unit })
    if (result !== undefined) {
      say('Invocations')
      say('Errors', outcome === 'function-error' ? 1 : 0)
      say('Duration', result.durationMs, 'Milliseconds')
      sayProvisioned(result.provisioned, say)
      say('AsyncEventAge', Math.max(0, atMs - invocation.acceptedMs - result.durationMs), 'Milliseconds')
    }
    if (outcome === 'throttled' || outcome === 'zero-concurrency') say('Throttles')
    if (outcome === 'recursive') say('RecursiveInvocationsDropped')
    if (consequence.kind === 'failed' || consequence.kind === 'dropped') say('AsyncEventsDropped')
  }
}

/** For events whose fate depends on no configuration: those that succeeded, and those of a function that is gone. */
const NO_CONFIG: EventConfig = { maximumRetryAttempts: 0, eventAgeMaxMs: 0, onSuccess: null, onFailure: null }

function needsConfig(outcome: AttemptOutcome, { row, ref }: ResolvedFunction): boolean {
  return outcome !== 'success' || row.onSuccessQualifiers.includes(ref.qualifier ?? LATEST)
}

const STATE_OF = { succeeded: 'succeeded', retry: 'pending', failed: 'failed', dropped: 'dropped' } as const

function stepsOf(attempt: Attempt, consequence: Consequence, at: { runs: number; nowMs: number }): TraceStep[] {
  const { result, outcome, note, resolved } = attempt
  const detail = {
    outcome,
    ...(resolved && { version: resolved.version }),
    ...(result && {
      run: at.runs,
      durationMs: Math.round(result.durationMs * 100) / 100,
      logStream: result.logStreamName,
    }),
    ...(result?.errorType !== undefined && { errorType: result.errorType }),
  }
  const atMs = at.nowMs
  const steps: TraceStep[] = [{ atMs, step: 'attempt', note, detail }]
  switch (consequence.kind) {
    case 'succeeded':
      steps.push({ atMs, step: 'settled', note: 'done' })
      break
    case 'retry': {
      const { delayMs } = consequence
      const dueMs = atMs + delayMs
      steps.push({ atMs, step: 'retry', note: `again at ${new Date(dueMs).toISOString()}`, detail: { delayMs } })
      break
    }
    case 'failed':
      steps.push({ atMs, step: 'settled', note: consequence.condition, detail: { runs: at.runs } })
      break
    case 'dropped':
      steps.push({ atMs, step: 'dropped', note })
      break
  }
  return steps
}
