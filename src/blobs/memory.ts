import type { ByteSource } from '../std/byte-source.ts'
import type { Clock } from '../std/clock.ts'
import { createDigester, type DigestName } from '../std/digest.ts'
import { randomHex } from '../std/ids.ts'
import { type BlobId, BlobMissingError, type BlobStore, NoSpaceError, type WrittenBlob } from './blobs.ts'

/** Everything in this process's memory: for tests and `--ephemeral`. */
export class MemoryBlobs implements BlobStore {
  readonly #clock: Clock
  readonly #bytesMax: number
  readonly #blobs = new Map<BlobId, { bytes: Buffer; writtenMs: number }>()
  #byteCount = 0

  /** `bytesMax`: beyond it a write throws {@link NoSpaceError}, as a full disk does. */
  constructor(clock: Clock, bytesMax = Number.POSITIVE_INFINITY) {
    this.#clock = clock
    this.#bytesMax = bytesMax
  }

  async write(source: ByteSource, names: readonly DigestName[]): Promise<WrittenBlob> {
    const digester = createDigester(names)
    const chunks: Buffer[] = []
    let byteCount = 0
    for await (const chunk of source) {
      digester.update(chunk)
      byteCount += chunk.length
      if (this.#byteCount + byteCount > this.#bytesMax)
        throw new NoSpaceError(`more than ${this.#bytesMax} bytes of blobs`)
      chunks.push(Buffer.from(chunk))
    }
    const id = randomHex(17) as BlobId
    this.#blobs.set(id, { bytes: Buffer.concat(chunks, byteCount), writtenMs: this.#clock.now() })
    this.#byteCount += byteCount
    return { id, byteCount, digests: digester.digest() }
  }

  async read(id: BlobId, { start, end }: { start: number; end: number }): Promise<AsyncIterable<Uint8Array>> {
    const blob = this.#blobs.get(id)
    if (blob === undefined) throw new BlobMissingError(`no blob ${id}`)
    if (end >= blob.bytes.length) throw new Error(`blob ${id} has ${blob.bytes.length} bytes, ${end + 1} were expected`)
    return chunked(blob.bytes.subarray(start, end + 1))
  }

  async delete(id: BlobId): Promise<void> {
    this.#byteCount -= this.#blobs.get(id)?.bytes.length ?? 0
    this.#blobs.delete(id)
  }

  async *list(): AsyncIterable<{ id: BlobId; writtenMs: number }> {
    for (const [id, { writtenMs }] of this.#blobs) yield { id, writtenMs }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#blobs.clear()
  }
}

const CHUNK_BYTES = 512 * 1024

async function* chunked(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES)
}
