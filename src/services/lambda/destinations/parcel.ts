import type { Delivery } from '../../../delivery/delivery.ts'
import type { TraceRef } from '../../../delivery/traces.ts'
import type { StoredPayload } from '../invoke/stored-payload.ts'
import type { Destination } from './destination.ts'

/** Something that must leave with the end of an event. */
export interface Parcel {
  readonly kind: 'destination' | 'dead-letter'
  readonly destination: Destination
  /** Its id is the request's with a suffix after a slash, its subject the function as it was called. */
  readonly delivery: Delivery
  /** The trace of the event. */
  readonly trace: TraceRef
  readonly functionName: string
  readonly roleArn: string
  readonly isSuccess: boolean
  /** Why it cannot leave: the execution role may not do what it takes. */
  readonly refusal: string | undefined
}

/** A parcel that is brought by a call of another service, waiting for it. */
export interface ParcelJob {
  readonly kind: Parcel['kind']
  readonly arn: string
  readonly functionArn: string
  readonly functionName: string
  readonly roleArn: string
  /** The function as it was called, with a qualifier. */
  readonly recordedArn: string
  readonly isSuccess: boolean
  readonly requestId: string
  readonly payload: StoredPayload
  /** Names the payload's slices. */
  readonly payloadId: string
  readonly endedMs: number
  readonly traceHeader: string | null
  readonly trace: TraceRef
}
