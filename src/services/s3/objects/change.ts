import type { Call } from '../../../protocol/operation.ts'
import { transact, type Writes } from '../../../store/transaction.ts'
import { announce } from '../announce.ts'
import type { Bucket } from '../buckets.ts'
import type { ObjectEvent } from '../events.ts'
import type { S3 } from '../service.ts'
import type { ObjectRow } from '../tables.ts'
import { missingObject, type VersionInput } from './in-hand.ts'
import { findObjectRow, rewriteObject, versionIdMember } from './versions.ts'

/** How a version is to be, and what is to be told of it. */
export interface Change {
  readonly row: ObjectRow
  readonly event?: Omit<ObjectEvent, 'key' | 'versionId' | 'sequencer'> & { readonly isNumbered?: boolean }
}

/**
 * Changes what is said of a version, in one commit with the event that is owed; its bytes and its place stay. `change` may run several
 * times, and throws to refuse. Throws what S3 answers when there is no such version.
 */
export async function changeObject(
  s3: S3,
  call: Call<VersionInput>,
  change: (row: ObjectRow, bucket: Bucket, writes: Writes) => Change | undefined,
): Promise<ObjectRow> {
  const nowMs = s3.clock.now()
  const pending = s3.sequencer.ready(nowMs)
  if (pending !== undefined) await pending
  const { Bucket: name, Key: key, VersionId: versionId } = call.input
  const changed = await transact(s3.store, async (tx) => {
    const bucket = await s3.buckets.forWrite(tx, name)
    const found = await findObjectRow(tx, name, key, versionId)
    if (found === undefined) return undefined
    const next = change(found.row, bucket, tx)
    if (next === undefined) return found.row
    await rewriteObject(tx, name, key, found, next.row)
    if (next.event !== undefined && bucket.rules.length > 0) {
      const { isNumbered = false, ...event } = next.event
      const sequencer = isNumbered ? s3.sequencer.next(nowMs, found.row.sequencer) : undefined
      const members = { key, ...versionIdMember(found.row), ...(sequencer !== undefined && { sequencer }) }
      await announce(tx, s3, call, bucket, { ...event, ...members }, nowMs)
    }
    return next.row
  })
  if (changed === undefined) throw await missingObject(call, s3, call.input, 'not-allowed')
  return changed
}
