import { randomHex } from '../../../std/ids.ts'
import type { Bucket } from '../buckets.ts'
import type { BucketLogging } from './configuration.ts'

/** `dayMs`: of the requests in it, in ms since 1970. https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html */
export function logKey(source: Bucket, logging: BucketLogging, dayMs: number, nowMs: number): string {
  const { targetPrefix, keyFormat = 'simple' } = logging
  // The day of the requests has no time of the day.
  const [date = '', time = ''] = new Date(keyFormat === 'EventTime' ? dayMs : nowMs).toISOString().split('T')
  const name = `${date}-${time.slice(0, 8).replaceAll(':', '-')}-${randomHex(8).toUpperCase()}`
  if (keyFormat === 'simple') return `${targetPrefix}${name}`
  const { accountId, region } = source.row
  return `${targetPrefix}${accountId}/${region}/${source.name}/${date.replaceAll('-', '/')}/${name}`
}
