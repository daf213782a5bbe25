import type { MetricSink } from './service.ts'

/** What S3 tells of a bucket once a day. */
export interface StorageMeasurement {
  readonly name: string
  readonly accountId: string
  readonly region: string
  readonly bucketName: string
  readonly storageType: string
  readonly value: number
  readonly unit: string
  readonly atMs: number
}

/** Records it as AWS/S3 has it. https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html */
export function recordStorage(record: MetricSink, measurement: StorageMeasurement): void {
  const { name, accountId, region, bucketName, storageType, value, unit, atMs } = measurement
  const dimensions = [
    { name: 'BucketName', value: bucketName },
    { name: 'StorageType', value: storageType },
  ]
  const metric = () => ({ accountId, region, namespace: 'AWS/S3', name, dimensionSets: [dimensions] })
  record(`AWS/S3 ${accountId} ${region} ${name} ${bucketName} ${storageType}`, metric, value, unit, atMs)
}
