import { AwsError, notImplemented } from '../../../protocol/errors.ts'
import type { Call } from '../../../protocol/operation.ts'
import { malformedXml, noSuchKey, noSuchVersion, preconditionFailed } from '../errors.ts'
import { requireIntegrityHeader } from '../integrity.ts'
import { checkKey } from '../object-keys.ts'
import { commitDeletion, type Deleted as Deletion } from '../objects/delete.ts'
import { matchesEtag } from '../objects/preconditions.ts'
import { NULL_VERSION } from '../objects/versions.ts'
import { objectGrant, requireBucket, type S3Input, type S3Operation, type S3Output } from '../operation.ts'
import type { S3 } from '../service.ts'

const ENTRIES_MAX = 1000
/** Deletions that are committed at the same time; the store writes them with one sync. */
const CONCURRENT = 100

type DeleteCall = Call<S3Input<'DeleteObjects'>>
type Entry = NonNullable<NonNullable<DeleteCall['input']['Delete']>['Objects']>[number]

export const deleteObjects: S3Operation<'DeleteObjects'> = {
  // Each key is decided on its own, and refused on its own inside a 200.
  authorize: () => [],

  async handle(call, s3) {
    const { Delete: request } = call.input
    const entries = request.Objects ?? []
    if (entries.length === 0 || entries.length > ENTRIES_MAX) throw malformedXml()
    requireIntegrityHeader(call.http)
    await requireBucket(call, s3)
    const outcomes: Outcome[] = []
    for (let from = 0; from < entries.length; from += CONCURRENT) {
      const slice = entries.slice(from, from + CONCURRENT)
      outcomes.push(...(await Promise.all(slice.map((entry) => deleteOne(call, s3, entry)))))
    }
    const failed = outcomes.flatMap(({ error }) => (error === undefined ? [] : [error]))
    const deleted = outcomes.flatMap(({ deleted: one }) => (one === undefined ? [] : [one]))
    return {
      ...(request.Quiet !== true && deleted.length > 0 && { Deleted: deleted }),
      ...(failed.length > 0 && { Errors: failed }),
    }
  },
}

type Output = S3Output<'DeleteObjects'>
type Deleted = NonNullable<Output['Deleted']>[number]
type Failed = NonNullable<Output['Errors']>[number]

interface Outcome {
  readonly deleted?: Deleted
  readonly error?: Failed
}

/** What became of an entry. An error that is not S3's to say fails the whole request. */
async function deleteOne(call: DeleteCall, s3: S3, entry: Entry): Promise<Outcome> {
  const { Key, VersionId } = entry
  const identity = { Key, ...(VersionId !== undefined && { VersionId }) }
  try {
    const { marker } = await deleteEntry(call, s3, entry)
    const made = marker && { DeleteMarker: true, DeleteMarkerVersionId: marker.versionId ?? NULL_VERSION }
    return { deleted: { ...identity, ...made } }
  } catch (error) {
    if (error instanceof AwsError) return { error: { ...identity, Code: error.code, Message: error.message } }
    throw error
  }
}

async function deleteEntry(call: DeleteCall, s3: S3, entry: Entry): Promise<Deletion> {
  const { Key: key, VersionId: versionId, ETag: etag } = entry
  const { Bucket: bucket, BypassGovernanceRetention: bypass } = call.input
  if (key === undefined) throw malformedXml()
  const target = { Bucket: bucket, Key: key }
  const grants = [
    versionId === undefined
      ? objectGrant('s3:DeleteObject', target)
      : objectGrant('s3:DeleteObjectVersion', target, { 's3:versionid': versionId }),
    ...(bypass === true ? [objectGrant('s3:BypassGovernanceRetention', target)] : []),
  ]
  for (const grant of grants) {
    const decision = await call.decide(grant)
    if (!decision.allowed) throw s3.accessDenied('s3', call.caller, grant, decision)
  }
  checkKey(key)
  if (entry.Size !== undefined || entry.LastModifiedTime !== undefined) throw notImplemented()
  const done = await commitDeletion(s3, call, {
    bucket,
    key,
    versionId,
    bypassesGovernance: bypass === true,
    check(current) {
      if (etag === undefined) return
      if (current === undefined) throw noSuchKey(key)
      if (!matchesEtag(etag, current.etag)) throw preconditionFailed('If-Match')
    },
  })
  // A single deletion of what is not there succeeds; here an id that names nothing is an error of its entry.
  if (done.isMissing === true && versionId !== undefined && versionId !== NULL_VERSION)
    throw noSuchVersion(key, versionId)
  return done
}
