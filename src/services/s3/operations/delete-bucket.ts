import { AwsError } from '../../../protocol/errors.ts'
import type { Lister } from '../../../store/table.ts'
import { transact } from '../../../store/transaction.ts'
import { noSuchBucket } from '../errors.ts'
import { GARBAGE_GRACE_MS, leaveGarbage } from '../garbage.ts'
import { bucketOperation } from '../operation.ts'
import type { S3 } from '../service.ts'
import {
  type BucketRow,
  bucketCors,
  bucketLifecycles,
  bucketPolicies,
  buckets,
  bucketTags,
  bucketWebsites,
  lifecycleRounds,
  markers,
  notificationRules,
  objects,
  uploads,
  versions,
} from '../tables.ts'

const BATCH = 500

export const deleteBucket = bucketOperation<'DeleteBucket'>('s3:DeleteBucket', async ({ name }, _call, s3) => {
  await mark(s3, name)
  await endUploads(s3, name)
  await transact(s3.store, async (tx) => {
    const row = await buckets.get(tx, [name])
    if (row === undefined) throw noSuchBucket(name)
    await requireEmpty(tx, name, row)
    // A write has taken the mark away since, and with it the certainty that the listing above saw everything.
    if (!row.isBeingDeleted || (await uploads.list(tx, { prefix: [name], limit: 1 })).length > 0) throw busy()
    buckets.delete(tx, [name])
    bucketPolicies.delete(tx, [name])
    bucketTags.delete(tx, [name])
    bucketCors.delete(tx, [name])
    bucketWebsites.delete(tx, [name])
    bucketLifecycles.delete(tx, [name])
    lifecycleRounds.delete(tx, [name])
    for (const { key } of await notificationRules.list(tx, { prefix: [name], limit: BATCH })) {
      notificationRules.delete(tx, key)
    }
  })
  return {}
})

/**
 * From here on every write into the bucket rewrites its row, so that the deletion, which checks that row, and a write cannot both succeed.
 * A crash leaves the mark; it means nothing else.
 */
async function mark(s3: S3, name: string): Promise<void> {
  await transact(s3.store, async (tx) => {
    const row = await s3.buckets.configure(tx, name, { isBeingDeleted: true })
    await requireEmpty(tx, name, row)
  })
}

/** Uploads that nobody will complete end with their bucket. */
async function endUploads(s3: S3, name: string): Promise<void> {
  const dueMs = s3.clock.now() + GARBAGE_GRACE_MS
  for (;;) {
    const open = await uploads.list(s3.store, { prefix: [name], limit: BATCH })
    if (open.length === 0) return
    await transact(s3.store, async (tx) => {
      const row = await buckets.get(tx, [name])
      if (row?.isBeingDeleted !== true) throw busy()
      for (const { key } of open) {
        if ((await uploads.get(tx, key)) === undefined) continue
        uploads.delete(tx, key)
        leaveGarbage(tx, dueMs, { kind: 'upload', uploadId: key[2], isCompleted: false })
      }
    })
  }
}

/** Every version has a row in one of these tables, as has every delete marker. */
async function requireEmpty(tx: Lister, name: string, { versioning }: BucketRow): Promise<void> {
  const options = { prefix: [name], limit: 1 }
  const isEmpty =
    (await objects.list(tx, options)).length === 0 &&
    (versioning === undefined ||
      ((await markers.list(tx, options)).length === 0 && (await versions.list(tx, options)).length === 0))
  if (isEmpty) return
  const message = 'The bucket you tried to delete is not empty'
  throw new AwsError(
    'BucketNotEmpty',
    409,
    versioning === undefined ? message : `${message}. You must delete all versions in the bucket.`,
    { BucketName: name },
  )
}

const busy = (): AwsError =>
  new AwsError(
    'OperationAborted',
    409,
    'A conflicting conditional operation is currently in progress against this resource. Please try again.',
  )
