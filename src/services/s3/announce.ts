import { hash } from 'node:crypto'
import type { OwedDelivery, TraceStep } from '../../delivery/delivery.ts'
import type { Transaction } from '../../store/transaction.ts'
import type { Bucket } from './buckets.ts'
import { type EventCause, eventMessage, type ObjectEvent } from './events.ts'
import { mismatch } from './notification/rule.ts'
import { bucketArn } from './operation.ts'
import type { S3 } from './service.ts'

export const S3_PRINCIPAL = 's3.amazonaws.com'

/** Adds to the commit what it owes to the bucket's notification rules, with the reasons; reads and writes only. */
export async function announce(
  tx: Transaction,
  s3: S3,
  call: EventCause,
  bucket: Bucket,
  event: ObjectEvent,
  nowMs: number,
): Promise<void> {
  if (bucket.rules.length === 0) return
  const steps: TraceStep[] = []
  const matching = bucket.rules.filter((rule) => {
    const why = mismatch(rule, event.name, event.key)
    if (why !== undefined) steps.push({ atMs: nowMs, step: 'unmatched', note: why, detail: { rule: rule.id } })
    return why === undefined
  })
  const subject = `s3://${bucket.name}/${event.key}`
  if (matching.length === 0) {
    const id = eventId(call, event, '')
    s3.deliveries.noteUnmatched(tx, { id, subject, eventName: event.name, occurredMs: nowMs }, steps)
    return
  }
  const traceHeader = wellFormed(call.traceHeader)
  const owed: OwedDelivery[] = matching.map((rule) => ({
    eventName: event.name,
    steps: [
      ...steps,
      { atMs: nowMs, step: 'matched', note: `rule ${rule.id} of ${bucketArn(bucket.name)}`, detail: { rule: rule.id } },
    ],
    delivery: {
      id: eventId(call, event, `${rule.id}\0${rule.targetArn}`),
      targetArn: rule.targetArn,
      source: { principal: S3_PRINCIPAL, arn: bucketArn(bucket.name), accountId: bucket.row.accountId },
      payload: eventMessage(call, bucket, event, { configurationId: rule.id, nowMs, version: s3.eventVersion }),
      ...(traceHeader !== undefined && { traceHeader }),
      occurredMs: nowMs,
      subject,
    },
  }))
  await s3.deliveries.owe(tx, owed)
}

/** Of the request, the key and the rule: what runs again is the same delivery. */
function eventId(call: EventCause, event: ObjectEvent, rule: string): string {
  const digest = hash('sha256', `${event.key}\0${event.name}\0${rule}`)
  return `${call.requestId}-${digest.slice(0, 16)}`
}

/** S3 hands on what looks like a trace, and nothing else. */
function wellFormed(header: string | undefined): string | undefined {
  return header !== undefined && /(^|;)\s*Root=1-[0-9a-f]{8}-[0-9a-f]{24}(;|$)/i.test(header) ? header : undefined
}
