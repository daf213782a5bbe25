import { beforeEach, describe, expect, it } from 'vitest'
import { ManualClock } from '../../../std/clock.ts'
import { S3Harness } from '../testing.ts'

const Bucket = 'bucket'
const HOUR_MS = 3_600_000
const NOW = Date.parse('2026-01-31T10:00:00Z')
const TARGET = { Bucket, Key: 'k' }
let harness: S3Harness

beforeEach(async () => {
  harness = new S3Harness({ clock: new ManualClock(NOW) })
  await harness.makeBucket()
})

async function restore(RestoreRequest: object, VersionId?: string): Promise<number | undefined> {
  const version = VersionId !== undefined && { VersionId }
  return (await harness.call('RestoreObject', { ...TARGET, ...version, RestoreRequest })).reply.status
}

async function pass(hours: number): Promise<void> {
  await harness.clock.advance(hours * HOUR_MS)
  while (await harness.s3.restorer.step());
}

const header = async () => (await harness.call('HeadObject', TARGET)).output.Restore

describe('storage classes', () => {
  it.each(['STANDARD_IA', 'ONEZONE_IA', 'INTELLIGENT_TIERING', 'GLACIER_IR', 'REDUCED_REDUNDANCY'] as const)(
    'are labels: %s',
    async (StorageClass) => {
      await harness.put('k', 'x', { StorageClass })
      expect(await harness.get('k')).toMatchObject({ text: 'x', output: { StorageClass } })
      const { output } = await harness.call('ListObjectsV2', { Bucket })
      expect(output.Contents?.[0]?.StorageClass).toBe(StorageClass)
    },
  )

  it('are not shown when they are STANDARD, nor copied', async () => {
    await harness.put('a', 'x', { StorageClass: 'STANDARD' })
    expect((await harness.get('a')).output.StorageClass).toBeUndefined()
    await harness.put('k', 'x', { StorageClass: 'STANDARD_IA' })
    await harness.call('CopyObject', { Bucket, Key: 'c', CopySource: 'bucket/k' })
    expect((await harness.get('c')).output.StorageClass).toBeUndefined()
    await harness.call('CopyObject', { Bucket, Key: 'c', CopySource: 'bucket/c', StorageClass: 'ONEZONE_IA' })
    expect((await harness.get('c')).output.StorageClass).toBe('ONEZONE_IA')
  })

  it('of uploads become those of their objects', async () => {
    const begun = await harness.call('CreateMultipartUpload', { ...TARGET, StorageClass: 'STANDARD_IA' })
    const upload = { ...TARGET, UploadId: begun.output.UploadId as string }
    const { output } = await harness.call('UploadPart', { ...upload, PartNumber: 1, Body: 'x' })
    expect((await harness.call('ListParts', upload)).output.StorageClass).toBe('STANDARD_IA')
    const Parts = [{ PartNumber: 1, ETag: output.ETag }]
    await harness.call('CompleteMultipartUpload', { ...upload, MultipartUpload: { Parts } })
    expect((await harness.get('k')).output.StorageClass).toBe('STANDARD_IA')
  })
})

describe('an archived object', () => {
  it.each(['GLACIER', 'DEEP_ARCHIVE'] as const)('cannot be read or copied: %s', async (StorageClass) => {
    await harness.put('k', 'x', { StorageClass })
    const refused = { code: 'InvalidObjectState', status: 403, fields: { StorageClass } }
    expect(await harness.fail('GetObject', TARGET)).toMatchObject(refused)
    expect(await harness.fail('CopyObject', { Bucket, Key: 'c', CopySource: 'bucket/k' })).toMatchObject(refused)
    expect((await harness.call('HeadObject', TARGET)).output).toMatchObject({ StorageClass, ContentLength: 1 })
  })

  it('can be read for some days, some hours after it was asked for', async () => {
    await harness.put('k', 'x', { StorageClass: 'GLACIER' })
    expect(await header()).toBeUndefined()
    expect(await restore({ Days: 1 })).toBe(202)
    expect(await header()).toBe('ongoing-request="true"')
    expect((await harness.fail('RestoreObject', { ...TARGET, RestoreRequest: { Days: 1 } })).code).toBe(
      'RestoreAlreadyInProgress',
    )
    expect((await harness.fail('GetObject', TARGET)).code).toBe('InvalidObjectState')
    await pass(3)
    expect(await header()).toBe('ongoing-request="false", expiry-date="Mon, 02 Feb 2026 00:00:00 GMT"')
    expect((await harness.get('k')).text).toBe('x')
    const { output } = await harness.call('ListObjectsV2', { Bucket, OptionalObjectAttributes: ['RestoreStatus'] })
    expect(output.Contents?.[0]?.RestoreStatus).toEqual({
      IsRestoreInProgress: false,
      RestoreExpiryDate: new Date('2026-02-02T00:00:00Z'),
    })
    await pass(36)
    expect(await header()).toBeUndefined()
    expect((await harness.fail('GetObject', TARGET)).code).toBe('InvalidObjectState')
  })

  it('stays longer when it is asked for again', async () => {
    await harness.put('k', 'x', { StorageClass: 'GLACIER' })
    await restore({ Days: 1, GlacierJobParameters: { Tier: 'Expedited' } })
    await pass(1)
    expect(await restore({ Days: 10 })).toBe(200)
    await pass(48)
    expect((await harness.get('k')).text).toBe('x')
  })

  it('tells of it in events', async () => {
    await harness.notify({ Events: ['s3:ObjectRestore:*'] })
    await harness.call('PutBucketVersioning', { Bucket, VersioningConfiguration: { Status: 'Enabled' } })
    const { output } = await harness.put('k', 'x', { StorageClass: 'GLACIER' })
    await harness.put('k', 'newer')
    await restore({ Days: 1 }, output.VersionId)
    await pass(4)
    await pass(48)
    const records = harness.deliveries.records()
    expect(records.map(({ eventName }) => eventName)).toEqual([
      'ObjectRestore:Post',
      'ObjectRestore:Completed',
      'ObjectRestore:Delete',
    ])
    for (const { s3 } of records) {
      expect(s3.object).toMatchObject({ key: 'k', size: 1, versionId: output.VersionId, sequencer: expect.any(String) })
    }
    expect(records[0]).not.toHaveProperty('glacierEventData')
    expect(records[1]).toMatchObject({
      userIdentity: { principalId: expect.stringMatching(/^AmazonCustomer:A/) },
      glacierEventData: {
        restoreEventData: {
          lifecycleRestorationExpiryTime: '2026-02-02T00:00:00.000Z',
          lifecycleRestoreStorageClass: 'GLACIER',
        },
      },
    })
  })

  it('raises nothing more when it has been overwritten', async () => {
    await harness.notify({ Events: ['s3:ObjectRestore:*'] })
    await harness.put('k', 'x', { StorageClass: 'GLACIER' })
    await restore({ Days: 1 })
    await harness.put('k', 'y')
    await pass(4)
    expect(harness.deliveries.records()).toHaveLength(1)
  })
})

describe('RestoreObject', () => {
  it.each([
    ['STANDARD_IA', { Days: 1 }, 'InvalidObjectState'],
    ['GLACIER', {}, 'MalformedXML'],
    ['GLACIER', { Days: 0 }, 'InvalidArgument'],
    ['DEEP_ARCHIVE', { Days: 1, Tier: 'Expedited' }, 'InvalidArgument'],
    ['GLACIER', { Type: 'SELECT' }, 'NotImplemented'],
  ])('refuses %s with %j', async (storageClass, request, code) => {
    await harness.put('k', 'x', { StorageClass: storageClass as 'GLACIER' })
    expect((await harness.fail('RestoreObject', { ...TARGET, RestoreRequest: request as object })).code).toBe(code)
  })
})
