import type { BlobId, BlobStore } from './blobs/blobs.ts'
import { sweep } from './blobs/sweep.ts'
import type { Lambda } from './services/lambda/service.ts'
import type { S3 } from './services/s3/service.ts'
import type { Clock } from './std/clock.ts'

/** Longer than the longest upload may take between its first byte and its commit. */
const BLOB_GRACE_MS = 24 * 3_600_000

/** Deletes the blobs that neither an object nor a function refers to. */
export async function sweepBlobs(
  blobs: BlobStore,
  s3: S3,
  lambda: Lambda,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  await lambda.code.sweep()
  const ofFunctions = new Set<BlobId>()
  for await (const id of lambda.referencedBlobs()) ofFunctions.add(id)
  await sweep(blobs, {
    nowMs: clock.now(),
    graceMs: BLOB_GRACE_MS,
    isReferenced: async (id) => ofFunctions.has(id) || (await s3.isReferenced(id)),
    signal,
  })
}
