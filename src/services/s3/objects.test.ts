import { beforeEach, describe, expect, it } from 'vitest'
import type { Caller } from '../../protocol/caller.ts'
import { type ByteSource, sourceFrom, sourceOf } from '../../std/byte-source.ts'
import { INLINE_BYTES_MAX } from './body-store.ts'
import { bytesOf, S3Harness } from './testing.ts'

const ANONYMOUS: Caller = { kind: 'anonymous' }
let harness: S3Harness
beforeEach(async () => {
  harness = new S3Harness()
  await harness.makeBucket()
})

const mayNotList = ({ action }: { action: string }) => action !== 's3:ListBucket'

/** A body of unknown length, in pieces. */
async function* pieces(text: string, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < text.length; at += size) yield Buffer.from(text.slice(at, at + size))
}

describe('an object', () => {
  it.each([0, 1, INLINE_BYTES_MAX, INLINE_BYTES_MAX + 1, 3_000_000])(
    'of %i bytes is read as it was put',
    async (size) => {
      const bytes = Buffer.alloc(size, 'abcdefg')
      await harness.put('k', bytes)
      const { output } = await harness.call('GetObject', { Bucket: 'bucket', Key: 'k' })
      expect((await bytesOf(output.Body)).equals(bytes)).toBe(true)
      expect(output.ContentLength).toBe(size)
    },
  )

  it.each([0, 100, 5000, 100_000])('of unknown length, %i bytes, is read as it was put', async (size) => {
    const text = 'x'.repeat(size)
    await harness.call('PutObject', { Bucket: 'bucket', Key: 'k', Body: sourceFrom(pieces(text, 1000)) })
    expect((await harness.get('k')).text).toBe(text)
  })

  it('answers a put with etag, checksum and encryption', async () => {
    const { output } = await harness.put('k', 'abcdef')
    expect(output).toEqual({
      ETag: '"e80b5017098950fc58aad83c8c14978e"',
      ChecksumCRC64NVME: 'Pact6XRTYyA=',
      ChecksumType: 'FULL_OBJECT',
      ServerSideEncryption: 'AES256',
    })
  })

  it('keeps its headers and metadata', async () => {
    await harness.put('k', 'x', {
      ContentType: 'text/plain',
      CacheControl: 'no-cache',
      ContentDisposition: 'attachment',
      ContentEncoding: 'aws-chunked,gzip',
      ContentLanguage: 'de',
      Expires: 'Tomorrow' as never,
      Metadata: { Name: 'v', umlaut: Buffer.from('ä').toString('latin1') },
    })
    const { output } = await harness.call('HeadObject', { Bucket: 'bucket', Key: 'k' })
    expect(output).toMatchObject({
      ContentType: 'text/plain',
      CacheControl: 'no-cache',
      ContentDisposition: 'attachment',
      ContentEncoding: 'gzip',
      ContentLanguage: 'de',
      Expires: 'Tomorrow',
      Metadata: { name: 'v', umlaut: '=?UTF-8?B?w6Q=?=' },
      AcceptRanges: 'bytes',
      ContentLength: 1,
      LastModified: new Date('2026-01-31T10:11:12Z'),
    })
  })

  it('has a default type, and no encoding that was only of the transport', async () => {
    await harness.put('k', 'x', { ContentEncoding: 'aws-chunked' })
    const { output } = await harness.call('HeadObject', { Bucket: 'bucket', Key: 'k' })
    expect(output.ContentType).toBe('binary/octet-stream')
    expect(output).not.toHaveProperty('ContentEncoding')
    expect(output).not.toHaveProperty('Metadata')
  })

  it('has at most 2 KB of metadata', async () => {
    await harness.put('k', 'x', { Metadata: { a: 'x'.repeat(2047) } })
    expect(
      await harness.fail('PutObject', { Bucket: 'bucket', Key: 'k', Metadata: { a: 'x'.repeat(2048) } }),
    ).toMatchObject({
      status: 400,
      code: 'MetadataTooLarge',
    })
  })

  it('is stored when its key has 1024 bytes, and not when it has one more', async () => {
    await harness.put('ä'.repeat(512), 'x')
    const error = await harness.fail('PutObject', { Bucket: 'bucket', Key: `${'ä'.repeat(512)}x` })
    expect([error.status, error.code, error.message, error.fields]).toEqual([
      400,
      'KeyTooLongError',
      'Your key is too long',
      { Size: 1025, MaxSizeAllowed: 1024 },
    ])
  })

  it('is not kept when its body breaks off', async () => {
    const broken: ByteSource = sourceFrom(
      (async function* () {
        yield Buffer.alloc(10_000)
        throw new Error('gone')
      })(),
      20_000,
    )
    await expect(harness.call('PutObject', { Bucket: 'bucket', Key: 'k', Body: broken })).rejects.toThrow('gone')
    expect((await harness.fail('GetObject', { Bucket: 'bucket', Key: 'k' })).code).toBe('NoSuchKey')
  })

  it('is refused above 5 GiB before a byte is read', async () => {
    const body: ByteSource = { ...sourceOf('x'), length: 5 * 2 ** 30 + 1 }
    expect(await harness.fail('PutObject', { Bucket: 'bucket', Key: 'k', Body: body })).toMatchObject({
      code: 'EntityTooLarge',
    })
  })

  it('needs its bucket', async () => {
    const error = await harness.fail('PutObject', { Bucket: 'absent', Key: 'k', Body: 'x' })
    expect([error.status, error.code, error.fields]).toEqual([404, 'NoSuchBucket', { BucketName: 'absent' }])
  })
})

describe('an absent object', () => {
  it('is 404 for who may list the bucket', async () => {
    const error = await harness.fail('GetObject', { Bucket: 'bucket', Key: 'k' })
    expect([error.status, error.code, error.message, error.fields]).toEqual([
      404,
      'NoSuchKey',
      'The specified key does not exist.',
      { Key: 'k' },
    ])
    expect((await harness.fail('GetObject', { Bucket: 'absent', Key: 'k' })).code).toBe('NoSuchBucket')
  })

  it('is 403 for who may not', async () => {
    const error = await harness.fail('HeadObject', { Bucket: 'bucket', Key: 'k' }, { mayDo: mayNotList })
    expect([error.status, error.code]).toEqual([403, 'AccessDenied'])
    expect(error.message).toContain('is not authorized to perform: s3:ListBucket on resource: "arn:aws:s3:::bucket"')
  })

  it('has no versions', async () => {
    await harness.put('k', 'x')
    const error = await harness.fail('GetObject', { Bucket: 'bucket', Key: 'k', VersionId: 'ABC' })
    expect([error.status, error.code, error.message, error.fields]).toEqual([
      400,
      'InvalidArgument',
      'Invalid version id specified',
      { ArgumentName: 'versionId', ArgumentValue: 'ABC' },
    ])
    expect((await harness.get('k', { VersionId: 'null' })).text).toBe('x')
    expect((await harness.fail('GetObject', { Bucket: 'bucket', Key: 'z', VersionId: 'null' })).code).toBe(
      'NoSuchVersion',
    )
  })
})

describe('a range', () => {
  it.each([
    ['bytes=0-8', 206, '012345678', 'bytes 0-8/10'],
    ['bytes=1-', 206, '123456789', 'bytes 1-9/10'],
    ['bytes=-2', 206, '89', 'bytes 8-9/10'],
    ['bytes=-15', 206, '0123456789', 'bytes 0-9/10'],
    ['bytes=0-100', 206, '0123456789', 'bytes 0-9/10'],
    ['bytes=1-0', undefined, '0123456789', undefined],
    ['bytes=-1-', undefined, '0123456789', undefined],
    ['bytes=0--1', undefined, '0123456789', undefined],
    ['bytes=0-1,3-4', undefined, '0123456789', undefined],
    ['lines=0-1', undefined, '0123456789', undefined],
    ['bytes=-', undefined, '0123456789', undefined],
  ])('%s of ten bytes', async (Range, status, text, contentRange) => {
    await harness.put('k', '0123456789')
    const answer = await harness.get('k', { Range })
    expect([answer.reply.status, answer.text, answer.output.ContentRange]).toEqual([status, text, contentRange])
    expect(answer.output.ContentLength).toBe(text.length)
  })

  it.each(['bytes=-0', 'bytes=100-200', 'bytes=10-'])('%s cannot be satisfied', async (Range) => {
    await harness.put('k', '0123456789')
    const error = await harness.fail('GetObject', { Bucket: 'bucket', Key: 'k', Range })
    expect([error.status, error.code, error.message, error.fields]).toEqual([
      416,
      'InvalidRange',
      'The requested range is not satisfiable',
      { RangeRequested: Range, ActualObjectSize: 10 },
    ])
  })

  it('reads from the middle of a blob', async () => {
    const bytes = Buffer.from(Array.from({ length: 50_000 }, (_, n) => n % 251))
    await harness.put('k', bytes)
    const { output } = await harness.call('GetObject', { Bucket: 'bucket', Key: 'k', Range: 'bytes=20000-29999' })
    expect((await bytesOf(output.Body)).equals(bytes.subarray(20_000, 30_000))).toBe(true)
  })

  it('may be a part number, not both', async () => {
    await harness.put('k', '0123456789')
    const part = await harness.get('k', { PartNumber: 1 })
    expect([part.reply.status, part.output.ContentRange, part.output.PartsCount]).toEqual([
      206,
      'bytes 0-9/10',
      undefined,
    ])
    const beyond = await harness.fail('GetObject', { Bucket: 'bucket', Key: 'k', PartNumber: 2 })
    expect([beyond.status, beyond.code, beyond.fields]).toEqual([
      416,
      'InvalidPartNumber',
      { PartNumberRequested: 2, ActualPartCount: 1 },
    ])
    const both = await harness.fail('GetObject', { Bucket: 'bucket', Key: 'k', PartNumber: 1, Range: 'bytes=0-1' })
    expect(both.message).toBe('Cannot specify both Range header and partNumber query parameter')
  })
})

describe('a conditional read', () => {
  const etag = '437b930db84b8079c2dd804a71936b5f'
  const modified = new Date('2026-01-31T10:11:12Z')
  const before = new Date('2026-01-31T10:11:11Z')
  const after = new Date('2027-01-01T00:00:00Z')
  it.each<[string, object, number | string]>([
    ['If-Match equal', { IfMatch: `"${etag}"` }, 200],
    ['If-Match without quotes', { IfMatch: etag }, 200],
    ['If-Match *', { IfMatch: '*' }, 200],
    ['If-Match different', { IfMatch: '"x"' }, 'If-Match'],
    ['If-Unmodified-Since before', { IfUnmodifiedSince: before }, 'If-Unmodified-Since'],
    ['If-Match true beats If-Unmodified-Since', { IfMatch: etag, IfUnmodifiedSince: before }, 200],
    ['If-None-Match hit', { IfNoneMatch: etag }, 304],
    ['If-None-Match *', { IfNoneMatch: '*' }, 304],
    ['If-None-Match in a list', { IfNoneMatch: `"x", "${etag}"` }, 304],
    ['If-None-Match different', { IfNoneMatch: '"x"' }, 200],
    ['If-Modified-Since equal', { IfModifiedSince: modified }, 304],
    ['If-Modified-Since before', { IfModifiedSince: before }, 200],
    ['If-Modified-Since in the future', { IfModifiedSince: after }, 200],
    ['If-None-Match different, not modified', { IfNoneMatch: '"x"', IfModifiedSince: modified }, 304],
    ['a failed condition before a bad range', { IfNoneMatch: etag, Range: 'bytes=100-' }, 304],
  ])('%s', async (_name, conditions, expected) => {
    await harness.put('k', 'something')
    if (typeof expected === 'string') {
      const error = await harness.fail('GetObject', { Bucket: 'bucket', Key: 'k', ...conditions })
      expect([error.status, error.code, error.fields]).toEqual([412, 'PreconditionFailed', { Condition: expected }])
      return
    }
    const { reply, output } = await harness.call('GetObject', { Bucket: 'bucket', Key: 'k', ...conditions })
    expect(reply.status ?? 200).toBe(expected)
    expect(output.ETag).toBe(`"${etag}"`)
    expect(output.Body === undefined).toBe(expected === 304)
  })
})

const put = (more: object) => ({ Bucket: 'bucket', Key: 'k', Body: 'new', ...more })

describe('a conditional write', () => {
  const etag = '"437b930db84b8079c2dd804a71936b5f"'

  it('If-None-Match: * makes an object once', async () => {
    await harness.call('PutObject', put({ IfNoneMatch: '*' }))
    expect(await harness.fail('PutObject', put({ IfNoneMatch: '*' }))).toMatchObject({
      status: 412,
      fields: { Condition: 'If-None-Match' },
    })
  })

  it('of many at the same time lets one win', async () => {
    const all = Array.from({ length: 20 }, () => harness.call('PutObject', put({ IfNoneMatch: '*' })))
    const outcomes = await Promise.allSettled(all)
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it('If-Match replaces what the client knows', async () => {
    await harness.put('k', 'something')
    expect(await harness.fail('PutObject', put({ IfMatch: '"x"' }))).toMatchObject({
      status: 412,
      fields: { Condition: 'If-Match' },
    })
    await harness.call('PutObject', put({ IfMatch: etag }))
    expect((await harness.get('k')).text).toBe('new')
  })

  it('If-Match on an absent key is 404', async () => {
    expect(await harness.fail('PutObject', put({ IfMatch: etag }))).toMatchObject({ status: 404, code: 'NoSuchKey' })
  })

  it.each([
    [{ IfNoneMatch: etag }, 'If-None-Match', "We don't accept the provided value of If-None-Match header for this API"],
    [{ IfMatch: '*' }, 'If-Match', "We don't accept the provided value of If-Match header for this API"],
    [
      { IfMatch: etag, IfNoneMatch: '*' },
      'If-Match,If-None-Match',
      'Multiple conditional request headers present in the request',
    ],
  ])('%o is not implemented', async (conditions, Header, additionalMessage) => {
    expect(await harness.fail('PutObject', put(conditions))).toMatchObject({
      status: 501,
      code: 'NotImplemented',
      fields: { Header, additionalMessage },
    })
  })
})

describe('overrides of a read', () => {
  it('change the headers of the answer', async () => {
    await harness.put('k', 'x', { ContentType: 'text/plain' })
    const { output } = await harness.get('k', { ResponseContentType: 'text/html', ResponseCacheControl: 'no-store' })
    expect(output).toMatchObject({ ContentType: 'text/html', CacheControl: 'no-store' })
  })

  it('are for signed requests', async () => {
    await harness.put('k', 'x')
    const error = await harness.fail(
      'GetObject',
      { Bucket: 'bucket', Key: 'k', ResponseContentType: 'x' },
      { caller: ANONYMOUS },
    )
    expect([error.status, error.message]).toEqual([
      400,
      'Request specific response headers cannot be used for anonymous GET requests.',
    ])
  })
})

describe('what is not done here', () => {
  it.each<[string, object, number, string]>([
    ['a public ACL', { ACL: 'public-read' }, 400, 'AccessControlListNotSupported'],
    ['an unknown ACL', { ACL: 'mine' }, 400, 'InvalidArgument'],
    ['grants', { GrantRead: `id=${'a'.repeat(64)}` }, 400, 'AccessControlListNotSupported'],
    ['grants beside an ACL', { ACL: 'private', GrantRead: 'id=x' }, 400, 'InvalidRequest'],
    ['KMS', { ServerSideEncryption: 'aws:kms' }, 501, 'NotImplemented'],
    ['an unknown encryption', { ServerSideEncryption: 'ROT13' }, 400, 'InvalidArgument'],
    ['a storage class of other buckets', { StorageClass: 'EXPRESS_ONEZONE' }, 501, 'NotImplemented'],
    ['an unknown storage class', { StorageClass: 'ATTIC' }, 400, 'InvalidStorageClass'],
    ['a redirect to nowhere', { WebsiteRedirectLocation: 'x' }, 400, 'InvalidRedirectLocation'],
    ['a redirect that breaks its header', { WebsiteRedirectLocation: '/x\r\nx: y' }, 400, 'InvalidRedirectLocation'],
    ['a lock', { ObjectLockMode: 'GOVERNANCE' }, 400, 'InvalidRequest'],
    ['appending', { WriteOffsetBytes: 3 }, 501, 'NotImplemented'],
    ['a newer checksum', { ChecksumSHA512: 'x' }, 501, 'NotImplemented'],
  ])('%s is refused', async (_name, more, status, code) => {
    expect(await harness.fail('PutObject', { Bucket: 'bucket', Key: 'k', Body: 'x', ...more })).toMatchObject({
      status,
      code,
    })
    expect((await harness.fail('GetObject', { Bucket: 'bucket', Key: 'k' })).code).toBe('NoSuchKey')
  })

  it.each(['private', 'bucket-owner-full-control'] as const)('the ACL %s changes nothing, and passes', async (ACL) => {
    await harness.put('k', 'x', { ACL })
  })
})

describe('permissions', () => {
  it('of a put say what the request says', async () => {
    const { grants } = await harness.put('k', 'x', { ACL: 'private', Tagging: 'a=1&b=2', IfNoneMatch: '*' })
    const context = {
      's3:ObjectCreationOperation': 'true',
      's3:x-amz-acl': 'private',
      's3:if-none-match': '*',
      's3:RequestObjectTag/a': '1',
      's3:RequestObjectTag/b': '2',
      's3:RequestObjectTagKeys': ['a', 'b'],
    }
    const resource = 'arn:aws:s3:::bucket/k'
    expect(grants).toEqual([
      { action: 's3:PutObject', resource, context },
      { action: 's3:PutObjectAcl', resource, context },
      { action: 's3:PutObjectTagging', resource, context },
    ])
  })

  it('of a read know the tags of the object', async () => {
    await harness.put('k', 'x', { Tagging: 'team=a' })
    const { grants } = await harness.get('k')
    expect(grants).toEqual([
      { action: 's3:GetObject', resource: 'arn:aws:s3:::bucket/k', context: { 's3:ExistingObjectTag/team': 'a' } },
    ])
  })

  it('of a version are other ones', async () => {
    await harness.put('k', 'x')
    const { grants } = await harness.get('k', { VersionId: 'null' })
    expect(grants[0]).toMatchObject({ action: 's3:GetObjectVersion', context: { 's3:versionid': 'null' } })
  })
})
