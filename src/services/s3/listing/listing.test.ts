import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { S3Harness } from '../testing.ts'
import { compareUtf8 } from './walk.ts'

let harness: S3Harness
beforeEach(async () => {
  harness = new S3Harness()
  await harness.makeBucket()
})

async function fill(...keys: string[]): Promise<void> {
  for (const key of keys) await harness.put(key, 'x')
}
async function v2(input: object = {}) {
  const { output } = await harness.call('ListObjectsV2', { Bucket: 'bucket', ...input })
  return {
    ...output,
    keys: output.Contents?.map(({ Key }) => Key),
    prefixes: output.CommonPrefixes?.map(({ Prefix }) => Prefix),
  }
}
async function v1(input: object = {}) {
  const { output } = await harness.call('ListObjects', { Bucket: 'bucket', ...input })
  return {
    ...output,
    keys: output.Contents?.map(({ Key }) => Key),
    prefixes: output.CommonPrefixes?.map(({ Prefix }) => Prefix),
  }
}

describe('a listing', () => {
  it('is in the order of UTF-8 bytes, and normalises nothing', async () => {
    const keys = ['a', 'a/', 'a/../b', 'a//b', '～x', '😀']
    await fill(...[...keys].reverse())
    expect((await v2()).keys).toEqual(keys)
    for (const key of keys) expect((await harness.get(key)).text).toBe('x')
  })

  it('describes objects', async () => {
    await harness.put('k', 'something')
    const item = {
      Key: 'k',
      LastModified: new Date('2026-01-31T10:11:12Z'),
      ETag: '"437b930db84b8079c2dd804a71936b5f"',
      ChecksumAlgorithm: ['CRC64NVME'],
      ChecksumType: 'FULL_OBJECT',
      Size: 9,
      StorageClass: 'STANDARD',
    }
    expect((await v2()).Contents).toEqual([item])
    expect((await v2({ FetchOwner: true })).Contents).toEqual([
      { ...item, Owner: { ID: expect.stringMatching(/^[0-9a-f]{64}$/) } },
    ])
    expect((await v1()).Contents?.[0]).toHaveProperty('Owner')
  })

  it('groups keys by a delimiter, a page may end after a group', async () => {
    await fill('test/a/1', 'test/a/2', 'test/b/1', 'test/b/2', 'other')
    const first = await v2({ Prefix: 'test/', Delimiter: '/', MaxKeys: 1 })
    expect(first).toMatchObject({ KeyCount: 1, prefixes: ['test/a/'], keys: [], IsTruncated: true })
    const second = await v2({
      Prefix: 'test/',
      Delimiter: '/',
      MaxKeys: 1,
      ContinuationToken: first.NextContinuationToken,
    })
    expect(second).toMatchObject({ KeyCount: 1, prefixes: ['test/b/'], IsTruncated: false })
    expect(second).not.toHaveProperty('NextContinuationToken')
    expect(second.ContinuationToken).toBe(first.NextContinuationToken)
  })

  it('jumps over groups instead of reading them', async () => {
    await fill(...Array.from({ length: 500 }, (_, n) => `a/${n}`), 'b', 'c/1')
    let reads = 0
    const list = harness.store.list.bind(harness.store)
    harness.store.list = async (range) => {
      const entries = await list(range)
      reads += entries.length
      return entries
    }
    expect(await v2({ Delimiter: '/' })).toMatchObject({ prefixes: ['a/', 'c/'], keys: ['b'] })
    expect(reads).toBeLessThan(150)
  })

  it('of no keys is empty and complete', async () => {
    await fill('a')
    expect(await v2({ MaxKeys: 0 })).toMatchObject({ KeyCount: 0, MaxKeys: 0, IsTruncated: false, keys: [] })
  })

  it('has at most 1000 keys', async () => {
    expect((await v2({ MaxKeys: 5000 })).MaxKeys).toBe(1000)
    expect(await harness.fail('ListObjectsV2', { Bucket: 'bucket', MaxKeys: -1 })).toMatchObject({
      code: 'InvalidArgument',
    })
  })

  it('starts after a key, unless it is continued', async () => {
    await fill('a', 'b', 'c', 'd')
    const first = await v2({ StartAfter: 'a', MaxKeys: 1 })
    expect(first).toMatchObject({ keys: ['b'], StartAfter: 'a' })
    const next = await v2({ StartAfter: 'c', MaxKeys: 1, ContinuationToken: first.NextContinuationToken })
    expect(next.keys).toEqual(['c'])
  })

  it('does not take a made-up token', async () => {
    for (const ContinuationToken of ['nonsense', '', 'AAAAAAAAAAAA']) {
      const error = await harness.fail('ListObjectsV2', { Bucket: 'bucket', ContinuationToken })
      expect([error.status, error.message, error.fields]).toEqual([
        400,
        'The continuation token provided is incorrect',
        { ArgumentName: 'continuation-token', ArgumentValue: ContinuationToken },
      ])
    }
  })

  it('encodes names as URLs when asked, and knows no other encoding', async () => {
    await fill('date=1/ x', 'date=1/y/z')
    expect(await v2({ EncodingType: 'url', Prefix: 'date=1/', Delimiter: '/' })).toMatchObject({
      keys: ['date%3D1/+x'],
      prefixes: ['date%3D1/y/'],
      Prefix: 'date%3D1/',
      EncodingType: 'url',
    })
    for (const EncodingType of ['value', '']) {
      const error = await harness.fail('ListObjects', { Bucket: 'bucket', EncodingType: EncodingType as never })
      expect([error.status, error.message]).toEqual([400, 'Invalid Encoding Method specified in Request'])
    }
  })

  it('asks for permission with what was sent', async () => {
    const { grants } = await harness.call('ListObjectsV2', { Bucket: 'bucket', Prefix: '', MaxKeys: 5 })
    expect(grants).toEqual([
      { action: 's3:ListBucket', resource: 'arn:aws:s3:::bucket', context: { 's3:prefix': '', 's3:max-keys': '5' } },
    ])
  })
})

describe('a listing of the first version', () => {
  it('names the next marker only with a delimiter', async () => {
    await fill('a', 'b', 'c/1', 'c/2', 'd')
    const plain = await v1({ MaxKeys: 1 })
    expect(plain).toMatchObject({ Marker: '', keys: ['a'], IsTruncated: true })
    expect(plain).not.toHaveProperty('NextMarker')
    const grouped = await v1({ MaxKeys: 3, Delimiter: '/' })
    expect(grouped).toMatchObject({ keys: ['a', 'b'], prefixes: ['c/'], NextMarker: 'c/' })
    expect(await v1({ Marker: 'c/', Delimiter: '/' })).toMatchObject({ keys: ['d'], prefixes: [] })
  })

  it('does not report a group again whose middle is the marker', async () => {
    await fill('a/1', 'a/2', 'b')
    expect(await v1({ Marker: 'a/1', Delimiter: '/' })).toMatchObject({ prefixes: [], keys: ['b'] })
    expect(await v1({ Marker: 'Z', Delimiter: '/' })).toMatchObject({ prefixes: ['a/'], keys: ['b'] })
  })
})

describe('pages', () => {
  it('put together are the whole, whatever the keys, prefix, delimiter and size', async () => {
    const key = fc.string({ unit: fc.constantFrom('a', 'b', '/', '\0', 'ä', '😀', '￿'), minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(key, { maxLength: 20 }),
        fc.string({ unit: fc.constantFrom('a', '/'), maxLength: 2 }),
        fc.constantFrom('', '/', 'a', '//'),
        fc.integer({ min: 1, max: 4 }),
        async (keys, prefix, delimiter, size) => {
          harness = new S3Harness()
          await harness.makeBucket()
          await fill(...keys)
          const expected = new Set<string>()
          for (const one of keys.toSorted(compareUtf8).filter((text) => text.startsWith(prefix))) {
            const at = delimiter === '' ? -1 : one.indexOf(delimiter, prefix.length)
            expected.add(at === -1 ? one : `${one.slice(0, at + delimiter.length)} (group)`)
          }
          const found: string[] = []
          let token: string | undefined
          do {
            const page = await v2({
              Prefix: prefix,
              Delimiter: delimiter,
              MaxKeys: size,
              ...(token && { ContinuationToken: token }),
            })
            const items = [...(page.keys ?? []), ...(page.prefixes ?? []).map((text) => `${text} (group)`)] as string[]
            expect(items.length).toBe(page.KeyCount)
            expect(items.length).toBeLessThanOrEqual(size)
            found.push(...items)
            token = page.NextContinuationToken
          } while (token !== undefined)
          expect(new Set(found)).toEqual(expected)
          expect(found.length).toBe(expected.size)
        },
      ),
      { numRuns: 150 },
    )
  })
})
