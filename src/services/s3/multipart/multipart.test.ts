import { beforeEach, describe, expect, it } from 'vitest'
import { type DigestName, digestOne } from '../../../std/digest.ts'
import { bytesOf, S3Harness } from '../testing.ts'

const MIB = 2 ** 20
let harness: S3Harness
beforeEach(async () => {
  harness = new S3Harness()
  await harness.makeBucket()
})

async function begin(more: object = {}, Key = 'k'): Promise<string> {
  const { output } = await harness.call('CreateMultipartUpload', { Bucket: 'bucket', Key, ...more })
  return output.UploadId ?? ''
}
async function part(UploadId: string, PartNumber: number, Body: string | Buffer, more: object = {}) {
  const { output } = await harness.call('UploadPart', {
    Bucket: 'bucket',
    Key: 'k',
    UploadId,
    PartNumber,
    Body,
    ...more,
  })
  return { PartNumber, ...output }
}
const completion = (UploadId: string, Parts: object[], more: object = {}) => ({
  Bucket: 'bucket',
  Key: 'k',
  UploadId,
  MultipartUpload: { Parts },
  ...more,
})
const complete = async (UploadId: string, Parts: object[], more: object = {}) =>
  (await harness.call('CompleteMultipartUpload', completion(UploadId, Parts, more))).output
const refuse = (UploadId: string, Parts: object[], more: object = {}) =>
  harness.fail('CompleteMultipartUpload', completion(UploadId, Parts, more))
const base64 = (bytes: string | Buffer, name: DigestName) => digestOne(Buffer.from(bytes), name).toString('base64')

/** Three parts whose sums AWS has published. */
const VECTOR = [Buffer.alloc(5 * MIB + 1, 'a'), Buffer.alloc(5 * MIB + 1, 'a'), Buffer.alloc(10, 'a')]
async function uploadVector(UploadId: string, more: (bytes: Buffer) => object = () => ({})) {
  const parts: Awaited<ReturnType<typeof part>>[] = []
  for (const [index, bytes] of VECTOR.entries()) parts.push(await part(UploadId, index + 1, bytes, more(bytes)))
  return parts
}

describe('a multipart upload', () => {
  it('has the sums that AWS computes', async () => {
    const uploadId = await begin()
    const output = await complete(uploadId, await uploadVector(uploadId))
    expect(output).toMatchObject({
      Location: 'http://localhost:4566/bucket/k',
      Bucket: 'bucket',
      Key: 'k',
      ETag: '"4d45984fc3feb2ac9b22683c49674b56-3"',
      ChecksumCRC64NVME: 'ZMNX55lZurA=',
      ChecksumType: 'FULL_OBJECT',
    })
    const copy = await harness.call('CopyObject', { Bucket: 'bucket', Key: 'copy', CopySource: 'bucket/k' })
    expect(copy.output.CopyObjectResult).toMatchObject({
      ETag: '"a0397ee2df08832642af5d7e57c5760c"',
      ChecksumCRC64NVME: 'ZMNX55lZurA=',
      ChecksumType: 'FULL_OBJECT',
    })
  })

  it('has the composite sum that AWS computes', async () => {
    const uploadId = await begin({ ChecksumAlgorithm: 'SHA256' })
    const parts = await uploadVector(uploadId, (bytes) => ({ ChecksumSHA256: base64(bytes, 'sha256') }))
    const output = await complete(uploadId, parts)
    expect(output).toMatchObject({
      ChecksumSHA256: '9o++y6AejqboiJ7MZCx0fahK2Vu5YC/qnNhhYsCLciI=-3',
      ChecksumType: 'COMPOSITE',
    })
    const second = await harness.call('GetObject', {
      Bucket: 'bucket',
      Key: 'k',
      PartNumber: 3,
      ChecksumMode: 'ENABLED',
    })
    expect(second.output).toMatchObject({
      PartsCount: 3,
      ContentLength: 10,
      ContentRange: 'bytes 10485762-10485771/10485772',
      ChecksumSHA256: base64(VECTOR[2] as Buffer, 'sha256'),
    })
  })

  it('of one part has a sum of its own kind', async () => {
    const uploadId = await begin()
    const output = await complete(uploadId, [await part(uploadId, 1, 'upload-part-1'.repeat(5))])
    expect(output.ETag).toBe('"e747540af6911dbc890f8d3e0b48549b-1"')
  })

  it('keeps the metadata and tags it began with', async () => {
    const uploadId = await begin({ ContentType: 'text/plain', Metadata: { m: '1' }, Tagging: 'a=1' })
    await complete(uploadId, [await part(uploadId, 1, 'x')])
    expect((await harness.get('k')).output).toMatchObject({
      ContentType: 'text/plain',
      Metadata: { m: '1' },
      TagCount: 1,
    })
  })

  it('is read over the borders of its parts, also when not all were listed', async () => {
    const uploadId = await begin()
    const first = Buffer.from(Array.from({ length: 5 * MIB }, (_, n) => n % 251))
    const one = await part(uploadId, 2, first)
    await part(uploadId, 3, 'left out')
    const last = await part(uploadId, 7, 'tail')
    await complete(uploadId, [one, last])
    const whole = Buffer.concat([first, Buffer.from('tail')])
    const { output } = await harness.call('GetObject', { Bucket: 'bucket', Key: 'k' })
    expect((await bytesOf(output.Body)).equals(whole)).toBe(true)
    const edge = await harness.get('k', { Range: `bytes=${5 * MIB - 2}-${5 * MIB + 1}` })
    expect(edge.text).toBe(whole.subarray(5 * MIB - 2, 5 * MIB + 2).toString())
    const beyond = await harness.fail('GetObject', { Bucket: 'bucket', Key: 'k', PartNumber: 3 })
    expect(beyond.fields).toEqual({ PartNumberRequested: 3, ActualPartCount: 2 })
  })

  it('takes the last of the parts with one number', async () => {
    const uploadId = await begin()
    const old = await part(uploadId, 1, 'old')
    const last = await part(uploadId, 1, 'new')
    expect(await refuse(uploadId, [old])).toMatchObject({ code: 'InvalidPart' })
    await complete(uploadId, [last])
    await harness.collect()
    expect((await harness.get('k')).text).toBe('new')
  })

  it('raises one event, whatever happened before', async () => {
    await harness.notify({ Events: ['s3:ObjectCreated:*'] })
    const uploadId = await begin()
    const parts = [await part(uploadId, 1, 'x'.repeat(6144))]
    await complete(uploadId, parts)
    await complete(uploadId, parts)
    await harness.call('AbortMultipartUpload', { Bucket: 'bucket', Key: 'k', UploadId: await begin() })
    const records = harness.deliveries.records()
    expect(records).toHaveLength(1)
    expect(records[0]).toMatchObject({
      eventName: 'ObjectCreated:CompleteMultipartUpload',
      s3: { object: { size: 6144 } },
    })
    expect(records[0]?.s3.object.eTag).toMatch(/-1$/)
  })

  it('answers the same when it is completed again, and is closed for everything else', async () => {
    const uploadId = await begin()
    const parts = [await part(uploadId, 1, 'x')]
    const both = await Promise.all([complete(uploadId, parts), complete(uploadId, parts)])
    expect(both[0]).toEqual(both[1])
    expect(await complete(uploadId, parts)).toEqual(both[0])
    const closed = { Bucket: 'bucket', Key: 'k', UploadId: uploadId }
    expect(await harness.fail('ListParts', closed)).toMatchObject({
      status: 404,
      code: 'NoSuchUpload',
      fields: { UploadId: uploadId },
    })
    expect(await harness.fail('UploadPart', { ...closed, PartNumber: 1, Body: 'y' })).toMatchObject({
      code: 'NoSuchUpload',
    })
  })

  it('is forgotten when it is aborted, with its parts', async () => {
    const uploadId = await begin()
    await part(uploadId, 1, 'x'.repeat(10_000))
    const upload = { Bucket: 'bucket', Key: 'k', UploadId: uploadId }
    await harness.call('AbortMultipartUpload', upload)
    expect(await harness.fail('AbortMultipartUpload', upload)).toMatchObject({ status: 404, code: 'NoSuchUpload' })
    await harness.collect()
    expect(await harness.blobIds()).toEqual([])
  })

  it('belongs to its key', async () => {
    const uploadId = await begin()
    expect(await harness.fail('ListParts', { Bucket: 'bucket', Key: 'other', UploadId: uploadId })).toMatchObject({
      code: 'NoSuchUpload',
    })
  })
})

describe('a completion', () => {
  it('needs at least one part', async () => {
    expect(await refuse(await begin(), [])).toMatchObject({
      code: 'InvalidRequest',
      message: 'You must specify at least one part',
    })
  })

  it('needs ascending numbers', async () => {
    const uploadId = await begin()
    const parts = [await part(uploadId, 2, 'x'), await part(uploadId, 1, 'x')]
    const error = await refuse(uploadId, parts)
    expect([error.status, error.code, error.message, error.fields]).toEqual([
      400,
      'InvalidPartOrder',
      'The list of parts was not in ascending order. Parts must be ordered by part number.',
      { UploadId: uploadId },
    ])
  })

  it('needs parts that are large enough', async () => {
    const uploadId = await begin()
    const parts = [await part(uploadId, 1, 'four'), await part(uploadId, 2, 'last')]
    const error = await refuse(uploadId, parts)
    expect([error.code, error.message, error.fields]).toEqual([
      'EntityTooSmall',
      'Your proposed upload is smaller than the minimum allowed size',
      { PartNumber: 1, ETag: parts[0]?.ETag?.slice(1, -1), MinSizeAllowed: 5 * MIB, ProposedSize: 4 },
    ])
  })

  it.each([
    [2, undefined],
    [1, '"0123"'],
  ])('needs parts that exist: %i %s', async (PartNumber, ETag) => {
    const uploadId = await begin()
    const one = await part(uploadId, 1, 'x')
    const error = await refuse(uploadId, [{ PartNumber, ETag: ETag ?? one.ETag }])
    expect([error.status, error.code, error.message]).toEqual([
      400,
      'InvalidPart',
      "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
    ])
    expect(error.fields).toEqual({ PartNumber, ETag: (ETag ?? one.ETag)?.slice(1, -1), UploadId: uploadId })
  })

  it('takes etags without quotes', async () => {
    const uploadId = await begin()
    const one = await part(uploadId, 1, 'x')
    await complete(uploadId, [{ PartNumber: 1, ETag: one.ETag?.slice(1, -1) }])
  })

  it('may state the size', async () => {
    const uploadId = await begin()
    const parts = [await part(uploadId, 1, 'four')]
    expect((await refuse(uploadId, parts, { MpuObjectSize: 5 })).message).toBe(
      "The provided 'x-amz-mp-object-size' header value 5 does not match what was computed: 4",
    )
    await complete(uploadId, parts, { MpuObjectSize: 4 })
  })

  it('of a composite upload needs every checksum', async () => {
    const uploadId = await begin({ ChecksumAlgorithm: 'SHA256' })
    const one = await part(uploadId, 1, 'x', { ChecksumSHA256: base64('x', 'sha256') })
    expect((await refuse(uploadId, [{ PartNumber: 1, ETag: one.ETag }])).message).toBe(
      'The upload was created using a sha256 checksum. The complete request must include the checksum for each part. It was missing for part 1 in the request.',
    )
    expect((await refuse(uploadId, [one], { ChecksumType: 'FULL_OBJECT' })).message).toBe(
      'The upload was created using the COMPOSITE checksum mode. The complete request must use the same checksum mode.',
    )
    await complete(uploadId, [one], { ChecksumType: 'COMPOSITE' })
  })

  it.each(['CRC32', 'CRC32C', 'CRC64NVME'] as const)(
    'combines %s of the parts into that of the whole',
    async (algorithm) => {
      const name = algorithm.toLowerCase() as DigestName
      const member = (value: string) => ({ [`Checksum${algorithm}`]: value })
      const uploadId = await begin({ ChecksumAlgorithm: algorithm, ChecksumType: 'FULL_OBJECT' })
      const parts = await uploadVector(uploadId, (bytes) => member(base64(bytes, name)))
      const expected = member(base64(Buffer.concat(VECTOR), name))
      expect(await refuse(uploadId, parts, member(base64('other', name)))).toMatchObject({ code: 'BadDigest' })
      expect(await complete(uploadId, parts, expected)).toMatchObject({ ...expected, ChecksumType: 'FULL_OBJECT' })
    },
  )
})

describe('the checksum of an upload', () => {
  it.each<[object, string]>([
    [
      { ChecksumAlgorithm: 'CRC64NVME', ChecksumType: 'COMPOSITE' },
      'The COMPOSITE checksum type cannot be used with the crc64nvme checksum algorithm.',
    ],
    [
      { ChecksumAlgorithm: 'SHA1', ChecksumType: 'FULL_OBJECT' },
      'The FULL_OBJECT checksum type cannot be used with the sha1 checksum algorithm.',
    ],
    [
      { ChecksumType: 'COMPOSITE' },
      'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.',
    ],
    [
      { ChecksumAlgorithm: 'ROT13' },
      'Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]',
    ],
  ])('%o is impossible', async (more, message) => {
    const error = await harness.fail('CreateMultipartUpload', { Bucket: 'bucket', Key: 'k', ...more })
    expect([error.status, error.code, error.message]).toEqual([400, 'InvalidRequest', message])
  })

  it('is that of its parts', async () => {
    const uploadId = await begin({ ChecksumAlgorithm: 'SHA256' })
    const wrong = {
      Bucket: 'bucket',
      Key: 'k',
      UploadId: uploadId,
      PartNumber: 1,
      Body: 'x',
      ChecksumCRC32: base64('x', 'crc32'),
    }
    expect((await harness.fail('UploadPart', wrong)).message).toBe(
      'Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: crc32',
    )
    expect((await part(uploadId, 1, 'x')).ChecksumSHA256).toBe(base64('x', 'sha256'))
    const bad = { ...wrong, ChecksumCRC32: undefined, ChecksumSHA256: base64('y', 'sha256') }
    expect(await harness.fail('UploadPart', bad)).toMatchObject({ code: 'BadDigest' })
  })
})

describe('a part of an upload that declared no checksum', () => {
  it('may come with one of any kind, which is verified and may be listed', async () => {
    const uploadId = await begin()
    const value = base64('x', 'crc32')
    const wrong = {
      Bucket: 'bucket',
      Key: 'k',
      UploadId: uploadId,
      PartNumber: 1,
      Body: 'x',
      ChecksumCRC32: base64('y', 'crc32'),
    }
    expect(await harness.fail('UploadPart', wrong)).toMatchObject({ code: 'BadDigest' })
    const one = await part(uploadId, 1, 'x', { ChecksumCRC32: value })
    expect(one.ChecksumCRC32).toBe(value)
    expect(await refuse(uploadId, [{ ...one, ChecksumCRC32: base64('y', 'crc32') }])).toMatchObject({
      code: 'InvalidPart',
    })
    expect(await complete(uploadId, [one])).toMatchObject({
      ChecksumCRC64NVME: base64('x', 'crc64nvme'),
      ChecksumType: 'FULL_OBJECT',
    })
  })
})

describe('a part', () => {
  it.each([0, 10_001])('may not have the number %i', async (PartNumber) => {
    const error = await harness.fail('UploadPart', {
      Bucket: 'bucket',
      Key: 'k',
      UploadId: await begin(),
      PartNumber,
      Body: 'x',
    })
    expect([error.status, error.code, error.message]).toEqual([
      400,
      'InvalidArgument',
      'Part number must be an integer between 1 and 10000, inclusive',
    ])
  })

  it('may be copied from an object', async () => {
    await harness.put('source', '0123456789')
    const uploadId = await begin()
    const copy = (more: object) => ({
      Bucket: 'bucket',
      Key: 'k',
      UploadId: uploadId,
      PartNumber: 1,
      CopySource: 'bucket/source',
      ...more,
    })
    const { output } = await harness.call('UploadPartCopy', copy({ CopySourceRange: 'bytes=2-5' }))
    await complete(uploadId, [{ PartNumber: 1, ETag: output.CopyPartResult?.ETag }])
    expect((await harness.get('k')).text).toBe('2345')
  })

  it.each([
    ['0-5', 'InvalidArgument', /must be of the form bytes=first-last/],
    ['bytes=5-', 'InvalidArgument', /must be of the form bytes=first-last/],
    ['bytes=5-2', 'InvalidArgument', /must be of the form bytes=first-last/],
    ['bytes=0-10', 'InvalidArgument', /^Range specified is not valid for source object of size: 10$/],
    ['bytes=10-12', 'InvalidRequest', /^The specified copy range is invalid for the source object size$/],
  ])('may not be copied from %s', async (CopySourceRange, code, message) => {
    await harness.put('source', '0123456789')
    const error = await harness.fail('UploadPartCopy', {
      Bucket: 'bucket',
      Key: 'k',
      UploadId: await begin(),
      PartNumber: 1,
      CopySource: 'bucket/source',
      CopySourceRange,
    })
    expect([error.status, error.code]).toEqual([400, code])
    expect(error.message).toMatch(message)
  })
})

describe('a conditional completion', () => {
  const absent = { IfNoneMatch: '*' }

  it('If-None-Match: * fails when the key was put meanwhile, and leaves the upload open', async () => {
    const uploadId = await begin()
    const parts = [await part(uploadId, 1, 'x')]
    await harness.put('k', 'y')
    expect(await refuse(uploadId, parts, absent)).toMatchObject({ status: 412, fields: { Condition: 'If-None-Match' } })
    await complete(uploadId, parts)
  })

  it('If-None-Match: * must start over when the key was deleted meanwhile', async () => {
    await harness.put('k', 'y')
    const uploadId = await begin()
    const parts = [await part(uploadId, 1, 'x')]
    await harness.call('DeleteObject', { Bucket: 'bucket', Key: 'k' })
    const error = await refuse(uploadId, parts, absent)
    expect([error.status, error.code, error.fields]).toEqual([
      409,
      'ConditionalRequestConflict',
      { Condition: 'If-None-Match', Key: 'k' },
    ])
  })

  it('If-Match looks at what was there at the start', async () => {
    const { output } = await harness.put('k', 'y')
    const ifMatch = { IfMatch: output.ETag }
    const different = await begin()
    const first = [await part(different, 1, 'x')]
    expect(await refuse(different, first, { IfMatch: '"0123"' })).toMatchObject({
      status: 412,
      fields: { Condition: 'If-Match' },
    })
    await complete(different, first, ifMatch)

    await harness.put('k', 'y')
    const overwritten = await begin()
    const second = [await part(overwritten, 1, 'x')]
    await harness.put('k', 'y')
    expect(await refuse(overwritten, second, ifMatch)).toMatchObject({
      status: 409,
      code: 'ConditionalRequestConflict',
    })
    await harness.call('DeleteObject', { Bucket: 'bucket', Key: 'k' })
    expect(await refuse(overwritten, second, ifMatch)).toMatchObject({ status: 404, code: 'NoSuchKey' })
  })
})

describe('the parts of an upload', () => {
  it('are listed in pages', async () => {
    const uploadId = await begin({ ChecksumAlgorithm: 'CRC32' })
    for (const number of [1, 2, 5]) await part(uploadId, number, `part ${number}`)
    await part(uploadId, 2, 'again')
    const list = async (more: object = {}) =>
      (await harness.call('ListParts', { Bucket: 'bucket', Key: 'k', UploadId: uploadId, ...more })).output
    const all = await list()
    expect(all).toMatchObject({
      PartNumberMarker: '0',
      NextPartNumberMarker: '5',
      MaxParts: 1000,
      IsTruncated: false,
      StorageClass: 'STANDARD',
      ChecksumAlgorithm: 'CRC32',
      ChecksumType: 'COMPOSITE',
    })
    expect(all.Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([
      [1, 6],
      [2, 5],
      [5, 6],
    ])
    expect(all.Parts?.[1]?.ChecksumCRC32).toBe(base64('again', 'crc32'))
    const first = await list({ MaxParts: 1 })
    expect(first).toMatchObject({ IsTruncated: true, NextPartNumberMarker: '1' })
    const second = await list({ MaxParts: 1, PartNumberMarker: '1' })
    expect(second.Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([[2, 5]])
    expect(await list({ PartNumberMarker: '5' })).toMatchObject({
      Parts: [],
      NextPartNumberMarker: '0',
      IsTruncated: false,
    })
  })
})

describe('the uploads of a bucket', () => {
  it('are listed by key and age, in pages and groups', async () => {
    const first = await begin({}, 'a/1')
    await harness.clock.advance(1000)
    const second = await begin({}, 'a/1')
    const third = await begin({}, 'b')
    const list = async (more: object = {}) =>
      (await harness.call('ListMultipartUploads', { Bucket: 'bucket', ...more })).output
    const all = await list()
    expect(all.Uploads?.map(({ Key, UploadId }) => [Key, UploadId])).toEqual([
      ['a/1', first],
      ['a/1', second],
      ['b', third],
    ])
    expect(all).toMatchObject({
      IsTruncated: false,
      NextKeyMarker: 'b',
      NextUploadIdMarker: third,
      KeyMarker: '',
      UploadIdMarker: '',
    })
    const page = await list({ MaxUploads: 1 })
    expect(page).toMatchObject({ IsTruncated: true, NextKeyMarker: 'a/1', NextUploadIdMarker: first })
    const rest = await list({ KeyMarker: 'a/1', UploadIdMarker: first })
    expect(rest.Uploads?.map(({ UploadId }) => UploadId)).toEqual([second, third])
    expect((await list({ KeyMarker: 'a/1' })).Uploads?.map(({ UploadId }) => UploadId)).toEqual([third])
    expect((await list({ UploadIdMarker: 'ignored' })).Uploads).toHaveLength(3)
    expect(await list({ Delimiter: '/' })).toMatchObject({
      CommonPrefixes: [{ Prefix: 'a/' }],
      Uploads: [{ Key: 'b' }],
    })
    const wrong = await harness.fail('ListMultipartUploads', {
      Bucket: 'bucket',
      KeyMarker: 'b',
      UploadIdMarker: first,
    })
    expect([wrong.status, wrong.message]).toEqual([400, 'Invalid uploadId marker'])
  })
})
