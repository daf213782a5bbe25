import { hash } from 'node:crypto'
import { beginTrace, type TraceRef } from '../../../delivery/traces.ts'
import type { NewJob, Queue } from '../../../queue/queue.ts'
import type { Reader } from '../../../store/table.ts'
import type { Writes } from '../../../store/transaction.ts'
import { payloads } from '../tables.ts'

/** One accepted event waiting for its function. Code, role and configuration are those of the moment it runs. */
export interface Invocation {
  /** `context.awsRequestId` of every attempt. */
  readonly requestId: string
  /** JSON text, or how many slices of it lie in the payload table. */
  readonly payload: string | { readonly slices: number }
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

/** Larger payloads leave the job's row: values in the store stay below 64 KiB. */
const INLINE_MAX_BYTES = 48 * 1024
const SLICE_BYTES = 60 * 1024

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

/** Adds an event somebody sent with Invoke, with a trace of its own. */
export function enqueueDirect(writes: Writes, queue: Queue<Invocation>, event: Omit<NewInvocation, 'trace'>): void {
  const trace = { id: event.requestId, occurredMs: event.acceptedMs }
  const head = { ...trace, subject: event.functionArn, eventName: 'Invoke', targetArn: event.invokedArn }
  beginTrace(writes, head, [{ atMs: event.acceptedMs, step: 'accepted', note: 'Invoke with type Event' }], 'pending')
  enqueueInvocation(writes, queue, { ...event, trace })
}

export async function readPayload(reader: Reader, invocation: Invocation): Promise<Buffer> {
  const { payload, requestId } = invocation
  if (typeof payload === 'string') return Buffer.from(payload, 'utf8')
  const slices: Uint8Array[] = []
  for (let slice = 0; slice < payload.slices; slice++) {
    const bytes = await payloads.get(reader, [requestId, slice])
    if (bytes === undefined) throw new Error(`slice ${slice} of the payload of ${requestId} is missing`)
    slices.push(bytes)
  }
  return Buffer.concat(slices)
}

/** Adds the removal of what an ended event kept outside its job. */
export function deletePayload(writes: Writes, invocation: Invocation): void {
  if (typeof invocation.payload === 'string') return
  for (let slice = 0; slice < invocation.payload.slices; slice++) payloads.delete(writes, [invocation.requestId, slice])
}

/** The request id of a delivered event: the same for every repeat of one delivery. */
export function requestIdOf(deliveryId: string): string {
  if (UUID.test(deliveryId)) return deliveryId
  const hex = hash('sha256', deliveryId, 'hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

function storePayload(writes: Writes, requestId: string, payload: string): Invocation['payload'] {
  // A UTF-16 unit is at most three bytes, or two when it is escaped.
  if (payload.length * 3 < INLINE_MAX_BYTES) return payload
  const bytes = Buffer.from(payload, 'utf8')
  // Inside the job the text is a JSON string: quotes and backslashes double.
  if (Buffer.byteLength(JSON.stringify(payload)) <= INLINE_MAX_BYTES) return payload
  const slices = Math.ceil(bytes.length / SLICE_BYTES)
  for (let slice = 0; slice < slices; slice++) {
    payloads.put(writes, [requestId, slice], bytes.subarray(slice * SLICE_BYTES, (slice + 1) * SLICE_BYTES))
  }
  return { slices }
}
