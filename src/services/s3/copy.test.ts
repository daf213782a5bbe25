import { beforeEach, describe, expect, it } from 'vitest'
import { S3Harness } from './testing.ts'

let harness: S3Harness
beforeEach(async () => {
  harness = new S3Harness()
  await harness.makeBucket()
})

const LARGE = 'x'.repeat(100_000)
const copy = (Key: string, CopySource: string, more: object = {}) =>
  harness.call('CopyObject', { Bucket: 'bucket', Key, CopySource, ...more })
const refuse = (Key: string, CopySource: string, more: object = {}) =>
  harness.fail('CopyObject', { Bucket: 'bucket', Key, CopySource, ...more })

describe('a copy', () => {
  it.each(['', 'small', LARGE])('has the bytes, metadata and tags of its source', async (text) => {
    await harness.put('a', text, { ContentType: 'text/plain', Metadata: { m: '1' }, Tagging: 't=1' })
    const { output } = await copy('b', 'bucket/a', { Metadata: { ignored: 'x' }, ContentType: 'ignored' })
    const read = await harness.get('b')
    expect(read.text).toBe(text)
    expect(read.output).toMatchObject({ ContentType: 'text/plain', Metadata: { m: '1' }, TagCount: 1 })
    expect(output.CopyObjectResult).toMatchObject({ ETag: read.output.ETag, ChecksumType: 'FULL_OBJECT' })
  })

  it('takes metadata and tags of the request when they are to be replaced', async () => {
    await harness.put('a', 'x', { ContentType: 'text/plain', Metadata: { m: '1' }, Tagging: 't=1' })
    await copy('b', '/bucket/a', { MetadataDirective: 'REPLACE', TaggingDirective: 'REPLACE', Metadata: { n: '2' } })
    const { output } = await harness.get('b')
    expect(output).toMatchObject({ ContentType: 'binary/octet-stream', Metadata: { n: '2' } })
    expect(output).not.toHaveProperty('TagCount')
  })

  it('finds sources with any key', async () => {
    await harness.put('a b+ü/😀', 'x')
    await copy('copy', `bucket/${encodeURIComponent('a b+ü/😀')}`)
    await copy('copy2', `bucket/a%20b+%C3%BC/%F0%9F%98%80?versionId=null`)
    expect((await harness.get('copy2')).text).toBe('x')
  })

  it('shares the stored body until nobody holds it', async () => {
    await harness.put('a', LARGE)
    await copy('b', 'bucket/a')
    expect(await harness.blobIds()).toHaveLength(1)
    await harness.call('DeleteObject', { Bucket: 'bucket', Key: 'a' })
    await harness.collect()
    expect((await harness.get('b')).text).toBe(LARGE)
    await harness.call('DeleteObject', { Bucket: 'bucket', Key: 'b' })
    await harness.collect()
    expect(await harness.blobIds()).toEqual([])
  })

  it('of a source that is overwritten meanwhile has the bytes of one version, for good', async () => {
    for (const isFreed of [false, true]) {
      await harness.put('a', LARGE)
      const { output } = await harness.call(
        'CopyObject',
        { Bucket: 'bucket', Key: 'b', CopySource: 'bucket/a' },
        {
          async mayDo({ action }) {
            if (action === 's3:PutObject') {
              await harness.put('a', LARGE.toUpperCase())
              if (isFreed) await harness.collect()
            }
            return true
          },
        },
      )
      await harness.collect()
      const read = await harness.get('b')
      expect(read.text).toBe(isFreed ? LARGE.toUpperCase() : LARGE)
      expect(read.output.ETag).toBe(output.CopyObjectResult?.ETag)
    }
  })

  it('computes the checksum it is asked for', async () => {
    await harness.put('a', LARGE)
    const { output } = await copy('b', 'bucket/a', { ChecksumAlgorithm: 'SHA256' })
    expect(output.CopyObjectResult?.ChecksumSHA256).toHaveLength(44)
    expect((await harness.get('b')).text).toBe(LARGE)
  })

  it('works between buckets, and onto an existing key', async () => {
    await harness.makeBucket('other')
    await harness.put('a', 'x')
    await harness.call('CopyObject', { Bucket: 'other', Key: 'a', CopySource: 'bucket/a' })
    await harness.put('a', 'y')
    await harness.call('CopyObject', { Bucket: 'other', Key: 'a', CopySource: 'bucket/a' })
    expect((await harness.get('a', { Bucket: 'other' })).text).toBe('y')
  })
})

describe('a copy onto itself', () => {
  it('is illegal when nothing changes', async () => {
    await harness.put('a', 'x')
    for (const more of [{}, { ACL: 'private' }]) {
      const error = await refuse('a', 'bucket/a', more)
      expect([error.status, error.code, error.message]).toEqual([
        400,
        'InvalidRequest',
        "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
      ])
    }
  })

  it.each(['x', LARGE])('may replace the metadata', async (text) => {
    await harness.put('a', text, { Metadata: { m: '1' } })
    await copy('a', 'bucket/a', { MetadataDirective: 'REPLACE', Metadata: { m: '2' } })
    await harness.collect()
    const { text: copied, output } = await harness.get('a')
    expect([copied, output.Metadata]).toEqual([text, { m: '2' }])
  })

  it('is legal when the bucket has an encryption of its own', async () => {
    await harness.put('a', 'x')
    await harness.call('PutBucketEncryption', {
      Bucket: 'bucket',
      ServerSideEncryptionConfiguration: {
        Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
    })
    await copy('a', 'bucket/a')
  })
})

describe('the source of a copy', () => {
  it.each(['bucket', 'bucket/', '/', ''])('"%s" is invalid', async (source) => {
    expect(await refuse('b', source)).toMatchObject({ status: 400, message: 'Invalid copy source object key' })
  })

  it('must exist', async () => {
    expect(await refuse('b', 'bucket/absent')).toMatchObject({
      status: 404,
      code: 'NoSuchKey',
      fields: { Key: 'absent' },
    })
    expect(await refuse('b', 'absent/a')).toMatchObject({
      status: 404,
      code: 'NoSuchBucket',
      fields: { BucketName: 'absent' },
    })
  })

  it.each<[object, string | undefined]>([
    [{ CopySourceIfMatch: '"x"' }, 'x-amz-copy-source-If-Match'],
    [{ CopySourceIfNoneMatch: '*' }, 'x-amz-copy-source-If-None-Match'],
    [{ CopySourceIfModifiedSince: new Date('2026-01-31T10:11:12Z') }, 'x-amz-copy-source-If-Modified-Since'],
    [{ CopySourceIfUnmodifiedSince: new Date('2026-01-31T10:11:11Z') }, 'x-amz-copy-source-If-Unmodified-Since'],
    [{ CopySourceIfMatch: '*', CopySourceIfUnmodifiedSince: new Date('2026-01-31T10:11:11Z') }, undefined],
    [
      { CopySourceIfNoneMatch: '*', CopySourceIfModifiedSince: new Date('2020-01-01T00:00:00Z') },
      'x-amz-copy-source-If-None-Match',
    ],
  ])('may be conditional: %o', async (conditions, failed) => {
    await harness.put('a', 'x')
    if (failed === undefined) await copy('b', 'bucket/a', conditions)
    else expect(await refuse('b', 'bucket/a', conditions)).toMatchObject({ status: 412, fields: { Condition: failed } })
  })

  it('needs permission, and its tags need their own', async () => {
    await harness.put('a', 'x', { Tagging: 't=1' })
    const { grants } = await copy('b', 'bucket/a')
    expect(grants.map(({ action, resource }) => [action, resource])).toEqual([
      ['s3:GetObject', 'arn:aws:s3:::bucket/a'],
      ['s3:GetObjectTagging', 'arn:aws:s3:::bucket/a'],
      ['s3:PutObject', 'arn:aws:s3:::bucket/b'],
      ['s3:PutObjectTagging', 'arn:aws:s3:::bucket/b'],
    ])
  })

  it('may be required to belong to an account', async () => {
    await harness.put('a', 'x')
    expect(await refuse('b', 'bucket/a', { ExpectedSourceBucketOwner: '000000000000' })).toMatchObject({ status: 403 })
  })
})
