import { beforeEach, describe, expect, it } from 'vitest'
import { DAY_MS } from './lifecycle/days.ts'
import { type StorageMetric, StorageMeter } from './storage-metrics.ts'
import { S3Harness } from './testing.ts'

const { signal } = new AbortController()
let s3: S3Harness
let told: StorageMetric[]
let meter: StorageMeter
beforeEach(async () => {
  s3 = new S3Harness()
  told = []
  meter = new StorageMeter({ store: s3.store, clock: s3.clock, onMetric: (metric) => told.push(metric) })
  await s3.call('CreateBucket', { Bucket: 'bucket' })
})
const put = (Key: string, Body: string, StorageClass?: 'STANDARD_IA') =>
  s3.call('PutObject', { Bucket: 'bucket', Key, Body, StorageClass })
const shown = () => told.map(({ name, storageType, value, unit }) => `${name} ${storageType} ${value} ${unit}`)

describe('storage metrics', () => {
  it('count every version, marker and part once a day', async () => {
    await s3.call('PutBucketVersioning', { Bucket: 'bucket', VersioningConfiguration: { Status: 'Enabled' } })
    await put('a', '12345')
    await put('a', '123')
    await put('cold', '1234567', 'STANDARD_IA')
    await s3.call('DeleteObject', { Bucket: 'bucket', Key: 'a' })
    const upload = await s3.call('CreateMultipartUpload', { Bucket: 'bucket', Key: 'b' })
    await s3.call('UploadPart', {
      Bucket: 'bucket',
      Key: 'b',
      UploadId: upload.output.UploadId,
      PartNumber: 1,
      Body: '12',
    })
    await meter.step(signal)
    expect(shown()).toEqual([
      'NumberOfObjects AllStorageTypes 5 Count',
      'BucketSizeBytes StandardStorage 10 Bytes',
      'BucketSizeBytes StandardIAStorage 7 Bytes',
    ])
    expect(told[0]).toMatchObject({ bucketName: 'bucket', atMs: Math.floor(s3.clock.now() / DAY_MS) * DAY_MS })
  })

  it('are told again on the next day, also by another server', async () => {
    await meter.step(signal)
    const other = new StorageMeter({ store: s3.store, clock: s3.clock, onMetric: (metric) => told.push(metric) })
    await other.step(signal)
    expect(told).toHaveLength(2)
    await s3.clock.advance(DAY_MS)
    await other.step(signal)
    expect(told).toHaveLength(4)
  })
})
