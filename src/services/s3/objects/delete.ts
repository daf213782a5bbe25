import type { Lister } from '../../../store/table.ts'
import { type Transaction, transact } from '../../../store/transaction.ts'
import { announce } from '../announce.ts'
import type { Bucket } from '../buckets.ts'
import { invalidArgument } from '../errors.ts'
import type { EventCause, ObjectEventName } from '../events.ts'
import { requireUnlocked } from '../lock/lock.ts'
import type { S3 } from '../service.ts'
import { type MarkerRow, type ObjectRow, objects, uploads } from '../tables.ts'
import {
  findHead,
  findVersion,
  isVersionId,
  newVersionId,
  NULL_VERSION,
  putHead,
  removeVersion,
  type Version,
  versionIdMember,
} from './versions.ts'

/** Uploads of one key that are told of its deletion; more than anybody has open. */
const UPLOADS_MAX = 1000
/** What events of delete markers give as their etag: the MD5 of nothing. */
const MARKER_ETAG = 'd41d8cd98f00b204e9800998ecf8427e'

/** Throws InvalidArgument for what cannot be an id here; where versioning was never enabled, that is all but `null`. */
export function checkVersionId(versionId: string | undefined, bucket: Bucket): void {
  if (versionId === undefined || versionId === NULL_VERSION) return
  if (bucket.row.versioning === undefined || !isVersionId(versionId)) {
    throw invalidArgument('Invalid version id specified', 'versionId', versionId)
  }
}

export interface Deletion {
  readonly bucket: string
  readonly key: string
  /** Of the version that goes for good; absent: a delete marker comes on top where versions are kept. */
  readonly versionId?: string | undefined
  /** Governance does not keep this version. */
  readonly bypassesGovernance?: boolean
  /** Default: that somebody deleted it. */
  readonly event?: 'ObjectRemoved:Delete' | 'LifecycleExpiration:Delete'
  /** Throws when the object that is to go (the current one without an id) does not fit the request's conditions. */
  readonly check?: (current: ObjectRow | undefined, bucket: Bucket) => void
}

/** What a deletion did, beside removing bytes. */
export interface Deleted {
  /** The marker it made, or removed. */
  readonly marker?: MarkerRow
  /** The version it was to remove has never been there, or has gone before. */
  readonly isMissing?: boolean
}

/**
 * Deletes a key, or one version of it, in one commit with the event that is owed. Where versioning was ever enabled, a key goes under a
 * delete marker and keeps its versions. A key that never existed owes an event too; a version that did not exist owes none. Throws AccessDenied for a version that is locked.
 */
export async function commitDeletion(s3: S3, cause: EventCause, deletion: Deletion): Promise<Deleted> {
  const nowMs = s3.clock.now()
  const pending = s3.sequencer.ready(nowMs)
  if (pending !== undefined) await pending
  return transact(s3.store, async (tx) => {
    const bucket = await s3.buckets.forWrite(tx, deletion.bucket)
    if (bucket.row.versioning === undefined) return deleteOnly(s3, tx, cause, bucket, deletion, nowMs)
    if (deletion.versionId === undefined) return putMarker(s3, tx, cause, bucket, deletion, nowMs)
    return deleteVersion(s3, tx, cause, bucket, deletion, deletion.versionId, nowMs)
  })
}

async function deleteOnly(
  s3: S3,
  tx: Transaction,
  cause: EventCause,
  bucket: Bucket,
  { key, check, event: name = 'ObjectRemoved:Delete', versionId }: Deletion,
  nowMs: number,
): Promise<Deleted> {
  if (versionId !== undefined && versionId !== NULL_VERSION) return { isMissing: true }
  const current = await objects.get(tx, [bucket.name, key])
  check?.(current, bucket)
  if (current !== undefined) {
    objects.delete(tx, [bucket.name, key])
    s3.bodies.retire(tx, current.body, nowMs)
    await tellUploads(tx, bucket.name, key)
  }
  if (bucket.rules.length > 0) {
    const sequencer = s3.sequencer.next(nowMs, current?.sequencer)
    await announce(tx, s3, cause, bucket, { name, key, sequencer }, nowMs)
  }
  return current === undefined && versionId !== undefined ? { isMissing: true } : {}
}

async function putMarker(
  s3: S3,
  tx: Transaction,
  cause: EventCause,
  bucket: Bucket,
  { key, check, event = 'ObjectRemoved:Delete' }: Deletion,
  nowMs: number,
): Promise<Deleted> {
  const head = await findHead(tx, bucket, key)
  check?.(head?.kind === 'object' ? head.row : undefined, bucket)
  const sequencer = s3.sequencer.next(nowMs, head?.row.sequencer)
  const marker: MarkerRow = {
    ...(bucket.row.versioning === 'Enabled' && { versionId: newVersionId(cause.requestId, key, sequencer) }),
    sequencer,
    modifiedMs: nowMs - (nowMs % 1000),
  }
  await putHead(s3, tx, bucket, key, head, { kind: 'marker', row: marker }, nowMs)
  if (head?.kind === 'object') await tellUploads(tx, bucket.name, key)
  const name = event.replace(/Delete$/, 'DeleteMarkerCreated') as ObjectEventName
  const members = { key, etag: MARKER_ETAG, ...versionIdMember(marker), sequencer }
  await announce(tx, s3, cause, bucket, { name, ...members }, nowMs)
  return { marker }
}

async function deleteVersion(
  s3: S3,
  tx: Transaction,
  cause: EventCause,
  bucket: Bucket,
  { key, check, event: name = 'ObjectRemoved:Delete', bypassesGovernance = false }: Deletion,
  versionId: string,
  nowMs: number,
): Promise<Deleted> {
  const version: Version | undefined = await findVersion(tx, bucket.name, key, versionId)
  check?.(version?.kind === 'object' ? version.row : undefined, bucket)
  if (version === undefined) return { isMissing: true }
  if (version.kind === 'object') requireUnlocked(version.row, nowMs, bypassesGovernance)
  await removeVersion(s3, tx, bucket.name, key, version, nowMs)
  if (version.order === undefined && version.kind === 'object') await tellUploads(tx, bucket.name, key)
  const sequencer = s3.sequencer.next(nowMs, version.row.sequencer)
  await announce(tx, s3, cause, bucket, { name, key, ...versionIdMember(version.row), sequencer }, nowMs)
  return version.kind === 'marker' ? { marker: version.row } : {}
}

/** A conditional completion of an upload must know that its key was deleted meanwhile. */
async function tellUploads(tx: Transaction & Lister, bucket: string, key: string): Promise<void> {
  const open = await uploads.list(tx, { prefix: [bucket, key], limit: UPLOADS_MAX })
  for (const upload of open) {
    // Read again, so that an upload that ends meanwhile does not come back to life.
    const row = await uploads.get(tx, upload.key)
    if (row !== undefined) uploads.put(tx, upload.key, { ...row, isKeyDeleted: true })
  }
}
