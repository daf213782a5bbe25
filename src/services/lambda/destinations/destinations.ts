import type { Delivery, Target, TraceStep } from '../../../delivery/delivery.ts'
import { appendTrace, beginTrace } from '../../../delivery/traces.ts'
import { AwsError } from '../../../protocol/errors.ts'
import type { Job, Queue } from '../../../queue/queue.ts'
import { Worker } from '../../../queue/worker.ts'
import { sourceOf } from '../../../std/byte-source.ts'
import type { Clock } from '../../../std/clock.ts'
import type { Store } from '../../../store/store.ts'
import { type Transaction, transact } from '../../../store/transaction.ts'
import type { CallDoor } from '../../door.ts'
import { parseFunctionArn } from '../arn.ts'
import { requireFunctionIn } from '../catalog.ts'
import type { Authorize, CredentialsFor } from '../doors.ts'
import { ROLE_NOT_ASSUMABLE } from '../errors.ts'
import { deleteStored, readStored, storePayload } from '../invoke/stored-payload.ts'
import { EVENT_PAYLOAD_MAX_BYTES } from '../limits.ts'
import type { LambdaMetricName, MetricSink } from '../metrics.ts'
import { requireQualifierIn } from '../operation.ts'
import { type Destination, type DestinationService, recordKey } from './destination.ts'
import type { Parcel, ParcelJob } from './parcel.ts'

export interface DestinationsOptions {
  readonly store: Store
  readonly clock: Clock
  /** Parcels that are brought by calling another service: no commit can hold that. */
  readonly queue: Queue<ParcelJob>
  /** Services that take a parcel in our own commit. Asked on every use, so a service may be added later. */
  readonly targetOf: (service: DestinationService) => Target | undefined
  /** Services that are called instead. */
  readonly callable: readonly DestinationService[]
  readonly call: CallDoor
  readonly credentialsFor: CredentialsFor
  readonly authorize: Authorize
  readonly onMetric: MetricSink
  readonly onFailure: (error: unknown) => void
}

/** Who sends: the function whose event has ended. */
export interface Sender {
  readonly roleArn: string
  readonly functionName: string
  readonly functionArn: string
}

/** Tries of a call that fails for no reason of ours or of the destination's. */
const TRIES_MAX = 3
const RETRY_MS = 1000
const IN_FLIGHT_MAX = 16

/** Where events that have ended go: their records to destinations, themselves to dead-letter queues. */
export class Destinations {
  /** Brings what is not taken in the commit of the event's end; `server.ts` starts and stops it. */
  readonly worker: Worker<ParcelJob>
  readonly #options: DestinationsOptions

  constructor(options: DestinationsOptions) {
    this.#options = options
    const { queue, clock, onFailure } = options
    const run = (job: Job<ParcelJob>) => this.#bring(job)
    this.worker = new Worker({ queue, clock, concurrency: IN_FLIGHT_MAX, run, onError: onFailure })
  }

  /** Is there a service here that answers for such an ARN? */
  isOffered({ service }: Destination): boolean {
    return this.#options.callable.includes(service) || this.#options.targetOf(service) !== undefined
  }

  /** Why the execution role may not send there now; undefined when it may. */
  async refusal(sender: Sender, { grants, arn, verb }: Destination): Promise<string | undefined> {
    const { credentialsFor, authorize } = this.#options
    let session: Awaited<ReturnType<CredentialsFor>>
    try {
      const { functionArn: sourceFunctionArn } = sender
      session = await credentialsFor(sender.roleArn, sender.functionName, { sourceFunctionArn })
    } catch (error) {
      if (error instanceof AwsError) return ROLE_NOT_ASSUMABLE
      throw error
    }
    for (const grant of grants) {
      const decision = await authorize(session.caller, grant)
      if (!decision.allowed) return `the execution role may not call ${verb} on ${arn}${decision.reason}`
    }
    return undefined
  }

  /** Adds the parcel to the commit that ends its event. The step says what became of it; what is lost is counted. */
  async send(tx: Transaction, parcel: Parcel): Promise<TraceStep> {
    const { destination, delivery } = parcel
    const atMs = delivery.occurredMs
    const said = (note: string) => ({ atMs, step: parcel.kind, note: `${destination.arn}: ${note}` })
    const lost = (note: string) => {
      tx.afterCommit(() => this.#countLoss({ ...parcel, functionArn: delivery.source.arn }, atMs))
      return { ...said(note), step: `${parcel.kind}-failed` }
    }
    if (parcel.refusal !== undefined) return lost(parcel.refusal)
    const target = this.#options.targetOf(destination.service)
    if (target === undefined) {
      if (!this.isOffered(destination)) return lost('no service here answers for it')
      this.#enqueue(tx, parcel)
      return said('is being called')
    }
    if (destination.service === 'lambda') {
      const problem = await functionProblem(tx, delivery)
      if (problem !== undefined) return lost(problem)
      const head = { ...delivery, subject: delivery.targetArn, eventName: 'Destination' }
      beginTrace(tx, head, [{ atMs, step: 'accepted', note: `record of ${delivery.subject}` }], 'pending')
    }
    const acceptance = await target.accept(tx, delivery)
    if (acceptance.kind === 'refused') return lost(acceptance.note)
    if (acceptance.kind === 'later') this.#enqueue(tx, parcel)
    return said(acceptance.note)
  }

  #enqueue(tx: Transaction, { kind, destination, delivery, trace, functionName, roleArn, isSuccess }: Parcel): void {
    const payload = storePayload(tx, delivery.id, delivery.payload)
    const job: ParcelJob = {
      kind,
      arn: destination.arn,
      functionArn: delivery.source.arn,
      functionName,
      roleArn,
      recordedArn: delivery.subject,
      isSuccess,
      requestId: delivery.id.slice(0, delivery.id.lastIndexOf('/')),
      payload,
      payloadId: delivery.id,
      endedMs: delivery.occurredMs,
      traceHeader: delivery.traceHeader ?? null,
      trace,
    }
    this.#options.queue.enqueue(tx, {
      id: delivery.id,
      partition: destination.arn,
      dueMs: delivery.occurredMs,
      payload: job,
    })
  }

  async #bring(job: Job<ParcelJob>): Promise<void> {
    const { store, queue, clock } = this.#options
    const parcel = job.payload
    const failure = await this.#call(parcel)
    const atMs = clock.now()
    const isAgain = failure?.mayRetry === true && job.claims < TRIES_MAX
    await transact(store, async (tx) => {
      if (isAgain) queue.retry(tx, job, atMs + RETRY_MS * job.claims, parcel)
      else {
        queue.complete(tx, job)
        deleteStored(tx, parcel.payloadId, parcel.payload)
        if (failure !== undefined) tx.afterCommit(() => this.#countLoss(parcel, atMs))
      }
      const step = failure === undefined || isAgain ? parcel.kind : `${parcel.kind}-failed`
      const note = `${parcel.arn}: ${failure === undefined ? 'has it' : failure.note}`
      appendTrace(tx, parcel.trace, { phase: 'destination', sequence: job.claims }, [{ atMs, step, note }])
    })
  }

  /** Undefined: the service has it. */
  async #call(parcel: ParcelJob): Promise<{ note: string; mayRetry: boolean } | undefined> {
    const { credentialsFor, call, store } = this.#options
    const { arn, functionName, functionArn, endedMs, requestId } = parcel
    const text = (await readStored(store, parcel.payloadId, parcel.payload)).toString('utf8')
    const region = functionArn.split(':')[3] as string
    const options = { region, ...(parcel.traceHeader !== null && { traceHeader: parcel.traceHeader }) }
    try {
      const { caller } = await credentialsFor(parcel.roleArn, functionName, { sourceFunctionArn: functionArn })
      if (arn.split(':', 3)[2] === 's3') {
        const Bucket = arn.slice(arn.lastIndexOf(':') + 1)
        const object = { Bucket, Key: recordKey(functionName, requestId, endedMs), Body: sourceOf(text) }
        await call('s3', 'PutObject', { ...object, ContentType: 'application/json' }, caller, options)
        return undefined
      }
      const entry = {
        Source: 'lambda',
        DetailType: `Lambda Function Invocation Result - ${parcel.isSuccess ? 'Success' : 'Failure'}`,
        Detail: text,
        Resources: [arn, parcel.recordedArn],
        EventBusName: arn,
        Time: new Date(endedMs),
      }
      const { Entries } = await call('events', 'PutEvents', { Entries: [entry] }, caller, options)
      const refused = Entries?.find(({ ErrorCode }) => ErrorCode !== undefined)
      return refused && { note: `${refused.ErrorCode}: ${refused.ErrorMessage}`, mayRetry: false }
    } catch (error) {
      if (!(error instanceof AwsError)) throw error
      return { note: `${error.code}: ${error.message}`, mayRetry: error.status >= 500 && error.status !== 501 }
    }
  }

  #countLoss({ kind, functionName, functionArn }: Lost, atMs: number): void {
    const [, , , region = '', accountId = ''] = functionArn.split(':')
    const name: LambdaMetricName = kind === 'dead-letter' ? 'DeadLetterErrors' : 'DestinationDeliveryFailures'
    const none = { qualifier: undefined, executedVersion: undefined }
    this.#options.onMetric({ name, value: 1, unit: 'Count', atMs, accountId, region, functionName, ...none })
  }
}

type Lost = Pick<ParcelJob, 'kind' | 'functionName' | 'functionArn'>

/** Why a function cannot take a record. */
async function functionProblem(tx: Transaction, { targetArn, payload }: Delivery): Promise<string | undefined> {
  const ref = parseFunctionArn(targetArn)
  if (ref === undefined) return 'is not the ARN of a function'
  if (Buffer.byteLength(payload) > EVENT_PAYLOAD_MAX_BYTES) {
    return `the record is larger than the ${EVENT_PAYLOAD_MAX_BYTES} bytes of an event`
  }
  try {
    await requireFunctionIn(tx, ref)
    await requireQualifierIn(tx, ref)
    return undefined
  } catch (error) {
    if (error instanceof AwsError) return error.message
    throw error
  }
}
