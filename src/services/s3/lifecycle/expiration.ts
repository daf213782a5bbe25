import type { Bucket } from '../buckets.ts'
import type { ObjectRow } from '../tables.ts'
import { expirationHeader } from './rule.ts'

/** `x-amz-expiration` of a current version; no member where no rule will remove it. */
export function expirationMember(bucket: Bucket | undefined, key: string, row: ObjectRow): { Expiration?: string } {
  if (bucket?.lifecycle === undefined) return {}
  const { size, modifiedMs, tags } = row
  const header = expirationHeader(bucket.lifecycle.rules, { key, size, modifiedMs, ...(tags && { tags }) })
  return header === undefined ? {} : { Expiration: header }
}
