import { beforeEach, describe, expect, it } from 'vitest'
import type { BlobId } from '../../blobs/blobs.ts'
import { CommitUnknownError } from '../../store/store.ts'
import { GARBAGE_GRACE_MS } from './garbage.ts'
import { bytesOf, S3Harness } from './testing.ts'

const LARGE = 'x'.repeat(100_000)
let harness: S3Harness
beforeEach(async () => {
  harness = new S3Harness()
  await harness.makeBucket()
})

async function rowsOfBodies(): Promise<number> {
  const everything = await harness.store.list({ gte: Buffer.of(1), lt: Buffer.of(255), limit: 10_000 })
  return everything.filter(({ key }) => Buffer.from(key).includes('s3-body')).length
}

describe('a body that was replaced', () => {
  it('is readable for who has begun to read it, and freed after the grace', async () => {
    await harness.put('k', LARGE)
    const { output } = await harness.call('GetObject', { Bucket: 'bucket', Key: 'k' })
    await harness.put('k', 'small')
    await harness.s3.collector.step()
    expect((await bytesOf(output.Body)).toString()).toBe(LARGE)
    expect(await harness.blobIds()).toHaveLength(1)
    await harness.collect()
    expect(await harness.blobIds()).toEqual([])
    expect((await harness.get('k')).text).toBe('small')
  })

  it('goes at once when it is a row', async () => {
    for (const text of ['one', 'two', 'three']) await harness.put('k', text)
    expect(await rowsOfBodies()).toBe(1)
    await harness.call('DeleteObject', { Bucket: 'bucket', Key: 'k' })
    expect(await rowsOfBodies()).toBe(0)
  })

  it('that is a row does not trouble readers: they get the new one', async () => {
    await harness.put('k', 'old')
    const get = harness.store.get.bind(harness.store)
    let isOverwritten = false
    harness.store.getNow = () => undefined
    harness.store.get = async (key) => {
      if (!isOverwritten && Buffer.from(key).includes('s3-body')) {
        isOverwritten = true
        await harness.put('k', 'new!', { ContentType: 'text/new' })
      }
      return get(key)
    }
    const read = await harness.get('k')
    expect([read.text, read.output.ContentType, read.output.ContentLength]).toEqual(['new!', 'text/new', 4])
  })

  it('of many parts is held together until its last reader ends', async () => {
    const { output } = await harness.call('CreateMultipartUpload', { Bucket: 'bucket', Key: 'k' })
    const upload = { Bucket: 'bucket', Key: 'k', UploadId: output.UploadId ?? '' }
    const Parts: { PartNumber: number; ETag: string | undefined }[] = []
    for (const PartNumber of [1, 2]) {
      const part = await harness.call('UploadPart', {
        ...upload,
        PartNumber,
        Body: Buffer.alloc(5 * 2 ** 20, PartNumber),
      })
      Parts.push({ PartNumber, ETag: part.output.ETag })
    }
    await harness.call('CompleteMultipartUpload', { ...upload, MultipartUpload: { Parts } })
    await harness.collect()
    const read = await harness.call('GetObject', { Bucket: 'bucket', Key: 'k' })
    const chunks = (read.output.Body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
    await chunks.next()
    await harness.call('DeleteObject', { Bucket: 'bucket', Key: 'k' })
    await harness.collect()
    expect(await harness.blobIds()).toHaveLength(2)
    let rest = 0
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) rest += next.value.length
    expect(rest).toBeGreaterThan(5 * 2 ** 20)
    await harness.collect()
    expect(await harness.blobIds()).toEqual([])
  })
})

describe('a blob', () => {
  it('is held as long as an object has it', async () => {
    await harness.put('k', LARGE)
    const [id] = (await harness.blobIds()) as BlobId[]
    expect(await harness.s3.isReferenced(id as BlobId)).toBe(true)
    expect(await harness.s3.isReferenced('absent' as BlobId)).toBe(false)
    await harness.call('DeleteObject', { Bucket: 'bucket', Key: 'k' })
    await harness.collect()
    expect(await harness.s3.isReferenced(id as BlobId)).toBe(false)
  })

  it('of a put that was refused is given back', async () => {
    await harness.put('k', 'x')
    await harness.fail('PutObject', { Bucket: 'bucket', Key: 'k', Body: LARGE, IfNoneMatch: '*' })
    expect(await harness.blobIds()).toEqual([])
  })

  it('of a put whose outcome is unknown stays: it may have succeeded', async () => {
    // The sequencer has its claim, so that the next commit is the put's.
    await harness.put('other', 'x')
    harness.store.faults.lostAnswers = 1
    await expect(harness.put('k', LARGE)).rejects.toThrow(CommitUnknownError)
    expect((await harness.get('k')).text).toBe(LARGE)
  })
})

describe('the collector', () => {
  it('waits for the grace, and works in batches', async () => {
    for (let n = 0; n < 130; n++) await harness.put('k', LARGE.slice(0, 5000 + n))
    expect(await harness.s3.collector.step()).toBe(0)
    await harness.clock.advance(GARBAGE_GRACE_MS + 1)
    expect(await harness.s3.collector.step()).toBe(100)
    expect(await harness.s3.collector.step()).toBe(29)
    expect(await harness.blobIds()).toHaveLength(1)
  })
})
