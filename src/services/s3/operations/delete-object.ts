import { headerNotImplemented, noSuchKey, preconditionFailed } from '../errors.ts'
import { checkKey } from '../object-keys.ts'
import { checkVersionId, commitDeletion } from '../objects/delete.ts'
import { matchesEtag } from '../objects/preconditions.ts'
import { NULL_VERSION } from '../objects/versions.ts'
import { objectGrant, requireBucket, type S3Operation } from '../operation.ts'

export const deleteObject: S3Operation<'DeleteObject'> = {
  authorize({ input }) {
    const { VersionId: versionId, BypassGovernanceRetention: bypass } = input
    return [
      versionId === undefined
        ? objectGrant('s3:DeleteObject', input)
        : objectGrant('s3:DeleteObjectVersion', input, { 's3:versionid': versionId }),
      ...(bypass === true ? [objectGrant('s3:BypassGovernanceRetention', input)] : []),
    ]
  },

  async handle(call, s3) {
    const { Bucket: bucket, Key: key, IfMatch: ifMatch, ...input } = call.input
    checkKey(key)
    if (input.IfMatchSize !== undefined) throw headerNotImplemented('x-amz-if-match-size')
    if (input.IfMatchLastModifiedTime !== undefined) throw headerNotImplemented('x-amz-if-match-last-modified-time')
    const owning = await requireBucket(call, s3)
    checkVersionId(input.VersionId, owning)
    const { marker } = await commitDeletion(s3, call, {
      bucket,
      key,
      versionId: input.VersionId,
      bypassesGovernance: input.BypassGovernanceRetention === true,
      check(current) {
        if (ifMatch === undefined) return
        if (current === undefined) throw noSuchKey(key)
        if (!matchesEtag(ifMatch, current.etag)) throw preconditionFailed('If-Match')
      },
    })
    const versionId = input.VersionId ?? (marker && (marker.versionId ?? NULL_VERSION))
    return {
      ...(marker !== undefined && { DeleteMarker: true }),
      ...(versionId !== undefined && owning.row.versioning !== undefined && { VersionId: versionId }),
    }
  },
}
