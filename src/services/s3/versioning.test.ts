import { beforeEach, describe, expect, it } from 'vitest'
import { OWNER, S3Harness } from './testing.ts'

const Bucket = 'bucket'
const EMPTY_MD5 = 'd41d8cd98f00b204e9800998ecf8427e'
let harness: S3Harness

beforeEach(async () => {
  harness = new S3Harness()
  await harness.makeBucket()
})

async function setVersioning(Status: 'Enabled' | 'Suspended'): Promise<void> {
  await harness.call('PutBucketVersioning', { Bucket, VersioningConfiguration: { Status } })
}

async function put(Key: string, text: string): Promise<string> {
  return (await harness.put(Key, text)).output.VersionId ?? 'null'
}

async function remove(Key: string, VersionId?: string) {
  const versioned = VersionId !== undefined && { VersionId }
  return (await harness.call('DeleteObject', { Bucket, Key, ...versioned })).output
}

function star({ IsLatest }: { IsLatest?: boolean | undefined }): string {
  return IsLatest ? '*' : ''
}

async function status() {
  return (await harness.call('GetBucketVersioning', { Bucket })).output
}

/** `k=id*` for versions, `k-id` for markers, `*` for the latest; first versions, then markers, as the answer has them. */
async function list(input: Parameters<typeof harness.call<'ListObjectVersions'>>[1] = {}): Promise<string[]> {
  const { output } = await harness.call('ListObjectVersions', { Bucket, ...input })
  return [
    ...(output.Versions ?? []).map((one) => `${one.Key}=${one.VersionId}${star(one)}`),
    ...(output.DeleteMarkers ?? []).map((one) => `${one.Key}-${one.VersionId}${star(one)}`),
    ...(output.CommonPrefixes ?? []).map(({ Prefix }) => `${Prefix}`),
  ]
}

async function pageAfter(input: object): Promise<{ KeyMarker?: string; VersionIdMarker?: string } | undefined> {
  const { output } = await harness.call('ListObjectVersions', { Bucket, ...input })
  const { IsTruncated, NextKeyMarker: KeyMarker = '', NextVersionIdMarker: VersionIdMarker } = output
  return IsTruncated ? { KeyMarker, ...(VersionIdMarker !== undefined && { VersionIdMarker }) } : undefined
}

async function actions(call: Promise<{ grants: readonly { action: string }[] }>): Promise<string[]> {
  return (await call).grants.map(({ action }) => action)
}

describe('the versioning of a bucket', () => {
  it('is unset, enabled or suspended', async () => {
    expect(await status()).toEqual({})
    await setVersioning('Suspended')
    expect(await status()).toEqual({ Status: 'Suspended' })
    await setVersioning('Enabled')
    expect(await status()).toEqual({ Status: 'Enabled' })
  })

  it.each([
    [{}, 'IllegalVersioningConfigurationException'],
    [{ Status: 'enabled' }, 'MalformedXML'],
    [{ Status: 'Enabled', MFADelete: 'Enabled' }, 'NotImplemented'],
    [{ Status: 'Enabled', MFADelete: 'yes' }, 'MalformedXML'],
  ])('refuses %j', async (configuration, code) => {
    const VersioningConfiguration = configuration as { Status: 'Enabled' }
    expect((await harness.fail('PutBucketVersioning', { Bucket, VersioningConfiguration })).code).toBe(code)
    expect((await harness.call('GetBucketVersioning', { Bucket })).output).toEqual({})
  })
})

describe('a versioned bucket', () => {
  beforeEach(() => setVersioning('Enabled'))

  it('keeps what is overwritten under an id of its own', async () => {
    const first = await put('k', 'one')
    const second = await put('k', 'two')
    expect(first).toMatch(/^[A-Za-z0-9._]{32}$/)
    expect(second).not.toBe(first)
    expect(await harness.get('k')).toMatchObject({ text: 'two', output: { VersionId: second } })
    expect(await harness.get('k', { VersionId: first })).toMatchObject({ text: 'one', output: { VersionId: first } })
    const head = await harness.call('HeadObject', { Bucket, Key: 'k', VersionId: first })
    expect(head.output).toMatchObject({ VersionId: first, ContentLength: 3 })
    expect(await list()).toEqual([`k=${second}*`, `k=${first}`])
  })

  it('keeps bodies of every kind until their version goes', async () => {
    const big = await put('k', 'b'.repeat(9000))
    await put('k', '')
    await put('k', 'small')
    await harness.collect()
    expect((await harness.get('k', { VersionId: big })).text).toBe('b'.repeat(9000))
    await remove('k', big)
    await harness.collect()
    expect(await harness.blobIds()).toEqual([])
  })

  it('answers a key under a delete marker as gone, and says so', async () => {
    const version = await put('k', 'one')
    const marker = await remove('k')
    expect(marker).toEqual({ DeleteMarker: true, VersionId: expect.stringMatching(/^[A-Za-z0-9._]{32}$/) })
    const markerId = marker.VersionId as string
    expect(await harness.fail('GetObject', { Bucket, Key: 'k' })).toMatchObject({
      code: 'NoSuchKey',
      status: 404,
      headers: { 'x-amz-delete-marker': 'true', 'x-amz-version-id': markerId },
    })
    expect(await harness.fail('HeadObject', { Bucket, Key: 'k', VersionId: markerId })).toMatchObject({
      code: 'MethodNotAllowed',
      status: 405,
      fields: { ResourceType: 'DeleteMarker' },
      headers: { allow: 'DELETE', 'x-amz-delete-marker': 'true' },
    })
    expect((await harness.get('k', { VersionId: version })).text).toBe('one')
    const { output } = await harness.call('ListObjectsV2', { Bucket })
    expect(output.Contents).toEqual([])
    expect(await list()).toEqual([`k=${version}`, `k-${markerId}*`])
  })

  it('puts a marker on keys that never were, and on markers', async () => {
    const first = (await remove('k')).VersionId
    const second = (await remove('k')).VersionId
    expect(await list()).toEqual([`k-${second}*`, `k-${first}`])
  })

  it('brings back what is below a marker or version that is deleted', async () => {
    const first = await put('k', 'one')
    const second = await put('k', 'two')
    const { VersionId: marker = '' } = await remove('k')
    expect(await remove('k', marker)).toEqual({ DeleteMarker: true, VersionId: marker })
    expect((await harness.get('k')).text).toBe('two')
    expect(await remove('k', second)).toEqual({ VersionId: second })
    expect((await harness.get('k')).output.VersionId).toBe(first)
    await remove('k', first)
    expect((await harness.fail('GetObject', { Bucket, Key: 'k' })).headers).toEqual({})
    expect(await list()).toEqual([])
  })

  it('knows ids that cannot be, and ids that are not', async () => {
    await put('k', 'one')
    const absent = 'A'.repeat(32)
    expect(await harness.fail('GetObject', { Bucket, Key: 'k', VersionId: 'x' })).toMatchObject({
      code: 'InvalidArgument',
      message: 'Invalid version id specified',
      fields: { ArgumentName: 'versionId', ArgumentValue: 'x' },
    })
    expect((await harness.fail('GetObject', { Bucket, Key: 'k', VersionId: absent })).code).toBe('NoSuchVersion')
    expect((await harness.fail('GetObject', { Bucket, Key: 'k', VersionId: 'null' })).code).toBe('NoSuchVersion')
    expect((await harness.fail('DeleteObject', { Bucket, Key: 'k', VersionId: 'x' })).code).toBe('InvalidArgument')
    expect(await remove('k', absent)).toEqual({ VersionId: absent })
    expect(await list()).toHaveLength(1)
  })

  it('deletes many keys and versions in one call', async () => {
    const first = await put('a', 'one')
    const second = await put('a', 'two')
    const Objects = [{ Key: 'a', VersionId: first }, { Key: 'b' }, { Key: 'a', VersionId: 'B'.repeat(32) }]
    const { output } = await harness.call(
      'DeleteObjects',
      { Bucket, Delete: { Objects } },
      { headers: { 'content-md5': 'x' } },
    )
    expect(output).toEqual({
      Deleted: [
        { Key: 'a', VersionId: first },
        { Key: 'b', DeleteMarker: true, DeleteMarkerVersionId: expect.any(String) },
      ],
      Errors: [{ Key: 'a', VersionId: 'B'.repeat(32), Code: 'NoSuchVersion', Message: expect.any(String) }],
    })
    const marker = output.Deleted?.[1]?.DeleteMarkerVersionId as string
    expect(await list()).toEqual([`a=${second}*`, `b-${marker}*`])
    const again = await harness.call(
      'DeleteObjects',
      { Bucket, Delete: { Objects: [{ Key: 'b', VersionId: marker }] } },
      { headers: { 'content-md5': 'x' } },
    )
    expect(again.output.Deleted).toEqual([
      { Key: 'b', VersionId: marker, DeleteMarker: true, DeleteMarkerVersionId: marker },
    ])
  })

  it('checks conditions of a deletion against what is to go', async () => {
    const first = await put('k', 'one')
    await put('k', 'two')
    const { output } = await harness.get('k')
    const wrong = { Bucket, Key: 'k', IfMatch: '"x"' }
    expect((await harness.fail('DeleteObject', wrong)).code).toBe('PreconditionFailed')
    const older = { ...wrong, VersionId: first, IfMatch: output.ETag as string }
    expect((await harness.fail('DeleteObject', older)).code).toBe('PreconditionFailed')
    expect((await harness.call('DeleteObject', { ...wrong, IfMatch: output.ETag as string })).output.DeleteMarker).toBe(
      true,
    )
    expect((await harness.fail('DeleteObject', wrong)).code).toBe('NoSuchKey')
  })

  it('lets conditional writes see a marker as absence', async () => {
    await put('k', 'one')
    await remove('k')
    const etag = '"f97c5d29941bfb1b2fdab0874906ab82"'
    const match = { Bucket, Key: 'k', Body: 'x', IfMatch: etag }
    expect((await harness.fail('PutObject', match)).code).toBe('NoSuchKey')
    await harness.put('k', 'two', { IfNoneMatch: '*' })
    expect((await harness.get('k')).text).toBe('two')
    expect(await list()).toHaveLength(3)
  })

  it('keeps tags and attributes per version', async () => {
    const first = await put('k', 'one')
    const second = await put('k', 'two')
    const tagged = await harness.call('PutObjectTagging', {
      Bucket,
      Key: 'k',
      VersionId: first,
      Tagging: { TagSet: [{ Key: 'a', Value: 'b' }] },
    })
    expect(tagged.output).toEqual({ VersionId: first })
    expect(tagged.grants[0]).toMatchObject({
      action: 's3:PutObjectVersionTagging',
      context: { 's3:versionid': first },
    })
    const tags = async (VersionId: string) =>
      (await harness.call('GetObjectTagging', { Bucket, Key: 'k', VersionId })).output.TagSet
    expect(await tags(first)).toEqual([{ Key: 'a', Value: 'b' }])
    expect(await tags(second)).toEqual([])
    await harness.call('DeleteObjectTagging', { Bucket, Key: 'k', VersionId: first })
    expect(await tags(first)).toEqual([])
    const attributes = await harness.call('GetObjectAttributes', {
      Bucket,
      Key: 'k',
      VersionId: first,
      ObjectAttributes: ['ObjectSize'],
    })
    expect(attributes.output).toMatchObject({ VersionId: first, ObjectSize: 3 })
  })

  it('allows nothing on a current marker but reads that find nothing', async () => {
    await put('k', 'one')
    await remove('k')
    const target = { Bucket, Key: 'k' }
    expect((await harness.fail('GetObjectTagging', target)).status).toBe(405)
    expect((await harness.fail('PutObjectTagging', { ...target, Tagging: { TagSet: [] } })).status).toBe(405)
    expect((await harness.fail('DeleteObjectTagging', target)).status).toBe(405)
    expect((await harness.fail('PutObjectAcl', { ...target, ACL: 'private' })).status).toBe(405)
    expect((await harness.fail('GetObjectAcl', target)).status).toBe(404)
    expect((await harness.fail('GetObjectAttributes', { ...target, ObjectAttributes: ['ETag'] })).status).toBe(404)
  })

  it('copies older versions, onto their own key too', async () => {
    const first = await put('k', 'one')
    await put('k', 'two')
    const CopySource = `bucket/k?versionId=${first}`
    const { output } = await harness.call('CopyObject', { Bucket, Key: 'k', CopySource })
    expect(output).toMatchObject({ CopySourceVersionId: first, VersionId: expect.any(String) })
    expect(output.VersionId).not.toBe(first)
    expect((await harness.get('k')).text).toBe('one')
    const { VersionId: marker = '' } = await remove('k')
    expect((await harness.fail('CopyObject', { Bucket, Key: 'x', CopySource: 'bucket/k' })).code).toBe('NoSuchKey')
    const named = { Bucket, Key: 'x', CopySource: `bucket/k?versionId=${marker}` }
    expect(await harness.fail('CopyObject', named)).toMatchObject({
      code: 'InvalidRequest',
      message: 'The source of a copy request may not specifically refer to a delete marker by version id.',
    })
  })

  it('shares the blob of a version that is copied', async () => {
    const first = await put('k', 'b'.repeat(9000))
    await put('k', 'two')
    await harness.call('CopyObject', { Bucket, Key: 'c', CopySource: `bucket/k?versionId=${first}` })
    expect(await harness.blobIds()).toHaveLength(1)
    await remove('k', first)
    await harness.collect()
    expect((await harness.get('c')).text).toBe('b'.repeat(9000))
  })

  it('makes a version of a completed upload, and tells it again when asked again', async () => {
    const first = await put('k', 'one')
    const { output: begun } = await harness.call('CreateMultipartUpload', { Bucket, Key: 'k' })
    const upload = { Bucket, Key: 'k', UploadId: begun.UploadId as string }
    const { output: part } = await harness.call('UploadPart', { ...upload, PartNumber: 1, Body: 'parts' })
    const complete = { ...upload, MultipartUpload: { Parts: [{ PartNumber: 1, ETag: part.ETag }] } }
    const { output } = await harness.call('CompleteMultipartUpload', complete)
    const again = await harness.call('CompleteMultipartUpload', complete)
    expect(again.output.VersionId).toBe(output.VersionId)
    expect(await list()).toEqual([`k=${output.VersionId}*`, `k=${first}`])
    await put('k', 'three')
    await harness.collect()
    expect((await harness.get('k', { VersionId: output.VersionId as string })).text).toBe('parts')
  })

  it('cannot be deleted while a version or marker is left', async () => {
    const { VersionId: marker = '' } = await remove('k')
    expect(await harness.fail('DeleteBucket', { Bucket })).toMatchObject({
      code: 'BucketNotEmpty',
      message: 'The bucket you tried to delete is not empty. You must delete all versions in the bucket.',
    })
    await remove('k', marker)
    await harness.call('DeleteBucket', { Bucket })
  })

  it('asks for permissions of versions', async () => {
    const first = await put('k', 'one')
    expect(await actions(harness.get('k', { VersionId: first }))).toEqual(['s3:GetObjectVersion'])
    expect(await actions(harness.call('ListObjectVersions', { Bucket }))).toEqual(['s3:ListBucketVersions'])
    expect(await actions(harness.call('GetObjectAcl', { Bucket, Key: 'k', VersionId: first }))).toEqual([
      's3:GetObjectVersionAcl',
    ])
    expect(await actions(harness.call('DeleteObject', { Bucket, Key: 'k', VersionId: first }))).toEqual([
      's3:DeleteObjectVersion',
    ])
    const hidden = { mayDo: ({ action }: { action: string }) => action !== 's3:ListBucketVersions' }
    const absent = { Bucket, Key: 'k', VersionId: 'A'.repeat(32) }
    expect((await harness.fail('GetObject', absent, { ...hidden, caller: OWNER })).code).toBe('AccessDenied')
  })

  it('tells what happens to versions in events', async () => {
    await harness.notify({ Events: ['s3:ObjectCreated:*', 's3:ObjectRemoved:*', 's3:ObjectTagging:*'] })
    const first = await put('k', 'one')
    await put('k', 'two')
    await harness.call('DeleteObjectTagging', { Bucket, Key: 'k', VersionId: first })
    const { VersionId: marker = '' } = await remove('k')
    await remove('k', first)
    await setVersioning('Suspended')
    await put('k', 'three')
    await remove('k', marker)
    await remove('k', 'A'.repeat(32))
    const records = harness.deliveries.records().map(({ eventName, s3 }) => ({ eventName, ...s3.object }))
    const sequencer = expect.any(String)
    expect(records.map(({ eventName }) => eventName)).toEqual([
      'ObjectCreated:Put',
      'ObjectCreated:Put',
      'ObjectTagging:Delete',
      'ObjectRemoved:DeleteMarkerCreated',
      'ObjectRemoved:Delete',
      'ObjectCreated:Put',
      'ObjectRemoved:Delete',
    ])
    expect(records[0]).toMatchObject({ versionId: first, size: 3 })
    expect(records[2]).toEqual({
      eventName: 'ObjectTagging:Delete',
      key: 'k',
      eTag: expect.any(String),
      versionId: first,
    })
    expect(records[3]).toEqual({
      eventName: 'ObjectRemoved:DeleteMarkerCreated',
      key: 'k',
      eTag: EMPTY_MD5,
      versionId: marker,
      sequencer,
    })
    expect(records[4]).toEqual({ eventName: 'ObjectRemoved:Delete', key: 'k', versionId: first, sequencer })
    expect('versionId' in (records[5] as object)).toBe(false)
    expect(records[6]).toEqual({ eventName: 'ObjectRemoved:Delete', key: 'k', versionId: marker, sequencer })
  })

  it('does not tell of markers to who asked for deletions', async () => {
    await harness.notify({ Events: ['s3:ObjectRemoved:Delete'] })
    await remove('k')
    expect(harness.deliveries.records()).toEqual([])
  })

  it('takes deletions that happen at the same time', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, (_, index) => put('k', `${index}`)))
    const markers = await Promise.all(Array.from({ length: 10 }, () => remove('k')))
    await Promise.all([...ids, ...markers.map(({ VersionId }) => VersionId as string)].map((id) => remove('k', id)))
    expect(await list()).toEqual([])
    expect(await harness.blobIds()).toEqual([])
  })
})

describe('a bucket whose versioning is suspended', () => {
  it('has one version null, wherever that lies', async () => {
    await put('k', 'before')
    await setVersioning('Enabled')
    expect((await harness.get('k')).output.VersionId).toBe('null')
    const kept = await put('k', 'kept')
    expect(await list()).toEqual([`k=${kept}*`, 'k=null'])
    await setVersioning('Suspended')
    const { output } = await harness.put('k', 'after')
    expect(output.VersionId).toBeUndefined()
    expect(await list()).toEqual(['k=null*', `k=${kept}`])
    expect((await harness.get('k', { VersionId: 'null' })).text).toBe('after')
    await put('k', 'again')
    expect(await list()).toEqual(['k=null*', `k=${kept}`])
  })

  it('puts a marker null in the place of the version null', async () => {
    await setVersioning('Enabled')
    const kept = await put('k', 'kept')
    await setVersioning('Suspended')
    await put('k', 'b'.repeat(9000))
    expect(await remove('k')).toEqual({ DeleteMarker: true, VersionId: 'null' })
    expect(await list()).toEqual([`k=${kept}`, 'k-null*'])
    await harness.collect()
    expect(await harness.blobIds()).toEqual([])
    expect(await remove('k', 'null')).toEqual({ DeleteMarker: true, VersionId: 'null' })
    expect((await harness.get('k')).text).toBe('kept')
  })

  it('replaces a version null that newer ones lie on', async () => {
    await put('k', 'b'.repeat(9000))
    await setVersioning('Enabled')
    const kept = await put('k', 'kept')
    await setVersioning('Suspended')
    await remove('k')
    await harness.collect()
    expect(await harness.blobIds()).toEqual([])
    expect(await list()).toEqual([`k=${kept}`, 'k-null*'])
    await setVersioning('Enabled')
    const last = await put('k', 'last')
    expect(await list()).toEqual([`k=${last}*`, `k=${kept}`, 'k-null'])
    await remove('k', 'null')
    expect(await list()).toEqual([`k=${last}*`, `k=${kept}`])
  })
})

describe('listing versions', () => {
  it('shows the objects of a bucket that never had any as null', async () => {
    await put('a', 'x')
    expect(await list()).toEqual(['a=null*'])
  })

  it('pages through keys and versions, one at a time, and misses none', async () => {
    await put('b/1', 'null version')
    await setVersioning('Enabled')
    for (const key of ['a', 'b/1', 'b/2', 'a', 'c', 'b/1', '～', '😀']) await put(key, 'x')
    await remove('a')
    await remove('c')
    const all = await list()
    for (const size of [1, 2, 3]) {
      const found: string[] = []
      let at: { KeyMarker?: string; VersionIdMarker?: string } | undefined = {}
      while (at !== undefined) {
        found.push(...(await list({ MaxKeys: size, ...at })))
        at = await pageAfter({ MaxKeys: size, ...at })
      }
      expect(found.toSorted()).toEqual(all.toSorted())
    }
  })

  it('reports a common prefix of all kinds of versions once', async () => {
    await setVersioning('Enabled')
    await put('p/a', 'x')
    await put('p/a', 'x')
    await remove('p/b')
    const last = await put('q', 'x')
    expect(await list({ Delimiter: '/' })).toEqual([`q=${last}*`, 'p/'])
    expect(await list({ Delimiter: '/', MaxKeys: 1 })).toEqual(['p/'])
    expect(await list({ Delimiter: '/', KeyMarker: 'p/' })).toEqual([`q=${last}*`])
    expect(await list({ Prefix: 'p/b' })).toHaveLength(1)
  })

  it('goes on after a marker version that is gone', async () => {
    await setVersioning('Enabled')
    const [first, second, third] = [await put('k', '1'), await put('k', '2'), await put('k', '3')]
    await remove('k', second)
    expect(await list({ KeyMarker: 'k', VersionIdMarker: second })).toEqual([`k=${first}`])
    expect(await list({ KeyMarker: 'k', VersionIdMarker: third })).toEqual([`k=${first}`])
    expect(await list({ KeyMarker: 'k' })).toEqual([])
  })

  it('wants a key with a version, and an id that could be one', async () => {
    expect(await harness.fail('ListObjectVersions', { Bucket, VersionIdMarker: 'A'.repeat(32) })).toMatchObject({
      code: 'InvalidArgument',
      message: 'A version-id marker cannot be specified without a key marker.',
    })
    const made = { Bucket, KeyMarker: 'k', VersionIdMarker: 'x' }
    expect((await harness.fail('ListObjectVersions', made)).message).toBe('Invalid version id specified')
  })
})
