import { beforeEach, describe, expect, it } from 'vitest'
import { digestOne } from '../../std/digest.ts'
import { S3Harness } from './testing.ts'

let harness: S3Harness
beforeEach(async () => {
  harness = new S3Harness()
  await harness.makeBucket()
})

const attributes = async (...ObjectAttributes: string[]) =>
  (
    await harness.call('GetObjectAttributes', {
      Bucket: 'bucket',
      Key: 'k',
      ObjectAttributes: ObjectAttributes as never,
    })
  ).output

describe('the attributes of an object', () => {
  it('are those that are asked for', async () => {
    await harness.put('k', 'abcdef')
    const LastModified = new Date('2026-01-31T10:11:12Z')
    expect(await attributes('ETag', ' ObjectSize')).toEqual({
      LastModified,
      ETag: 'e80b5017098950fc58aad83c8c14978e',
      ObjectSize: 6,
    })
    expect(await attributes('Checksum', 'StorageClass', 'ObjectParts')).toEqual({
      LastModified,
      Checksum: { ChecksumCRC64NVME: 'Pact6XRTYyA=', ChecksumType: 'FULL_OBJECT' },
      StorageClass: 'STANDARD',
    })
  })

  it('include parts only where each has a checksum', async () => {
    for (const [more, composite] of [
      [{ ChecksumAlgorithm: 'SHA1' as const }, true],
      [{}, false],
    ] as const) {
      const { output } = await harness.call('CreateMultipartUpload', { Bucket: 'bucket', Key: 'k', ...more })
      const upload = { Bucket: 'bucket', Key: 'k', UploadId: output.UploadId ?? '' }
      const part = await harness.call('UploadPart', { ...upload, PartNumber: 4, Body: 'x' })
      const Parts = [{ PartNumber: 4, ETag: part.output.ETag, ChecksumSHA1: part.output.ChecksumSHA1 }]
      await harness.call('CompleteMultipartUpload', { ...upload, MultipartUpload: { Parts } })
      const sha1 = digestOne(Buffer.from('x'), 'sha1')
      const found = await attributes('ObjectParts', 'Checksum')
      if (!composite) {
        expect(found.ObjectParts).toEqual({ TotalPartsCount: 1 })
        continue
      }
      expect(found.ObjectParts).toMatchObject({
        TotalPartsCount: 1,
        IsTruncated: false,
        NextPartNumberMarker: '4',
        Parts: [{ PartNumber: 4, Size: 1, ChecksumSHA1: sha1.toString('base64') }],
      })
      expect(found.Checksum).toEqual({
        ChecksumSHA1: digestOne(sha1, 'sha1').toString('base64'),
        ChecksumType: 'COMPOSITE',
      })
    }
  })

  it('need names that exist, two permissions, and an object', async () => {
    const input = { Bucket: 'bucket', Key: 'k', ObjectAttributes: ['Colour' as never] }
    expect(await harness.fail('GetObjectAttributes', input)).toMatchObject({ status: 400, code: 'InvalidArgument' })
    const etag = { ...input, ObjectAttributes: ['ETag' as const] }
    expect(await harness.fail('GetObjectAttributes', etag)).toMatchObject({ status: 404, code: 'NoSuchKey' })
    await harness.put('k', 'x')
    const { grants } = await harness.call('GetObjectAttributes', etag)
    expect(grants.map(({ action }) => action)).toEqual(['s3:GetObject', 's3:GetObjectAttributes'])
  })
})
