import type { Brand } from '../std/brand.ts'
import type { ByteSource } from '../std/byte-source.ts'
import type { DigestName, Digests } from '../std/digest.ts'

export { NoSpaceError } from '../std/no-space.ts'

/** Unguessable name of one immutable body. */
export type BlobId = Brand<string, 'BlobId'>

export interface WrittenBlob {
  readonly id: BlobId
  readonly byteCount: number
  readonly digests: Digests
}

/**
 * Immutable bodies under unguessable ids. A body is durable (data and directory entry) when `write` resolves, and invisible until
 * a commit names its id; a failed or abandoned write is only garbage, swept after a grace period.
 */
export interface BlobStore extends AsyncDisposable {
  /** Streams `source` to durable storage, computing `digests` on the way. Nothing remains when the source throws. */
  write(source: ByteSource, digests: readonly DigestName[]): Promise<WrittenBlob>
  /** The bytes `start`..`end` (inclusive) as they are on disk. Throws {@link BlobMissingError} before the first byte. */
  read(id: BlobId, range: { start: number; end: number }): Promise<AsyncIterable<Uint8Array>>
  delete(id: BlobId): Promise<void>
  /** Every blob with the time it was written, for the sweep. */
  list(): AsyncIterable<{ id: BlobId; writtenMs: number }>
}

export class BlobMissingError extends Error {}
