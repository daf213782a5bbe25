import { AwsError } from '../../../protocol/errors.ts'
import type { Call } from '../../../protocol/operation.ts'
import { ConflictError, type Transaction, transact } from '../../../store/transaction.ts'
import { announce } from '../announce.ts'
import type { ReceivedBody } from '../body-store.ts'
import type { ObjectEventName } from '../events.ts'
import type { S3 } from '../service.ts'
import type { Body, ObjectRow } from '../tables.ts'
import { findHead, newVersionId, putHead, versionIdMember } from './versions.ts'

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
  /** Adds what has to know the version as it will be. */
  readonly afterwards?: (tx: Transaction, row: ObjectRow) => void
}

/** One commit: conditions, the bucket, the version, its body, the one it replaces and the events that are owed. */
export async function commitVersion(s3: S3, call: Call, version: NewVersion): Promise<ObjectRow> {
  const nowMs = s3.clock.now()
  const { bucket: bucketName, key } = version
  const pending = s3.sequencer.ready(nowMs)
  if (pending !== undefined) await pending
  return transact(s3.store, async (tx) => {
    const bucket = await s3.buckets.forWrite(tx, bucketName)
    const head = await findHead(tx, bucket, key)
    await version.check?.(head?.kind === 'object' ? head.row : undefined, tx)
    const sequencer = s3.sequencer.next(nowMs, head?.row.sequencer)
    const body = await version.attach(tx)
    const versionId = bucket.row.versioning === 'Enabled' ? newVersionId(call.requestId, key, sequencer) : undefined
    const row: ObjectRow = {
      ...version.row,
      modifiedMs: nowMs - (nowMs % 1000),
      sequencer,
      body,
      ...(versionId !== undefined && { versionId }),
    }
    version.afterwards?.(tx, row)
    await putHead(s3, tx, bucket, key, head, { kind: 'object', row }, nowMs)
    if (bucket.rules.length > 0) {
      const { etag, size } = row
      const event = { name: version.event, key, size, etag, ...versionIdMember(row), sequencer }
      await announce(tx, s3, call, bucket, event, nowMs)
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
