import { beforeEach, describe, expect, it } from 'vitest'
import { type ByteSource, sourceOf } from '../../std/byte-source.ts'
import { type DigestName, digestOne } from '../../std/digest.ts'
import { S3Harness } from './testing.ts'

let harness: S3Harness
beforeEach(async () => {
  harness = new S3Harness()
  await harness.makeBucket()
})

const ALGORITHMS = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const
const checksum = (text: string, algorithm: string) =>
  digestOne(Buffer.from(text), algorithm.toLowerCase() as DigestName).toString('base64')

function withTrailers(text: string, trailers: Record<string, string>): ByteSource {
  return { ...sourceOf(text), trailers }
}

describe('a checksum', () => {
  it.each(ALGORITHMS)('%s is verified, kept and shown on demand', async (algorithm) => {
    const member = { [`Checksum${algorithm}`]: checksum('test', algorithm) }
    const { output } = await harness.put('k', 'test', { ChecksumAlgorithm: algorithm, ...member })
    expect(output).toMatchObject({ ...member, ChecksumType: 'FULL_OBJECT' })
    expect((await harness.get('k', { ChecksumMode: 'ENABLED' })).output).toMatchObject({
      ...member,
      ChecksumType: 'FULL_OBJECT',
    })
    expect((await harness.get('k')).output).not.toHaveProperty(`Checksum${algorithm}`)
    const partial = await harness.get('k', { ChecksumMode: 'ENABLED', Range: 'bytes=0-1' })
    expect(partial.output).not.toHaveProperty(`Checksum${algorithm}`)
  })

  it.each(ALGORITHMS)('%s that is wrong stores nothing', async (algorithm) => {
    for (const text of ['test', 'x'.repeat(10_000)]) {
      const error = await harness.fail('PutObject', {
        Bucket: 'bucket',
        Key: 'k',
        Body: text,
        [`Checksum${algorithm}`]: checksum('other', algorithm),
      })
      expect([error.status, error.code, error.message]).toEqual([
        400,
        'BadDigest',
        `The ${algorithm} you specified did not match the calculated checksum.`,
      ])
    }
    expect((await harness.fail('GetObject', { Bucket: 'bucket', Key: 'k' })).code).toBe('NoSuchKey')
    expect(await harness.blobIds()).toEqual([])
  })

  it.each(['', 'not base64', 'AAAA', 'AAAAAAAAAAAAAA=='])('of the form "%s" is invalid', async (ChecksumCRC32) => {
    const error = await harness.fail('PutObject', { Bucket: 'bucket', Key: 'k', Body: 'x', ChecksumCRC32 })
    expect([error.code, error.message]).toEqual(['InvalidRequest', 'Value for x-amz-checksum-crc32 header is invalid.'])
  })

  it('is one at most', async () => {
    const error = await harness.fail('PutObject', {
      Bucket: 'bucket',
      Key: 'k',
      Body: 'x',
      ChecksumCRC32: checksum('x', 'CRC32'),
      ChecksumSHA1: checksum('x', 'SHA1'),
    })
    expect(error.message).toBe('Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.')
  })

  it('that is announced must come', async () => {
    const error = await harness.fail('PutObject', { Bucket: 'bucket', Key: 'k', Body: 'x', ChecksumAlgorithm: 'CRC32' })
    expect(error.message).toBe(
      'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
    )
  })
})

describe('a trailing checksum', () => {
  const headers = { 'x-amz-trailer': 'x-amz-checksum-crc32' }

  it.each(['test', 'x'.repeat(10_000)])('is verified after the body', async (text) => {
    const Body = withTrailers(text, { 'x-amz-checksum-crc32': checksum(text, 'CRC32') })
    const { output } = await harness.call('PutObject', { Bucket: 'bucket', Key: 'k', Body }, { headers })
    expect(output.ChecksumCRC32).toBe(checksum(text, 'CRC32'))
    expect((await harness.get('k')).text).toBe(text)
  })

  it('that is wrong stores nothing', async () => {
    const Body = withTrailers('test', { 'x-amz-checksum-crc32': checksum('other', 'CRC32') })
    const error = await harness.fail('PutObject', { Bucket: 'bucket', Key: 'k', Body }, { headers })
    expect([error.code, error.message]).toEqual([
      'BadDigest',
      'The CRC32 you specified did not match the calculated checksum.',
    ])
    expect((await harness.fail('GetObject', { Bucket: 'bucket', Key: 'k' })).code).toBe('NoSuchKey')
  })

  it('that does not come is malformed', async () => {
    const Body = withTrailers('test', {})
    expect(await harness.fail('PutObject', { Bucket: 'bucket', Key: 'k', Body }, { headers })).toMatchObject({
      code: 'MalformedTrailerError',
    })
  })
})

describe('Content-MD5', () => {
  it('passes when it is right', async () => {
    await harness.put('k', 'something', {
      ContentMD5: Buffer.from('437b930db84b8079c2dd804a71936b5f', 'hex').toString('base64'),
    })
  })

  it('is refused when it is none', async () => {
    const error = await harness.fail('PutObject', { Bucket: 'bucket', Key: 'k', Body: 'x', ContentMD5: '000' })
    expect([error.status, error.code, error.message, error.fields]).toEqual([
      400,
      'InvalidDigest',
      'The Content-MD5 you specified was invalid.',
      { 'Content-MD5': '000' },
    ])
  })

  it('is refused when it is wrong', async () => {
    const wrong = Buffer.alloc(16).toString('base64')
    const error = await harness.fail('PutObject', { Bucket: 'bucket', Key: 'k', Body: 'something', ContentMD5: wrong })
    expect([error.code, error.message, error.fields]).toEqual([
      'BadDigest',
      'The Content-MD5 you specified did not match what we received.',
      {
        ExpectedDigest: wrong,
        CalculatedDigest: Buffer.from('437b930db84b8079c2dd804a71936b5f', 'hex').toString('base64'),
      },
    ])
  })
})
