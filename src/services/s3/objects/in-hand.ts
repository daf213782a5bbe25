import { AwsError } from '../../../protocol/errors.ts'
import type { Call, Grant } from '../../../protocol/operation.ts'
import { isLater, type Soon } from '../../../std/soon.ts'
import { noSuchBucket, noSuchKey, noSuchVersion } from '../errors.ts'
import { bucketGrant, objectGrant, type ObjectInput, requireBucket } from '../operation.ts'
import type { S3 } from '../service.ts'
import { type MarkerRow, type ObjectRow, objects } from '../tables.ts'
import { checkVersionId } from './delete.ts'
import { existingTags } from './grants.ts'
import { findHead, findObjectRow, findVersion, NULL_VERSION } from './versions.ts'

export interface VersionInput extends ObjectInput {
  readonly VersionId?: string | undefined
}

/**
 * Objects that authorize has read, until handle takes them: the permission may depend on the object's tags, and what is served must be what
 * was allowed.
 */
const inHand = new WeakMap<Call, ObjectRow | undefined>()

/** Permissions on an existing object. `action` without its `Version` part: `s3:GetObject`, `s3:GetObjectTagging`. */
export function existingObjectGrants(call: Call<VersionInput>, s3: S3, action: string): Soon<Grant[]> {
  const row = findObject(s3, call.input)
  return isLater(row) ? row.then((row) => grantsInHand(call, row, action)) : grantsInHand(call, row, action)
}

function grantsInHand(call: Call<VersionInput>, row: ObjectRow | undefined, action: string): Grant[] {
  inHand.set(call, row)
  return [existingObjectGrant(call.input, row, action)]
}

/** Like {@link existingObjectGrants}, for an object that the call names otherwise: the source of a copy. */
export async function takeInHand(call: Call, s3: S3, source: VersionInput): Promise<ObjectRow | undefined> {
  const row = await findObject(s3, source)
  inHand.set(call, row)
  return row
}

export function existingObjectGrant(input: VersionInput, row: ObjectRow | undefined, action: string): Grant {
  if (input.VersionId === undefined) return objectGrant(action, input, existingTags(row))
  return objectGrant(versioned(action), input, { ...existingTags(row), 's3:versionid': input.VersionId })
}

/** The object that was read for authorize. Throws what S3 answers when there is none. */
export async function requireObject(
  call: Call<VersionInput>,
  s3: S3,
  currentMarker: MarkerAnswer = 'no-such-key',
): Promise<ObjectRow> {
  const { input } = call
  const row = inHand.get(call)
  if (input.ExpectedBucketOwner !== undefined) await requireBucket(call, s3)
  if (row === undefined) throw await missingObject(call, s3, input, currentMarker)
  return row
}

/** What a call on a key whose current version is a delete marker is answered: reads find nothing, changes are not allowed. */
export type MarkerAnswer = 'no-such-key' | 'not-allowed'

/** The row of an object whose body went while it was being read: permission is asked again, for its tags may differ. */
export async function rereadObject(call: Call, s3: S3, input: VersionInput, action: string): Promise<ObjectRow> {
  const row = await findObject(s3, input)
  if (row === undefined) throw await missingObject(call, s3, input)
  const grant = existingObjectGrant(input, row, action)
  const decision = await call.decide(grant)
  if (!decision.allowed) throw s3.accessDenied('s3', call.caller, grant, decision)
  return row
}

export function objectInHand(call: Call): ObjectRow | undefined {
  return inHand.get(call)
}

/** Who may not list a bucket is not told what is in it, nor what was. */
export async function missingObject(
  call: Call,
  s3: S3,
  input: VersionInput,
  currentMarker: MarkerAnswer = 'no-such-key',
): Promise<AwsError> {
  const { Bucket: name, Key: key, VersionId: versionId } = input
  const bucket = await s3.buckets.find(name)
  if (bucket === undefined) return noSuchBucket(name)
  try {
    checkVersionId(versionId, bucket)
  } catch (error) {
    if (error instanceof AwsError) return error
    throw error
  }
  const grant = bucketGrant(versionId === undefined ? 's3:ListBucket' : 's3:ListBucketVersions', name)
  const decision = await call.decide(grant)
  if (!decision.allowed) return s3.accessDenied('s3', call.caller, grant, decision)
  if (bucket.row.versioning !== undefined) {
    const found =
      versionId === undefined
        ? await findHead(s3.store, bucket, key)
        : await findVersion(s3.store, name, key, versionId)
    const isNotAllowed = versionId !== undefined || currentMarker === 'not-allowed'
    if (found?.kind === 'marker')
      return isNotAllowed ? markerNotAllowed(call, found.row) : markerIsCurrent(key, found.row)
  }
  return versionId === undefined ? noSuchKey(key) : noSuchVersion(key, versionId)
}

function markerIsCurrent(key: string, marker: MarkerRow): AwsError {
  const { code, status, message, fields } = noSuchKey(key)
  return new AwsError(code, status, message, fields, markerHeaders(marker))
}

/** A delete marker can be deleted, and nothing else. */
function markerNotAllowed(call: Call, marker: MarkerRow): AwsError {
  return new AwsError(
    'MethodNotAllowed',
    405,
    'The specified method is not allowed against this resource.',
    { Method: call.http?.method ?? 'GET', ResourceType: 'DeleteMarker' },
    { ...markerHeaders(marker), allow: 'DELETE', 'last-modified': new Date(marker.modifiedMs).toUTCString() },
  )
}

function markerHeaders({ versionId }: MarkerRow): Record<string, string> {
  return { 'x-amz-delete-marker': 'true', 'x-amz-version-id': versionId ?? NULL_VERSION }
}

export function findObject(s3: S3, { Bucket, Key, VersionId }: VersionInput): Soon<ObjectRow | undefined> {
  if (VersionId === undefined) return objects.getSoon(s3.store, [Bucket, Key])
  return findObjectRow(s3.store, Bucket, Key, VersionId).then((found) => found?.row)
}

const NO_VERSION_ACTIONS = /^s3:(RestoreObject|(Get|Put)Object(Retention|LegalHold))$/

/** `s3:GetObjectTagging` → `s3:GetObjectVersionTagging`, `s3:GetObject` → `s3:GetObjectVersion`; some actions have no such twin. */
function versioned(action: string): string {
  return NO_VERSION_ACTIONS.test(action) ? action : action.replace('Object', 'ObjectVersion')
}
