import { type BlobId, BlobMissingError, type BlobStore } from '../../blobs/blobs.ts'
import { assert, assertNever } from '../../std/assert.ts'
import type { ByteSource } from '../../std/byte-source.ts'
import { sourceFrom, sourceOf } from '../../std/byte-source.ts'
import { type DigestName, type Digests, digestBytes } from '../../std/digest.ts'
import { isLater, type Soon } from '../../std/soon.ts'
import type { Store } from '../../store/store.ts'
import type { Writes } from '../../store/transaction.ts'
import { entityTooLarge } from './errors.ts'
import { GARBAGE_GRACE_MS, leaveGarbage } from './garbage.ts'
import { Layouts, type Piece } from './layouts.ts'
import { decrypting, encrypting, type Secret } from './sse/cipher.ts'
import { blobRefs, type Body, bodies, type SimpleBody } from './tables.ts'

/** Largest body kept in the store. LevelDB: 16.7 k commits/s at 4 KiB, 6.5 k/s at 16 KiB; a file of its own costs two fsyncs more. */
export const INLINE_BYTES_MAX = 4096

/** Largest body of one PutObject or UploadPart: 5 GiB. */
export const UPLOAD_BYTES_MAX = 5 * 2 ** 30

/** Bytes that are durable or in hand, and that nothing names yet. */
export interface ReceivedBody {
  readonly size: number
  readonly digests: Digests
  readonly place:
    | { readonly kind: 'none' }
    | { readonly kind: 'inline'; readonly bytes: Buffer }
    | { readonly kind: 'blob'; readonly id: BlobId }
}

const NO_BYTES = Buffer.alloc(0)

type Bytes = Buffer | AsyncIterable<Uint8Array>

/** Bodies of objects and parts: small ones are rows, larger ones blobs, multipart ones a list of both. */
export class BodyStore {
  readonly layouts: Layouts
  readonly #store: Store
  readonly #blobs: BlobStore
  /** Blobs that somebody in this process is reading, and how many; the collector waits for them. */
  readonly #readers = new Map<BlobId, number>()

  constructor(store: Store, blobs: BlobStore) {
    this.#store = store
    this.#blobs = blobs
    this.layouts = new Layouts(store)
  }

  isBeingRead(id: BlobId): boolean {
    return this.#readers.has(id)
  }

  /**
   * Takes a body in, hashing on the way, and encrypting behind that where there is a secret. Throws what the source throws, and then keeps
   * nothing.
   */
  async receive(source: ByteSource | undefined, names: readonly DigestName[], secret?: Secret): Promise<ReceivedBody> {
    if (secret === undefined || source === undefined) return this.#take(source, names)
    const encryption = encrypting(source, secret, names)
    const received = await this.#take(encryption.source, [])
    return { ...received, digests: encryption.digests() }
  }

  async #take(source: ByteSource | undefined, names: readonly DigestName[]): Promise<ReceivedBody> {
    const length = source?.length
    if (source === undefined || length === 0) {
      // Read even so: the source may still have to refuse (a payload hash, a trailer).
      if (source !== undefined) await source.collect(0)
      return { size: 0, digests: digestBytes(NO_BYTES, names), place: { kind: 'none' } }
    }
    if (length === undefined) return this.#receiveUnknown(source, names)
    if (length > UPLOAD_BYTES_MAX) throw entityTooLarge(length, UPLOAD_BYTES_MAX)
    if (length <= INLINE_BYTES_MAX) return inline(await source.collect(INLINE_BYTES_MAX), names)
    return this.#write(source, names)
  }

  /** Gives back what will not be used after all. */
  async discard({ place }: ReceivedBody): Promise<void> {
    if (place.kind === 'blob') await this.#blobs.delete(place.id)
  }

  /** Adds a received body to the commit that makes it visible. `id` is unique: the request's. */
  attach(writes: Writes, { place }: ReceivedBody, id: string): SimpleBody {
    switch (place.kind) {
      case 'none':
        return { kind: 'none' }
      case 'inline':
        bodies.put(writes, [id], place.bytes)
        return { kind: 'inline', id }
      case 'blob':
        return this.share(writes, place.id, id)
      default:
        return assertNever(place)
    }
  }

  /** Makes one more holder of a blob. The commit must also check that a holder exists now. */
  share(writes: Writes, blobId: BlobId, ref: string): SimpleBody {
    blobRefs.put(writes, [blobId, ref], 0)
    return { kind: 'blob', id: blobId, ref }
  }

  /** Adds to the commit that nothing names this body any more. Readers that are at it may finish. */
  retire(writes: Writes, body: Body, nowMs: number): void {
    switch (body.kind) {
      case 'none':
        return
      case 'inline':
        bodies.delete(writes, [body.id])
        return
      case 'blob':
        leaveGarbage(writes, nowMs + GARBAGE_GRACE_MS, {
          kind: 'blob',
          id: body.id,
          ref: body.ref,
        })
        return
      case 'parts':
        leaveGarbage(writes, nowMs + GARBAGE_GRACE_MS, { kind: 'layout', id: body.id })
        return
      default:
        assertNever(body)
    }
  }

  /**
   * The bytes `start`..`end` (inclusive). Undefined when the body has gone: its object was overwritten or deleted since its row was
   * read (rows go at once, blobs after the grace).
   */
  read(body: Body, start: number, end: number, secret?: Secret): Soon<Bytes | undefined> {
    if (secret === undefined || body.kind === 'parts') return this.#open(body, start, end, secret?.key)
    return Promise.resolve(this.#open(body, start, end)).then((bytes) => bytes && decrypting(bytes, secret, start))
  }

  #open(body: Body, start: number, end: number, key?: Buffer): Soon<Bytes | undefined> {
    switch (body.kind) {
      case 'none':
        return NO_BYTES
      case 'inline': {
        const bytes = bodies.getSoon(this.#store, [body.id]) as Soon<Buffer | undefined>
        return isLater(bytes) ? bytes.then((bytes) => sliceOf(bytes, start, end)) : sliceOf(bytes, start, end)
      }
      case 'blob':
        return this.#readBlob(body.id, start, end)
      case 'parts':
        return this.#readParts(body.id, start, end, key)
      default:
        return assertNever(body)
    }
  }

  /** A whole body as a source, for copies. Throws when it is gone in the middle. */
  async source(body: Body, start: number, end: number, secret?: Secret): Promise<ByteSource | undefined> {
    const bytes = await this.read(body, start, end, secret)
    if (bytes === undefined) return undefined
    return Buffer.isBuffer(bytes) ? sourceOf(bytes) : sourceFrom(bytes, end - start + 1)
  }

  async #readBlob(id: BlobId, start: number, end: number): Promise<AsyncIterable<Uint8Array> | undefined> {
    try {
      return await this.#blobs.read(id, { start, end })
    } catch (error) {
      if (error instanceof BlobMissingError) return undefined
      throw error
    }
  }

  async #write(source: ByteSource, names: readonly DigestName[]): Promise<ReceivedBody> {
    const { id, byteCount, digests } = await this.#blobs.write(source, names)
    return { size: byteCount, digests, place: { kind: 'blob', id } }
  }

  /** Clients that stream do not say how much will come: it is kept in hand until it is too much for a row. */
  async #receiveUnknown(source: ByteSource, names: readonly DigestName[]): Promise<ReceivedBody> {
    const chunks = source[Symbol.asyncIterator]()
    const head: Buffer[] = []
    let headBytes = 0
    while (headBytes <= INLINE_BYTES_MAX) {
      const next = await chunks.next()
      if (next.done) {
        const bytes = Buffer.concat(head, headBytes)
        return headBytes === 0
          ? { size: 0, digests: digestBytes(bytes, names), place: { kind: 'none' } }
          : inline(bytes, names)
      }
      head.push(next.value)
      headBytes += next.value.length
    }
    return this.#write(sourceFrom(limited(head, chunks)), names)
  }

  /**
   * All blobs of the range are held from the first byte on: a slow client must not lose the last part to the collector. (A single blob
   * needs no hold: it is open, and stays readable when its name goes.)
   */
  async #readParts(
    layoutId: string,
    start: number,
    end: number,
    key: Buffer | undefined,
  ): Promise<AsyncIterable<Uint8Array>> {
    const pieces = await this.layouts.pieces(layoutId, start, end)
    return this.#streamPieces(layoutId, pieces, key)
  }

  async *#streamPieces(
    layoutId: string,
    pieces: readonly Piece[],
    key: Buffer | undefined,
  ): AsyncGenerator<Uint8Array> {
    const blobs = pieces.flatMap(({ body }) => (body.kind === 'blob' ? [body.id] : []))
    for (const id of blobs) this.#pin(id)
    try {
      for (const piece of pieces) {
        const secret = key && piece.salt !== undefined ? { key, salt: piece.salt } : undefined
        const bytes = await this.read(piece.body, piece.start, piece.end, secret)
        assert(bytes !== undefined, `every part of layout ${layoutId} outlives its readers`)
        if (Buffer.isBuffer(bytes)) yield bytes
        else yield* bytes
      }
    } finally {
      for (const id of blobs) this.#unpin(id)
    }
  }

  #pin(id: BlobId): void {
    this.#readers.set(id, (this.#readers.get(id) ?? 0) + 1)
  }

  #unpin(id: BlobId): void {
    const left = (this.#readers.get(id) ?? 1) - 1
    if (left === 0) this.#readers.delete(id)
    else this.#readers.set(id, left)
  }
}

function sliceOf(bytes: Buffer | undefined, start: number, end: number): Buffer | undefined {
  return bytes === undefined || end - start + 1 === bytes.length ? bytes : bytes.subarray(start, end + 1)
}

function inline(bytes: Buffer, names: readonly DigestName[]): ReceivedBody {
  return { size: bytes.length, digests: digestBytes(bytes, names), place: { kind: 'inline', bytes } }
}

/** The chunks already here and those to come, as long as they fit one upload. */
async function* limited(head: readonly Buffer[], rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  let total = 0
  try {
    for (const chunk of head) {
      total += chunk.length
      yield chunk
    }
    for (;;) {
      const next = await rest.next()
      if (next.done) return
      total += next.value.length
      if (total > UPLOAD_BYTES_MAX) throw entityTooLarge(total, UPLOAD_BYTES_MAX)
      yield next.value
    }
  } finally {
    await rest.return?.()
  }
}
