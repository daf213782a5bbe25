import { hash } from 'node:crypto'
import type { TraceStep } from '../../../delivery/delivery.ts'
import { beginTrace, type TraceRef } from '../../../delivery/traces.ts'
import type { NewJob, Queue } from '../../../queue/queue.ts'
import type { Reader } from '../../../store/table.ts'
import type { Writes } from '../../../store/transaction.ts'
import { deleteStored, readStored, type StoredPayload, storePayload } from './stored-payload.ts'

/** One accepted event waiting for its function. Code, role and configuration are those of the moment it runs. */
export interface Invocation {
  /** `context.awsRequestId` of every attempt. */
  readonly requestId: string
  readonly payload: StoredPayload
  /** As called: with a qualifier exactly when the caller gave one. */
  readonly invokedArn: string
  /** Age is measured from here. */
  readonly acceptedMs: number
  /** As received; each attempt derives the same header from it. */
  readonly traceHeader: string | null
  readonly trace: TraceRef
  readonly runs: number
  readonly backoffs: number
}

export interface NewInvocation extends Omit<Invocation, 'payload' | 'runs' | 'backoffs'> {
  readonly payload: string
  /** ARN without a qualifier: versions and aliases share their function's concurrency. */
  readonly functionArn: string
}

/** Adds the event to the caller's commit. */
export function enqueueInvocation(writes: Writes, queue: Queue<Invocation>, event: NewInvocation): void {
  const { functionArn, payload, ...rest } = event
  const job: NewJob<Invocation> = {
    id: event.requestId,
    partition: functionArn,
    dueMs: event.acceptedMs,
    payload: { ...rest, payload: storePayload(writes, event.requestId, payload), runs: 0, backoffs: 0 },
  }
  queue.enqueue(writes, job)
}

/** Adds an event somebody sent with Invoke, with a trace of its own, which tells of which earlier one it is a repeat. */
export function enqueueDirect(
  writes: Writes,
  queue: Queue<Invocation>,
  event: Omit<NewInvocation, 'trace'>,
  replayedFrom?: string,
): void {
  const trace = { id: event.requestId, occurredMs: event.acceptedMs }
  const head = { ...trace, subject: event.functionArn, eventName: 'Invoke', targetArn: event.invokedArn }
  const steps: TraceStep[] = [{ atMs: event.acceptedMs, step: 'accepted', note: 'Invoke with type Event' }]
  if (replayedFrom !== undefined) {
    steps.push({ atMs: event.acceptedMs, step: 'replayed', note: `from ${replayedFrom}`, detail: { replayedFrom } })
  }
  beginTrace(writes, head, steps, 'pending', event.payload)
  enqueueInvocation(writes, queue, { ...event, trace })
}

export function readPayload(reader: Reader, { payload, requestId }: Invocation): Promise<Buffer> {
  return readStored(reader, requestId, payload)
}

/** Adds the removal of what an ended event kept outside its job. */
export function deletePayload(writes: Writes, { payload, requestId }: Invocation): void {
  deleteStored(writes, requestId, payload)
}

/** The request id of a delivered event: the same for every repeat of one delivery. */
export function requestIdOf(deliveryId: string): string {
  if (UUID.test(deliveryId)) return deliveryId
  const hex = hash('sha256', deliveryId, 'hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
