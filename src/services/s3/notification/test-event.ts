import type { OwedDelivery } from '../../../delivery/delivery.ts'
import type { Call } from '../../../protocol/operation.ts'
import { S3_PRINCIPAL } from '../announce.ts'
import type { Bucket } from '../buckets.ts'
import { bucketArn } from '../operation.ts'
import { destinationKind, type NotificationRule } from './rule.ts'

const NAME = 's3:TestEvent'

/** Queues and topics get a message when a configuration that names them is saved; functions and buses do not. */
export function wantsTestEvent(rule: NotificationRule): boolean {
  const kind = destinationKind(rule)
  return kind === 'Queue' || kind === 'Topic'
}

/** The message that shows the way is open. Not wrapped in `Records`. */
export function testEvent(call: Call, bucket: Bucket, rule: NotificationRule): OwedDelivery {
  const { nowMs, requestId, hostId } = call
  return {
    eventName: NAME,
    steps: [
      {
        atMs: nowMs,
        step: 'matched',
        note: `rule ${rule.id} of ${bucketArn(bucket.name)} was saved`,
        detail: { rule: rule.id },
      },
    ],
    delivery: {
      id: `${requestId}-${rule.id}`,
      targetArn: rule.targetArn,
      source: { principal: S3_PRINCIPAL, arn: bucketArn(bucket.name), accountId: bucket.row.accountId },
      payload: JSON.stringify({
        Service: 'Amazon S3',
        Event: NAME,
        Time: new Date(nowMs).toISOString(),
        Bucket: bucket.name,
        RequestId: requestId,
        HostId: hostId,
      }),
      occurredMs: nowMs,
      subject: `s3://${bucket.name}`,
    },
  }
}
