import type { Call } from '../../../protocol/operation.ts'
import { transact } from '../../../store/transaction.ts'
import { announce } from '../announce.ts'
import type { ObjectEventName } from '../events.ts'
import type { S3 } from '../service.ts'
import { objects, type Tags } from '../tables.ts'
import { missingObject, requireObject, type VersionInput } from './in-hand.ts'

/** Replaces the tags of a current version; nothing else of it changes. */
export async function commitTags(
  s3: S3,
  call: Call<VersionInput>,
  tags: Tags | undefined,
  event: Extract<ObjectEventName, `ObjectTagging:${string}`>,
): Promise<void> {
  await requireObject(call, s3)
  const nowMs = s3.clock.now()
  const { Bucket: name, Key: key } = call.input
  const isThere = await transact(s3.store, async (tx) => {
    const bucket = await s3.buckets.forWrite(tx, name)
    const row = await objects.get(tx, [name, key])
    if (row === undefined) return false
    const { tags: _, ...rest } = row
    objects.put(tx, [name, key], tags === undefined || tags.length === 0 ? rest : { ...rest, tags })
    await announce(tx, s3, call, bucket, { name: event, key, etag: row.etag }, nowMs)
    return true
  })
  if (!isThere) throw await missingObject(call, s3, call.input)
}
