import { beforeEach, describe, expect, it } from 'vitest'
import { S3Harness } from '../testing.ts'
import { DAY_MS } from './days.ts'

let harness: S3Harness

beforeEach(async () => {
  harness = new S3Harness()
  await harness.makeBucket()
  await harness.call('PutBucketVersioning', { Bucket: 'bucket', VersioningConfiguration: { Status: 'Enabled' } })
  await harness.notify({ Events: ['s3:LifecycleExpiration:*', 's3:LifecycleTransition'] })
  harness.deliveries.owed.length = 0
})

async function configure(rule: object): Promise<void> {
  const Rules = [{ ID: 'rule', Status: 'Enabled', Filter: { Prefix: '' }, ...rule }] as never
  const input = { Bucket: 'bucket', LifecycleConfiguration: { Rules } }
  await harness.call('PutBucketLifecycleConfiguration', input, { headers: { 'content-md5': 'x' } })
}

async function work(): Promise<void> {
  while (await harness.s3.lifecycle.step());
}

async function listed() {
  const { output } = await harness.call('ListObjectVersions', { Bucket: 'bucket' })
  const objects = (output.Versions ?? []).map(({ Key, Size, StorageClass }) => `${Key} ${Size} ${StorageClass}`)
  return [...objects, ...(output.DeleteMarkers ?? []).map(({ Key }) => `${Key} marker`)]
}

const eventNames = () => harness.deliveries.records().map(({ eventName }) => eventName)

describe('the lifecycle worker, where versions are kept,', () => {
  it('puts a delete marker on top of what expires', async () => {
    await configure({ Expiration: { Days: 1 } })
    await harness.put('k', 'one')
    await harness.clock.advance(2 * DAY_MS)
    await work()
    expect(await listed()).toEqual(['k 3 STANDARD', 'k marker'])
    expect(eventNames()).toEqual(['LifecycleExpiration:DeleteMarkerCreated'])
  })

  it('deletes versions that have been noncurrent long enough, and keeps as many newer ones as it is told to', async () => {
    await configure({ NoncurrentVersionExpiration: { NoncurrentDays: 1, NewerNoncurrentVersions: 2 } })
    for (const body of ['1', '22', '333', '4444', '55555']) await harness.put('k', body)
    await harness.put('other', 'x')
    await work()
    expect(await listed()).toHaveLength(6)
    await harness.clock.advance(2 * DAY_MS)
    await work()
    expect(await listed()).toEqual(['k 5 STANDARD', 'k 4 STANDARD', 'k 3 STANDARD', 'other 1 STANDARD'])
    expect(eventNames()).toEqual(['LifecycleExpiration:Delete', 'LifecycleExpiration:Delete'])
  })

  it('counts the newer versions of a key over the edge of a batch', async () => {
    await configure({ NoncurrentVersionExpiration: { NoncurrentDays: 1, NewerNoncurrentVersions: 100 } })
    for (let n = 0; n < 251; n++) await harness.put('k', 'x')
    await harness.clock.advance(2 * DAY_MS)
    await work()
    expect(await listed()).toHaveLength(101)
  })

  it('changes the class of noncurrent versions', async () => {
    await configure({ NoncurrentVersionTransitions: [{ NoncurrentDays: 1, StorageClass: 'GLACIER' }] })
    await harness.put('k', 'x'.repeat(200_000))
    await harness.put('k', 'two')
    await harness.clock.advance(2 * DAY_MS)
    await work()
    expect(await listed()).toEqual(['k 3 STANDARD', 'k 200000 GLACIER'])
    expect(eventNames()).toEqual(['LifecycleTransition'])
  })

  it('removes a delete marker only when it hides nothing any more', async () => {
    await configure({
      Expiration: { ExpiredObjectDeleteMarker: true },
      NoncurrentVersionExpiration: { NoncurrentDays: 3 },
    })
    await harness.put('k', 'one')
    await harness.call('DeleteObject', { Bucket: 'bucket', Key: 'k' })
    await harness.clock.advance(2 * DAY_MS)
    await work()
    expect(await listed()).toEqual(['k 3 STANDARD', 'k marker'])
    await harness.clock.advance(2 * DAY_MS)
    await work()
    expect(await listed()).toEqual([])
  })

  it('leaves what is locked', async () => {
    const lock = { Bucket: 'bucket', ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled' } } as never
    await harness.call('PutObjectLockConfiguration', lock, { headers: { 'content-md5': 'x' } })
    await configure({ NoncurrentVersionExpiration: { NoncurrentDays: 1 } })
    const { output } = await harness.put('k', 'one')
    const hold = { Bucket: 'bucket', Key: 'k', VersionId: output.VersionId, LegalHold: { Status: 'ON' } } as never
    await harness.call('PutObjectLegalHold', hold, { headers: { 'content-md5': 'x' } })
    await harness.put('k', 'two2')
    await harness.clock.advance(3 * DAY_MS)
    await work()
    expect(await listed()).toEqual(['k 4 STANDARD', 'k 3 STANDARD'])
  })
})
