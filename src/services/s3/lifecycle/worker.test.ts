import { beforeEach, describe, expect, it } from 'vitest'
import type { OwedDelivery } from '../../../delivery/delivery.ts'
import { parts } from '../tables.ts'
import { S3Harness } from '../testing.ts'
import { DAY_MS } from './days.ts'

type Rules = { Filter: object; [action: string]: unknown }[]

let harness: S3Harness

beforeEach(async () => {
  harness = new S3Harness()
  await harness.makeBucket()
  harness.deliveries.owed.length = 0
})

const headers = { 'content-md5': 'x' }

async function configure(rules: Rules, Bucket = 'bucket'): Promise<void> {
  const Rules = rules.map((rule, at) => ({ ID: `rule-${at}`, Status: 'Enabled' as const, ...rule })) as never
  await harness.call('PutBucketLifecycleConfiguration', { Bucket, LifecycleConfiguration: { Rules } }, { headers })
}

/** Everything that is due now; the number of steps it took. */
async function work(): Promise<number> {
  let steps = 0
  while (await harness.s3.lifecycle.step()) steps++
  return steps
}

async function keys(Bucket = 'bucket'): Promise<string[]> {
  const { output } = await harness.call('ListObjectsV2', { Bucket })
  return (output.Contents ?? []).map(({ Key }) => Key as string)
}

function record(owed: OwedDelivery | undefined) {
  return (JSON.parse(owed?.delivery.payload ?? '{}') as { Records: Record<string, never>[] }).Records[0] as never as {
    eventName: string
    eventVersion: string
    userIdentity: object
    requestParameters: object
    s3: { object: object }
    lifecycleEventData?: object
  }
}

/** Something happens just before the next commit looks at its checks. */
function meanwhile(happens: () => Promise<unknown>): void {
  harness.store.faults.delay = async () => {
    harness.store.faults.delay = undefined
    await happens()
  }
}

describe('the lifecycle worker', () => {
  it('removes objects once they are old enough, with their bytes, and tells those who want to know', async () => {
    await harness.notify({ Events: ['s3:LifecycleExpiration:*', 's3:ObjectRemoved:*'] })
    await configure([{ Filter: { Prefix: 'logs/' }, Expiration: { Days: 2 } }])
    await harness.put('logs/a', 'x'.repeat(10_000))
    await harness.put('other', 'x')
    await harness.clock.advance(2 * DAY_MS)
    await work()
    expect(await keys()).toEqual(['logs/a', 'other'])
    await harness.clock.advance(DAY_MS)
    await work()
    expect(await keys()).toEqual(['other'])
    expect(harness.deliveries.owed).toHaveLength(1)
    const event = record(harness.deliveries.owed[0])
    expect(event).toMatchObject({
      eventName: 'LifecycleExpiration:Delete',
      userIdentity: { principalId: 's3.amazonaws.com' },
      requestParameters: { sourceIPAddress: 's3.amazonaws.com' },
    })
    expect(event.s3.object).toEqual({ key: 'logs/a', sequencer: expect.stringMatching(/^[0-9A-F]{18}$/) as string })
    await harness.collect()
    expect(await harness.blobIds()).toEqual([])
  })

  it('tells nothing to rules for deletions of others', async () => {
    await harness.notify({ Events: ['s3:ObjectRemoved:*'] })
    await configure([{ Filter: {}, Expiration: { Days: 1 } }])
    await harness.put('a', 'x')
    await harness.clock.advance(3 * DAY_MS)
    await work()
    expect(await keys()).toEqual([])
    expect(harness.deliveries.owed).toEqual([])
  })

  it('moves objects to another class', async () => {
    await harness.notify({ Events: ['s3:LifecycleTransition'] })
    await configure([{ Filter: { ObjectSizeGreaterThan: 1 }, Transitions: [{ Days: 1, StorageClass: 'GLACIER' }] }])
    await harness.put('a', 'hello')
    await harness.clock.advance(3 * DAY_MS)
    await work()
    expect(record(harness.deliveries.owed[0])).toMatchObject({
      eventName: 'LifecycleTransition',
      lifecycleEventData: { transitionEventData: { destinationStorageClass: 'GLACIER' } },
    })
    const head = await harness.call('HeadObject', { Bucket: 'bucket', Key: 'a' })
    expect(head.output.StorageClass).toBe('GLACIER')
    const listing = await harness.call('ListObjectsV2', { Bucket: 'bucket' })
    expect(listing.output.Contents?.[0]?.StorageClass).toBe('GLACIER')
    expect(await harness.fail('GetObject', { Bucket: 'bucket', Key: 'a' })).toMatchObject({
      code: 'InvalidObjectState',
      status: 403,
      fields: { StorageClass: 'GLACIER' },
    })
    const copy = { Bucket: 'bucket', Key: 'b', CopySource: 'bucket/a' }
    expect(await harness.fail('CopyObject', copy)).toMatchObject({ code: 'InvalidObjectState' })
    await harness.clock.advance(DAY_MS)
    await work()
    expect(harness.deliveries.owed).toHaveLength(1)
  })

  it('aborts uploads that nobody completes, and frees their parts', async () => {
    await harness.notify({ Events: ['s3:ObjectRemoved:*', 's3:LifecycleExpiration:*'] })
    await configure([{ Filter: {}, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } }])
    const { output } = await harness.call('CreateMultipartUpload', { Bucket: 'bucket', Key: 'big' })
    const UploadId = output.UploadId as string
    await harness.call('UploadPart', { Bucket: 'bucket', Key: 'big', UploadId, PartNumber: 1, Body: 'part' })
    await work()
    expect((await harness.call('ListMultipartUploads', { Bucket: 'bucket' })).output.Uploads).toHaveLength(1)
    await harness.clock.advance(2 * DAY_MS)
    await work()
    expect((await harness.call('ListMultipartUploads', { Bucket: 'bucket' })).output.Uploads ?? []).toEqual([])
    await harness.collect()
    expect(await parts.list(harness.store, { prefix: [UploadId], limit: 10 })).toEqual([])
    expect(harness.deliveries.owed).toEqual([])
  })

  it('looks through a bucket once a day, in batches, and again when its rules change', async () => {
    await configure([{ Filter: { Prefix: 'never' }, Expiration: { Days: 1 } }])
    for (let at = 0; at < 1001; at++) await harness.put(`k${at}`, '')
    // Three batches of objects, then one each of older versions, delete markers and uploads.
    expect(await work()).toBe(6)
    expect(await work()).toBe(0)
    await configure([{ Filter: { Prefix: 'never-ever' }, Expiration: { Days: 1 } }])
    expect(await work()).toBe(6)
    await harness.clock.advance(DAY_MS)
    expect(await work()).toBe(6)
  })

  it('goes on after a restart where it was', async () => {
    await configure([{ Filter: {}, Expiration: { Days: 1 } }])
    for (let at = 0; at < 600; at++) await harness.put(`k${String(at).padStart(3, '0')}`, '')
    await harness.clock.advance(3 * DAY_MS)
    expect(await harness.s3.lifecycle.step()).toBe(true)
    expect(await keys()).toHaveLength(100)
    const { store, blobs, clock, deliveries } = harness
    const restarted = new (harness.s3.constructor as typeof import('../service.ts').S3)({
      store,
      blobs,
      clock,
      deliveries,
      accessDenied: harness.s3.accessDenied,
      call: () => Promise.reject(new Error('nothing is logged')),
    })
    expect(await restarted.lifecycle.step()).toBe(true)
    expect(await keys()).toEqual([])
  })

  it('leaves alone what was written again meanwhile, and buckets without rules', async () => {
    await harness.makeBucket('second')
    await harness.put('a', 'old', { Bucket: 'second' })
    await configure([{ Filter: {}, Expiration: { Days: 1 } }])
    await harness.put('a', 'old')
    await harness.clock.advance(3 * DAY_MS)
    await harness.put('a', 'new')
    await work()
    expect(await keys()).toEqual(['a'])
    expect(await keys('second')).toEqual(['a'])
  })

  it('does not remove what is written while it is at it', async () => {
    await configure([{ Filter: {}, Expiration: { Days: 1 } }])
    await harness.put('a', 'old')
    await harness.clock.advance(3 * DAY_MS)
    // So that the first commit to come is the expiration.
    await harness.put('fresh', 'x')
    meanwhile(() => harness.put('a', 'new'))
    await work()
    expect((await harness.get('a')).text).toBe('new')
  })

  it('does not do what the rules no longer say, and begins again with those of now', async () => {
    await configure([{ Filter: {}, Expiration: { Days: 1 } }])
    await harness.put('a', 'x')
    await harness.put('b', 'x')
    await harness.clock.advance(3 * DAY_MS)
    await harness.put('fresh', 'x')
    meanwhile(() => configure([{ Filter: { Prefix: 'b' }, Expiration: { Days: 1 } }]))
    await work()
    expect(await keys()).toEqual(['a', 'fresh'])
  })

  it('begins again when the rules change while it looks', async () => {
    await configure([{ Filter: { Prefix: 'never' }, Expiration: { Days: 1 } }])
    await harness.put('a', 'x')
    await harness.clock.advance(3 * DAY_MS)
    meanwhile(() => configure([{ Filter: { Prefix: 'a' }, Expiration: { Days: 1 } }]))
    await work()
    expect(await keys()).toEqual([])
  })

  it('does not abort an upload that has just been completed', async () => {
    await configure([{ Filter: {}, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } }])
    const object = { Bucket: 'bucket', Key: 'big' }
    const UploadId = (await harness.call('CreateMultipartUpload', object)).output.UploadId as string
    const { output } = await harness.call('UploadPart', { ...object, UploadId, PartNumber: 1, Body: 'part' })
    const Parts = [{ PartNumber: 1, ETag: output.ETag as string }]
    await harness.clock.advance(3 * DAY_MS)
    expect(await harness.s3.lifecycle.step()).toBe(true)
    meanwhile(() => harness.call('CompleteMultipartUpload', { ...object, UploadId, MultipartUpload: { Parts } }))
    await work()
    await harness.collect()
    expect((await harness.get('big')).text).toBe('part')
  })

  it('is announced in replies', async () => {
    await configure([{ Filter: { Prefix: 'logs/' }, Expiration: { Days: 1 } }])
    const { output } = await harness.put('logs/a', 'x')
    expect(output.Expiration).toBe('expiry-date="Mon, 02 Feb 2026 00:00:00 GMT", rule-id="rule-0"')
    expect((await harness.get('logs/a')).output.Expiration).toBe(output.Expiration)
    expect((await harness.put('other', 'x')).output.Expiration).toBeUndefined()
  })
})

describe('the lifecycle configuration of a bucket', () => {
  it('is kept, answered and deleted', async () => {
    const absent = await harness.fail('GetBucketLifecycleConfiguration', { Bucket: 'bucket' })
    expect(absent).toMatchObject({ code: 'NoSuchLifecycleConfiguration', status: 404 })
    await configure([{ Filter: { Prefix: 'a' }, Expiration: { Days: 1 } }])
    const { output } = await harness.call('GetBucketLifecycleConfiguration', { Bucket: 'bucket' })
    expect(output).toEqual({
      Rules: [{ ID: 'rule-0', Status: 'Enabled', Filter: { Prefix: 'a' }, Expiration: { Days: 1 } }],
      TransitionDefaultMinimumObjectSize: 'all_storage_classes_128K',
    })
    await harness.call('DeleteBucketLifecycle', { Bucket: 'bucket' })
    expect(await harness.fail('GetBucketLifecycleConfiguration', { Bucket: 'bucket' })).toMatchObject({ status: 404 })
    await harness.call('DeleteBucketLifecycle', { Bucket: 'bucket' })
  })

  it('must come with a checksum', async () => {
    const Rules = [{ Status: 'Enabled' as const, Filter: {}, Expiration: { Days: 1 } }]
    const error = await harness.fail('PutBucketLifecycleConfiguration', {
      Bucket: 'bucket',
      LifecycleConfiguration: { Rules },
    })
    expect(error.message).toBe('Missing required header for this request: Content-MD5 OR x-amz-checksum-*')
  })
})
