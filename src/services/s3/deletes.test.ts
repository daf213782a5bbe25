import { beforeEach, describe, expect, it } from 'vitest'
import { S3Harness } from './testing.ts'

let harness: S3Harness
beforeEach(async () => {
  harness = new S3Harness()
  await harness.makeBucket()
})

const MD5 = { headers: { 'content-md5': 'x' } }
const request = (...keys: string[]) => ({ Bucket: 'bucket', Delete: { Objects: keys.map((Key) => ({ Key })) } })

describe('deleting an object', () => {
  it('takes it away, and is no error when there is none', async () => {
    await harness.put('k', 'x')
    for (let time = 0; time < 2; time++) {
      expect((await harness.call('DeleteObject', { Bucket: 'bucket', Key: 'k' })).output).toEqual({})
      expect(await harness.fail('GetObject', { Bucket: 'bucket', Key: 'k' })).toMatchObject({ code: 'NoSuchKey' })
    }
    expect(await harness.fail('DeleteObject', { Bucket: 'absent', Key: 'k' })).toMatchObject({ code: 'NoSuchBucket' })
  })

  it('may depend on its etag', async () => {
    const { output } = await harness.put('k', 'x')
    const wrong = { Bucket: 'bucket', Key: 'k', IfMatch: '"0123"' }
    expect(await harness.fail('DeleteObject', wrong)).toMatchObject({ status: 412, fields: { Condition: 'If-Match' } })
    await harness.call('DeleteObject', { ...wrong, IfMatch: output.ETag })
    await harness.put('k', 'x')
    await harness.call('DeleteObject', { ...wrong, IfMatch: '*' })
    expect(await harness.fail('DeleteObject', { Bucket: 'bucket', Key: 'k', IfMatchSize: 1 })).toMatchObject({
      status: 501,
    })
  })

  it('knows the version null, and no other', async () => {
    await harness.put('k', 'x')
    expect(await harness.fail('DeleteObject', { Bucket: 'bucket', Key: 'k', VersionId: 'x' })).toMatchObject({
      code: 'InvalidArgument',
    })
    const { grants } = await harness.call('DeleteObject', { Bucket: 'bucket', Key: 'k', VersionId: 'null' })
    expect(grants[0]?.action).toBe('s3:DeleteObjectVersion')
  })
})

describe('deleting objects', () => {
  it('lists what went, absent keys too', async () => {
    await harness.put('a', 'x')
    const { output } = await harness.call('DeleteObjects', request('a', 'b'), MD5)
    expect(output).toEqual({ Deleted: [{ Key: 'a' }, { Key: 'b' }] })
  })

  it('refuses each key that is not permitted, and says nothing of the others when quiet', async () => {
    await harness.put('mine', 'x')
    await harness.put('theirs', 'x')
    const { Delete, Bucket } = request('mine', 'theirs')
    const { output } = await harness.call(
      'DeleteObjects',
      { Bucket, Delete: { ...Delete, Quiet: true } },
      { ...MD5, mayDo: ({ resource }) => !resource.endsWith('/theirs') },
    )
    expect(output).toEqual({
      Errors: [{ Key: 'theirs', Code: 'AccessDenied', Message: expect.stringContaining('s3:DeleteObject') }],
    })
    expect((await harness.get('theirs')).text).toBe('x')
  })

  it('reports unknown versions one by one', async () => {
    const Delete = { Objects: [{ Key: 'a', VersionId: 'x' }, { Key: 'b' }] }
    const { output } = await harness.call('DeleteObjects', { Bucket: 'bucket', Delete }, MD5)
    expect(output).toMatchObject({
      Deleted: [{ Key: 'b' }],
      Errors: [{ Key: 'a', VersionId: 'x', Code: 'NoSuchVersion' }],
    })
  })

  it('needs proof that the list came whole', async () => {
    const error = await harness.fail('DeleteObjects', request('a'))
    expect([error.code, error.message]).toEqual([
      'InvalidRequest',
      'Missing required header for this request: Content-MD5 OR x-amz-checksum-*',
    ])
    await harness.call('DeleteObjects', request('a'), { headers: { 'x-amz-checksum-crc32': 'x' } })
    await harness.call('DeleteObjects', request('a'), { headers: { 'x-amz-trailer': 'x-amz-checksum-crc32' } })
  })

  it('takes 1 to 1000 keys', async () => {
    const keys = Array.from({ length: 1001 }, (_, n) => `k${n}`)
    expect(await harness.fail('DeleteObjects', request(...keys), MD5)).toMatchObject({ code: 'MalformedXML' })
    expect(await harness.fail('DeleteObjects', request(), MD5)).toMatchObject({ code: 'MalformedXML' })
    const { output } = await harness.call('DeleteObjects', request(...keys.slice(1)), MD5)
    expect(output.Deleted).toHaveLength(1000)
  })
})
