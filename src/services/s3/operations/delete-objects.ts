import { AwsError, notImplemented } from '../../../protocol/errors.ts'
import type { Call } from '../../../protocol/operation.ts'
import { malformedXml, noSuchKey, preconditionFailed } from '../errors.ts'
import { requireIntegrityHeader } from '../integrity.ts'
import { checkKey } from '../object-keys.ts'
import { commitDeletion, requireKnownVersion } from '../objects/delete.ts'
import { matchesEtag } from '../objects/preconditions.ts'
import { objectGrant, requireBucket, type S3Input, type S3Operation } from '../operation.ts'
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
    const outcomes: (AwsError | undefined)[] = []
    for (let from = 0; from < entries.length; from += CONCURRENT) {
      const slice = entries.slice(from, from + CONCURRENT)
      outcomes.push(...(await Promise.all(slice.map((entry) => deleteOne(call, s3, entry)))))
    }
    const failed = entries.flatMap((entry, index) => {
      const error = outcomes[index]
      return error === undefined ? [] : [{ ...identity(entry), Code: error.code, Message: error.message }]
    })
    const deleted = entries.filter((_, index) => outcomes[index] === undefined).map(identity)
    return {
      ...(request.Quiet !== true && deleted.length > 0 && { Deleted: deleted }),
      ...(failed.length > 0 && { Errors: failed }),
    }
  },
}

/** The error of an entry, or undefined when it is gone. What is not S3's to say fails the whole request. */
async function deleteOne(call: DeleteCall, s3: S3, entry: Entry): Promise<AwsError | undefined> {
  try {
    await deleteEntry(call, s3, entry)
    return undefined
  } catch (error) {
    if (error instanceof AwsError) return error
    throw error
  }
}

async function deleteEntry(call: DeleteCall, s3: S3, entry: Entry): Promise<void> {
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
  requireKnownVersion(key, versionId)
  await commitDeletion(s3, call, {
    bucket,
    key,
    check(current) {
      if (etag === undefined) return
      if (current === undefined) throw noSuchKey(key)
      if (!matchesEtag(etag, current.etag)) throw preconditionFailed('If-Match')
    },
  })
}

function identity({ Key, VersionId }: Entry): { Key: string | undefined; VersionId?: string } {
  return { Key, ...(VersionId !== undefined && { VersionId }) }
}

/** So many keys in one body: S3 wants to be sure that it arrived whole. Calls inside the house cannot be damaged. */
