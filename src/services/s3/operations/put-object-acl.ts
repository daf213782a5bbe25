import { transact } from '../../../store/transaction.ts'
import { isSameAcl } from '../acl/acl.ts'
import { requestedAcl } from '../acl/requested.ts'
import { checkAcl, keptAcl, objectAcl } from '../acl/rules.ts'
import { announce } from '../announce.ts'
import { aclContext } from '../objects/grants.ts'
import { existingObjectGrants, missingObject, requireObject } from '../objects/in-hand.ts'
import { findObjectRow, rewriteObject, versionIdMember } from '../objects/versions.ts'
import { requireBucket, type S3Operation } from '../operation.ts'
import { canonicalUserId } from '../owners.ts'

export const putObjectAcl: S3Operation<'PutObjectAcl'> = {
  async authorize(call, s3) {
    const context = aclContext(call.input)
    const grants = await existingObjectGrants(call, s3, 's3:PutObjectAcl')
    return grants.map((grant) => ({ ...grant, context: { ...grant.context, ...context } }))
  },

  async handle(call, s3) {
    const { input } = call
    const { Bucket: name, Key: key, VersionId: versionId } = input
    const before = await requireObject(call, s3, 'not-allowed')
    const { row: bucketRow } = await requireBucket(call, s3)
    const { owner } = objectAcl(bucketRow, before.acl)
    const requested = requestedAcl(input, 'object', { owner, bucketOwner: canonicalUserId(bucketRow.accountId) })
    const nowMs = s3.clock.now()
    const isThere = await transact(s3.store, async (tx) => {
      const bucket = await s3.buckets.forWrite(tx, name)
      const found = await findObjectRow(tx, name, key, versionId)
      if (found === undefined) return false
      const { row } = found
      checkAcl(bucket.row, requested, input)
      // What leaves the ACL as it was is no event.
      if (isSameAcl(objectAcl(bucket.row, row.acl), requested)) return true
      const { acl: _, ...rest } = row
      const acl = keptAcl(bucket.row, requested)
      await rewriteObject(tx, name, key, found, acl === undefined ? rest : { ...rest, acl })
      const event = { name: 'ObjectAcl:Put' as const, key, etag: row.etag, ...versionIdMember(row) }
      await announce(tx, s3, call, bucket, event, nowMs)
      return true
    })
    if (!isThere) throw await missingObject(call, s3, input, 'not-allowed')
    return {}
  },
}
