import type { Reader } from '../../store/table.ts'
import { isFifoName, parseQueueArn, type QueueRef, queueArn } from './arn.ts'
import { nonExistentQueue } from './errors.ts'
import { type QueueSettings, settingsOf } from './queue-attributes.ts'
import { type RedrivePolicy, redrivePolicyOf } from './redrive-policy.ts'
import { type QueueKey, type QueueRow, queues } from './tables.ts'

/** A queue that exists, as read. */
export interface Queue {
  readonly ref: QueueRef
  readonly arn: string
  readonly row: QueueRow
  readonly settings: QueueSettings
  readonly redrivePolicy: RedrivePolicy | undefined
}

export function queueKey({ accountId, region, name }: QueueRef): QueueKey {
  return [accountId, region, name]
}

/** The queue, or undefined. Read through a transaction, the commit fails when it has changed or gone meanwhile. */
export async function findQueue(reader: Reader, ref: QueueRef): Promise<Queue | undefined> {
  const row = await queues.get(reader, queueKey(ref))
  return row === undefined ? undefined : queueOf(ref, row)
}

/** Throws NonExistentQueue. */
export async function requireQueue(reader: Reader, ref: QueueRef): Promise<Queue> {
  const queue = await findQueue(reader, ref)
  if (queue === undefined) throw nonExistentQueue()
  return queue
}

export async function findQueueByArn(reader: Reader, arn: string): Promise<Queue | undefined> {
  const ref = parseQueueArn(arn)
  return ref === undefined ? undefined : findQueue(reader, ref)
}

export function queueOf(ref: QueueRef, row: QueueRow): Queue {
  return {
    ref,
    arn: queueArn(ref),
    row,
    settings: settingsOf(row.attributes, isFifoName(ref.name)),
    redrivePolicy: redrivePolicyOf(row.attributes),
  }
}
