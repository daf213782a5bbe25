import type { BlobId, BlobStore } from './blobs.ts'

export interface SweepOptions {
  readonly nowMs: number
  /** A blob younger than this may still be on its way into a commit: longer than the longest request. */
  readonly graceMs: number
  /** Whether a commit names the blob. Asked once per old blob. */
  readonly isReferenced: (id: BlobId) => Promise<boolean>
  readonly signal: AbortSignal
}

/** Deletes blobs that no commit names: what failed or abandoned writes and interrupted deletions left. */
export async function sweep(
  blobs: BlobStore,
  { nowMs, graceMs, isReferenced, signal }: SweepOptions,
): Promise<{ deletedCount: number }> {
  let deletedCount = 0
  for await (const { id, writtenMs } of blobs.list()) {
    if (signal.aborted) break
    if (nowMs - writtenMs < graceMs || (await isReferenced(id))) continue
    await blobs.delete(id)
    deletedCount++
  }
  return { deletedCount }
}
