import type { Delivery } from '../../../delivery/delivery.ts'
import { type FunctionRef, functionArn } from '../arn.ts'
import type { ResolvedFunction } from '../catalog.ts'
import type { EventConfig } from '../async-config.ts'
import type { AttemptOutcome, Consequence } from '../invoke/after-attempt.ts'
import type { Invocation } from '../invoke/invocation.ts'
import { parseDestination } from './destination.ts'
import type { Parcel } from './parcel.ts'
import { deadLetterAttributes, type Ended, invocationRecord, recordedArn } from './record.ts'

/** How the last attempt of an event went. */
export interface LastAttempt {
  readonly outcome: AttemptOutcome
  readonly resolved: ResolvedFunction
  readonly traceHeader: string | undefined
  readonly errorMessage: string
  readonly response: Ended['response']
  readonly runs: number
  readonly nowMs: number
}

/** ARNs that get something when an event ends so. */
export function receiversOf(
  consequence: Consequence,
  resolved: ResolvedFunction | undefined,
  config: EventConfig,
): { readonly record: string | null; readonly deadLetter: string | null } {
  if (consequence.kind === 'succeeded') return { record: config.onSuccess, deadLetter: null }
  if (consequence.kind !== 'failed') return { record: null, deadLetter: null }
  return { record: config.onFailure, deadLetter: resolved?.config.deadLetterArn ?? null }
}

/** What must leave with the end of an event; whether it may is not asked yet. */
export function parcelsOf(
  invocation: Invocation,
  payload: string,
  consequence: Extract<Consequence, { kind: 'succeeded' | 'failed' }>,
  last: LastAttempt,
  receivers: { readonly record: string | null; readonly deadLetter: string | null },
): Parcel[] {
  const isSuccess = consequence.kind === 'succeeded'
  const parcels: Parcel[] = []
  const add = (kind: Parcel['kind'], arn: string, body: string, message?: Delivery['message']) => {
    const destination = parseDestination(arn)
    if (destination === undefined) return
    const { ref, config } = last.resolved
    parcels.push({
      kind,
      destination,
      delivery: deliveryOf(invocation, kind, arn, body, ref, last, message),
      trace: invocation.trace,
      functionName: ref.name,
      roleArn: config.roleArn,
      isSuccess,
      refusal: undefined,
    })
  }
  if (receivers.record !== null) {
    const ended: Ended = {
      requestId: invocation.requestId,
      invokedArn: invocation.invokedArn,
      condition: consequence.kind === 'succeeded' ? 'Success' : consequence.condition,
      runs: last.runs,
      nowMs: last.nowMs,
      payload,
      response: last.response,
    }
    add('destination', receivers.record, invocationRecord(ended))
  }
  if (receivers.deadLetter !== null) {
    const attributes = deadLetterAttributes(invocation.requestId, last.outcome, last.errorMessage)
    add('dead-letter', receivers.deadLetter, payload, { attributes })
  }
  return parcels
}

function deliveryOf(
  invocation: Invocation,
  kind: Parcel['kind'],
  targetArn: string,
  payload: string,
  ref: FunctionRef,
  last: LastAttempt,
  message: Delivery['message'],
): Delivery {
  return {
    id: `${invocation.requestId}/${kind}`,
    targetArn,
    source: { principal: 'lambda.amazonaws.com', arn: functionArn(ref), accountId: ref.accountId },
    payload,
    occurredMs: last.nowMs,
    subject: recordedArn(invocation.invokedArn),
    ...(last.traceHeader !== undefined && { traceHeader: last.traceHeader }),
    ...(message !== undefined && { message }),
  }
}
