import type { AwsError } from '../../../protocol/errors.ts'
import type { Call, Grant } from '../../../protocol/operation.ts'
import { invalidArgument, noSuchBucket, noSuchKey, noSuchVersion } from '../errors.ts'
import { bucketGrant, type BucketInput, objectGrant, type ObjectInput, requireBucket } from '../operation.ts'
import type { S3 } from '../service.ts'
import { type ObjectRow, objects } from '../tables.ts'
import { existingTags } from './grants.ts'

export interface VersionInput extends ObjectInput {
  readonly VersionId?: string | undefined
}

/**
 * Objects that authorize has read, until handle takes them: the permission may depend on the object's tags, and what is served must be what
 * was allowed.
 */
const inHand = new WeakMap<Call, ObjectRow | undefined>()

/** Permissions on an existing object. `action` without its `Version` part: `s3:GetObject`, `s3:GetObjectTagging`. */
export async function existingObjectGrants(call: Call<VersionInput>, s3: S3, action: string): Promise<Grant[]> {
  const row = await findObject(s3, call.input)
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
export async function requireObject(call: Call<VersionInput>, s3: S3): Promise<ObjectRow> {
  const { input } = call
  const row = inHand.get(call)
  if (input.ExpectedBucketOwner !== undefined) await requireBucket(call, s3)
  if (row === undefined || (input.VersionId !== undefined && input.VersionId !== 'null')) {
    throw await missingObject(call, s3, input)
  }
  return row
}

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

/** Who may not list a bucket is not told what is in it. */
export async function missingObject(call: Call, s3: S3, input: VersionInput): Promise<AwsError> {
  if ((await s3.buckets.find(input.Bucket)) === undefined) return noSuchBucket(input.Bucket)
  if (input.VersionId !== undefined && input.VersionId !== 'null') {
    return invalidArgument('Invalid version id specified', 'versionId', input.VersionId)
  }
  const grant = bucketGrant('s3:ListBucket', input.Bucket)
  const decision = await call.decide(grant)
  if (!decision.allowed) return s3.accessDenied('s3', call.caller, grant, decision)
  return input.VersionId === undefined ? noSuchKey(input.Key) : noSuchVersion(input.Key, input.VersionId)
}

export function findObject(s3: S3, { Bucket, Key }: BucketInput & { Key: string }): Promise<ObjectRow | undefined> {
  return objects.get(s3.store, [Bucket, Key])
}

/** `s3:GetObjectTagging` → `s3:GetObjectVersionTagging`, `s3:GetObject` → `s3:GetObjectVersion`. */
function versioned(action: string): string {
  return action.replace('Object', 'ObjectVersion')
}
