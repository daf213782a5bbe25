import { AwsError } from '../../../protocol/errors.ts'
import type { Call } from '../../../protocol/operation.ts'
import { ConflictError, type Transaction, transact } from '../../../store/transaction.ts'
import { announce } from '../announce.ts'
import type { ReceivedBody } from '../body-store.ts'
import type { ObjectEventName } from '../events.ts'
import type { S3 } from '../service.ts'
import { type Body, type ObjectRow, objects } from '../tables.ts'

/** A version that is about to become the current one of its key. */
export interface NewVersion {
  readonly bucket: string
  readonly key: string
  readonly event: Extract<ObjectEventName, `ObjectCreated:${string}`>
  readonly row: Omit<ObjectRow, 'modifiedMs' | 'sequencer' | 'body' | 'versionId'>
  /** Throws when the version that is current does not fit the request's conditions. */
  readonly check?: (current: ObjectRow | undefined, tx: Transaction) => void | Promise<void>
  /** Adds the body, and what else belongs to the commit. */
  readonly attach: (tx: Transaction) => Body | Promise<Body>
}

/** One commit: conditions, the bucket, the version, its body, the one it replaces and the events that are owed. */
export async function commitVersion(s3: S3, call: Call, version: NewVersion): Promise<ObjectRow> {
  const nowMs = s3.clock.now()
  const { bucket: bucketName, key } = version
  const pending = s3.sequencer.ready(nowMs)
  if (pending !== undefined) await pending
  return transact(s3.store, async (tx) => {
    const bucket = await s3.buckets.forWrite(tx, bucketName)
    const current = await objects.get(tx, [bucketName, key])
    await version.check?.(current, tx)
    const sequencer = s3.sequencer.next(nowMs, current?.sequencer)
    const body = await version.attach(tx)
    const row: ObjectRow = { ...version.row, modifiedMs: nowMs - (nowMs % 1000), sequencer, body }
    objects.put(tx, [bucketName, key], row)
    if (current !== undefined) s3.bodies.retire(tx, current.body, nowMs)
    if (bucket.rules.length > 0) {
      const { etag, size } = row
      await announce(tx, s3, call, bucket, { name: version.event, key, size, etag, sequencer }, nowMs)
    }
    return row
  })
}

/**
 * Runs what makes received bytes visible, and gives them back when it certainly has not. (When the outcome is unknown they may be visible:
 * then the sweep decides.)
 */
export async function keepOrDiscard<T>(s3: S3, received: ReceivedBody, use: () => T | Promise<T>): Promise<T> {
  try {
    return await use()
  } catch (error) {
    if (error instanceof AwsError || error instanceof ConflictError) await s3.bodies.discard(received)
    throw error
  }
}
