import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ByteSource, sourceFrom, sourceOf } from '../std/byte-source.ts'
import { type DigestName, digestBytes } from '../std/digest.ts'
import { type BlobId, BlobMissingError, type BlobStore } from './blobs.ts'

const ALL: DigestName[] = ['md5', 'sha1', 'sha256', 'crc32', 'crc32c', 'crc64nvme']
const KIB = 1024
const MIB = 1024 * KIB

/** The same bytes every time, and no two places alike. */
export function patternBytes(byteCount: number): Buffer {
  const bytes = Buffer.alloc(byteCount)
  for (let at = 0; at + 4 <= byteCount; at += 4) bytes.writeUInt32LE(Math.imul(at + 1, 2_654_435_761) >>> 0, at)
  return bytes
}

export function inChunks(bytes: Buffer, chunkBytes: number, length: number | undefined = bytes.length): ByteSource {
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
  }
  return sourceFrom(chunks(), length)
}

export async function readAll(blobs: BlobStore, id: BlobId, range: { start: number; end: number }): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of await blobs.read(id, range)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

export async function listed(blobs: BlobStore): Promise<BlobId[]> {
  const ids: BlobId[] = []
  for await (const { id } of blobs.list()) ids.push(id)
  return ids.sort()
}

/** What every blob store must do. */
export function describeBlobs(name: string, make: () => Promise<{ blobs: BlobStore; cleanUp(): Promise<void> }>): void {
  describe(`${name} blobs`, () => {
    let blobs: BlobStore
    let cleanUp: () => Promise<void>

    beforeEach(async () => {
      ;({ blobs, cleanUp } = await make())
    })
    afterEach(async () => {
      await blobs[Symbol.asyncDispose]()
      await cleanUp()
    })

    it.each([1, 64 * KIB, 256 * KIB, 256 * KIB + 1, 512 * KIB, MIB, 3 * MIB + 7])(
      'gives %i bytes back, with their digests',
      async (size) => {
        const bytes = patternBytes(size)
        for (const source of [sourceOf(bytes), inChunks(bytes, 16 * KIB + 1), inChunks(bytes, 300 * KIB, undefined)]) {
          const written = await blobs.write(source, ALL)
          expect(written.byteCount).toBe(size)
          expect(written.digests).toEqual(digestBytes(bytes, ALL))
          expect((await readAll(blobs, written.id, { start: 0, end: size - 1 })).equals(bytes)).toBe(true)
        }
      },
    )

    it('keeps an empty body', async () => {
      const written = await blobs.write(sourceOf(''), ['md5'])
      expect(written.byteCount).toBe(0)
      expect(written.digests.md5?.toString('hex')).toBe('d41d8cd98f00b204e9800998ecf8427e')
      expect((await readAll(blobs, written.id, { start: 0, end: -1 })).length).toBe(0)
    })

    it('computes no digest that nobody asked for', async () => {
      const written = await blobs.write(inChunks(patternBytes(2 * MIB), 64 * KIB), [])
      expect(written.digests).toEqual({})
    })

    it.each([
      [0, 0],
      [1, 99_999],
      [512 * KIB - 1, 512 * KIB],
      [100, 2 * MIB - 1],
      [2 * MIB - 1, 2 * MIB - 1],
    ])('reads the bytes from %i to %i', async (start, end) => {
      const bytes = patternBytes(2 * MIB)
      const { id } = await blobs.write(sourceOf(bytes), [])
      expect((await readAll(blobs, id, { start, end })).equals(bytes.subarray(start, end + 1))).toBe(true)
    })

    it('says before the first byte that a blob is missing', async () => {
      const { id } = await blobs.write(sourceOf('x'), [])
      await blobs.delete(id)
      await expect(blobs.read(id, { start: 0, end: 0 })).rejects.toThrow(BlobMissingError)
    })

    it('deletes what is there, and is content when it is not', async () => {
      const { id } = await blobs.write(sourceOf('x'), [])
      await blobs.delete(id)
      await blobs.delete(id)
      expect(await listed(blobs)).toEqual([])
    })

    it('goes on reading a blob that is deleted meanwhile', async () => {
      const bytes = patternBytes(3 * MIB)
      const { id } = await blobs.write(sourceOf(bytes), [])
      const chunks: Uint8Array[] = []
      for await (const chunk of await blobs.read(id, { start: 0, end: bytes.length - 1 })) {
        chunks.push(chunk)
        await blobs.delete(id)
      }
      expect(Buffer.concat(chunks).equals(bytes)).toBe(true)
    })

    it.each([10 * KIB, 400 * KIB, 3 * MIB])('leaves nothing of a body that breaks off after %i bytes', async (size) => {
      async function* broken(): AsyncGenerator<Buffer> {
        yield patternBytes(size)
        throw new Error('the client went away')
      }
      await expect(blobs.write(sourceFrom(broken(), 8 * MIB), ['md5'])).rejects.toThrow('the client went away')
      expect(await listed(blobs)).toEqual([])
    })

    it('writes many bodies at the same time, each under its own id', async () => {
      const bodies = Array.from({ length: 24 }, (_, index) => patternBytes(index * 100 * KIB + 1))
      const written = await Promise.all(
        bodies.map((body) => blobs.write(inChunks(body, 64 * KIB), ['md5', 'crc64nvme'])),
      )
      expect(new Set(written.map((blob) => blob.id)).size).toBe(bodies.length)
      expect(await listed(blobs)).toEqual(written.map((blob) => blob.id).sort())
      for (const [index, { id, byteCount, digests }] of written.entries()) {
        const body = bodies[index] as Buffer
        expect(digests).toEqual(digestBytes(body, ['md5', 'crc64nvme']))
        expect((await readAll(blobs, id, { start: 0, end: byteCount - 1 })).equals(body)).toBe(true)
      }
    })
  })
}
