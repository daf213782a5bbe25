import { transact } from '../../../store/transaction.ts'
import { announce } from '../announce.ts'
import type { Bucket } from '../buckets.ts'
import { invalidArgument, noSuchVersion } from '../errors.ts'
import type { EventCause } from '../events.ts'
import type { S3 } from '../service.ts'
import { type ObjectRow, objects, uploads } from '../tables.ts'

/** Uploads of one key that are told of its deletion; more than anybody has open. */
const UPLOADS_MAX = 1000

/** `null` names the only version a key has where versioning was never enabled. Throws InvalidArgument for other ids. */
export function checkVersionId(versionId: string | undefined): void {
  if (versionId !== undefined && versionId !== 'null') {
    throw invalidArgument('Invalid version id specified', 'versionId', versionId)
  }
}

export interface Deletion {
  readonly bucket: string
  readonly key: string
  /** Default: that somebody deleted it. */
  readonly event?: 'ObjectRemoved:Delete' | 'LifecycleExpiration:Delete'
  /** Throws when the current version does not fit the request's conditions. */
  readonly check?: (current: ObjectRow | undefined, bucket: Bucket) => void
}

/** Deletes a key with its body, in one commit with the event that is owed; a key that never existed owes one too. */
export async function commitDeletion(
  s3: S3,
  cause: EventCause,
  { bucket: name, key, check, event = 'ObjectRemoved:Delete' }: Deletion,
): Promise<void> {
  const nowMs = s3.clock.now()
  const pending = s3.sequencer.ready(nowMs)
  if (pending !== undefined) await pending
  await transact(s3.store, async (tx) => {
    const bucket = await s3.buckets.forWrite(tx, name)
    const current = await objects.get(tx, [name, key])
    check?.(current, bucket)
    if (current !== undefined) {
      objects.delete(tx, [name, key])
      s3.bodies.retire(tx, current.body, nowMs)
      const open = await uploads.list(tx, { prefix: [name, key], limit: UPLOADS_MAX })
      for (const upload of open) {
        // Read again, so that an upload that ends meanwhile does not come back to life.
        const row = await uploads.get(tx, upload.key)
        if (row !== undefined) uploads.put(tx, upload.key, { ...row, isKeyDeleted: true })
      }
    }
    if (bucket.rules.length === 0) return
    const sequencer = s3.sequencer.next(nowMs, current?.sequencer)
    await announce(tx, s3, cause, bucket, { name: event, key, sequencer }, nowMs)
  })
}

/** An entry of DeleteObjects may name a version; there is none but `null`. */
export function requireKnownVersion(key: string, versionId: string | undefined): void {
  if (versionId !== undefined && versionId !== 'null') throw noSuchVersion(key, versionId)
}
