import type { Call } from '../../../protocol/operation.ts'
import { transact } from '../../../store/transaction.ts'
import { announce } from '../announce.ts'
import type { ObjectEventName } from '../events.ts'
import type { S3 } from '../service.ts'
import type { ObjectRow, Tags } from '../tables.ts'
import { missingObject, requireObject, type VersionInput } from './in-hand.ts'
import { findObjectRow, rewriteObject, versionIdMember } from './versions.ts'

/** Replaces the tags of a version; nothing else of it changes. */
export async function commitTags(
  s3: S3,
  call: Call<VersionInput>,
  tags: Tags | undefined,
  event: Extract<ObjectEventName, `ObjectTagging:${string}`>,
): Promise<ObjectRow> {
  await requireObject(call, s3, 'not-allowed')
  const nowMs = s3.clock.now()
  const { Bucket: name, Key: key, VersionId: versionId } = call.input
  const changed = await transact(s3.store, async (tx) => {
    const bucket = await s3.buckets.forWrite(tx, name)
    const found = await findObjectRow(tx, name, key, versionId)
    if (found === undefined) return undefined
    const { tags: _, ...rest } = found.row
    await rewriteObject(tx, name, key, found, tags === undefined || tags.length === 0 ? rest : { ...rest, tags })
    const { etag } = found.row
    await announce(tx, s3, call, bucket, { name: event, key, etag, ...versionIdMember(found.row) }, nowMs)
    return found.row
  })
  if (changed === undefined) throw await missingObject(call, s3, call.input, 'not-allowed')
  return changed
}
