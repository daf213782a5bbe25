import { createHash } from 'node:crypto'
import type { Lister, Reader } from '../../../store/table.ts'
import type { Transaction, Writes } from '../../../store/transaction.ts'
import type { Bucket } from '../buckets.ts'
import type { S3 } from '../service.ts'
import {
  type MarkerRow,
  markers,
  type NoncurrentRow,
  nullVersions,
  type ObjectRow,
  objects,
  versions,
} from '../tables.ts'

/** The id of versions written while versioning is off or suspended. */
export const NULL_VERSION = 'null'

/** A version of a key: an object or a delete marker. `order`: its place among the older ones; absent for the current version. */
export type Version =
  | { readonly kind: 'object'; readonly row: ObjectRow; readonly order?: string }
  | { readonly kind: 'marker'; readonly row: MarkerRow; readonly order?: string }

const ID = /^[A-Za-z0-9._]{32}$/
const ORDER_BYTES = 8
const MARK_LENGTH = 21
const ORDER_MAX = 2n ** 64n - 1n

/**
 * An id for the version that a request makes: a mark of the request, then the order of its sequencer. So the row of a version can be had
 * without an index. Clients must not care.
 */
export function newVersionId(requestId: string, key: string, sequencer: string): string {
  const mark = createHash('sha256').update(`${requestId} ${key} ${sequencer}`).digest('base64url').slice(0, MARK_LENGTH)
  return (mark + Buffer.from(orderOf(sequencer), 'hex').toString('base64url')).replaceAll('-', '.')
}

/** `null`, or what {@link newVersionId} could have made. */
export function isVersionId(text: string): boolean {
  return text === NULL_VERSION || ID.test(text)
}

export function versionIdOf({ row }: Version): string {
  return row.versionId ?? NULL_VERSION
}

/** Events name the ids of versions, but not `null`. */
export function versionIdMember({ versionId }: { readonly versionId?: string }): { versionId?: string } {
  return versionId === undefined ? {} : { versionId }
}

/** `x-amz-version-id` of what is read or changed, where the bucket has, or had, versioning. The bucket was read just before. */
export function versionMember(s3: S3, bucket: string, { versionId }: ObjectRow): { VersionId?: string } {
  if (s3.buckets.lastRead(bucket)?.row.versioning === undefined) return {}
  return { VersionId: versionId ?? NULL_VERSION }
}

/** `x-amz-version-id` of what is made: only ids that are real. */
export function newVersionMember({ versionId }: ObjectRow): { VersionId?: string } {
  return versionId === undefined ? {} : { VersionId: versionId }
}

/** Sorts the newest first: the sequencer turned round, 16 hex digits. */
function orderOf(sequencer: string): string {
  const value = BigInt(`0x${sequencer.slice(2)}`)
  return (ORDER_MAX - value).toString(16).padStart(ORDER_BYTES * 2, '0')
}

/** Where a version would be among the older ones of its key. Undefined for `null` where no older version has that id. */
export async function placeOf(
  reader: Reader,
  bucket: string,
  key: string,
  versionId: string,
): Promise<string | undefined> {
  if (versionId === NULL_VERSION) return nullVersions.get(reader, [bucket, key])
  return Buffer.from(versionId.slice(MARK_LENGTH).replaceAll('.', '-'), 'base64url').toString('hex')
}

/** The current version, in a bucket that has or had versioning a delete marker too. */
export async function findHead(reader: Reader, bucket: Bucket, key: string): Promise<Version | undefined> {
  const row = await objects.get(reader, [bucket.name, key])
  if (row !== undefined) return { kind: 'object', row }
  if (bucket.row.versioning === undefined) return undefined
  const marker = await markers.get(reader, [bucket.name, key])
  return marker && { kind: 'marker', row: marker }
}

/** A version by its id, current or not. */
export async function findVersion(
  reader: Reader,
  bucket: string,
  key: string,
  versionId: string,
): Promise<Version | undefined> {
  const current = await objects.get(reader, [bucket, key])
  if (current !== undefined && (current.versionId ?? NULL_VERSION) === versionId)
    return { kind: 'object', row: current }
  const marker = await markers.get(reader, [bucket, key])
  if (marker !== undefined && (marker.versionId ?? NULL_VERSION) === versionId) return { kind: 'marker', row: marker }
  if (!isVersionId(versionId)) return undefined
  const order = await placeOf(reader, bucket, key, versionId)
  if (order === undefined) return undefined
  const found = await versions.get(reader, [bucket, key, order])
  if (found === undefined || (found.row.versionId ?? NULL_VERSION) !== versionId) return undefined
  return versionAt(found, order)
}

/** The current object of a key, or the one of an id; undefined also where that is a delete marker. One read without an id. */
export async function findObjectRow(
  reader: Reader,
  bucket: string,
  key: string,
  versionId: string | undefined,
): Promise<(Version & { kind: 'object' }) | undefined> {
  if (versionId === undefined) {
    const row = await objects.get(reader, [bucket, key])
    return row && { kind: 'object', row }
  }
  const found = await findVersion(reader, bucket, key, versionId)
  return found?.kind === 'object' ? found : undefined
}

/** Rewrites what is said of a version, wherever its row is. */
export async function rewriteObject(
  tx: Transaction,
  bucket: string,
  key: string,
  { order }: Version,
  row: ObjectRow,
): Promise<void> {
  if (order === undefined) {
    objects.put(tx, [bucket, key], row)
    return
  }
  const old = await versions.get(tx, [bucket, key, order])
  if (old?.kind === 'object') versions.put(tx, [bucket, key, order], { ...old, row })
}

/**
 * Puts a new version on top of a key. What was current becomes the newest of the older ones; a version `null` takes the place of the one
 * there is, wherever that is, and its body goes.
 */
export async function putHead(
  s3: S3,
  tx: Transaction,
  bucket: Bucket,
  key: string,
  head: Version | undefined,
  next: Version,
  nowMs: number,
): Promise<void> {
  const { name } = bucket
  const isNull = next.row.versionId === undefined
  if (bucket.row.versioning === undefined) {
    if (head !== undefined) retire(s3, tx, head, nowMs)
  } else if (head !== undefined) {
    if (isNull && head.row.versionId === undefined) retire(s3, tx, head, nowMs)
    else {
      keepAsNoncurrent(tx, name, key, head, nowMs)
      if (isNull) await removeOlderNull(s3, tx, name, key, nowMs)
    }
  }
  writeHead(tx, name, key, head, next)
}

function keepAsNoncurrent(writes: Writes, bucket: string, key: string, head: Version, sinceMs: number): void {
  const order = orderOf(head.row.sequencer)
  const { kind, row } = head
  versions.put(writes, [bucket, key, order], kind === 'object' ? { kind, row, sinceMs } : { kind, row, sinceMs })
  if (head.row.versionId === undefined) nullVersions.put(writes, [bucket, key], order)
}

async function removeOlderNull(s3: S3, tx: Transaction, bucket: string, key: string, nowMs: number): Promise<void> {
  const order = await nullVersions.get(tx, [bucket, key])
  if (order === undefined) return
  const old = await versions.get(tx, [bucket, key, order])
  if (old !== undefined) retire(s3, tx, old, nowMs)
  versions.delete(tx, [bucket, key, order])
  nullVersions.delete(tx, [bucket, key])
}

function writeHead(
  writes: Writes,
  bucket: string,
  key: string,
  head: Version | undefined,
  next: Version | undefined,
): void {
  if (head !== undefined && head.kind !== next?.kind) {
    if (head.kind === 'object') objects.delete(writes, [bucket, key])
    else markers.delete(writes, [bucket, key])
  }
  if (next?.kind === 'object') objects.put(writes, [bucket, key], next.row)
  else if (next?.kind === 'marker') markers.put(writes, [bucket, key], next.row)
}

/** Removes a version for good. Where it was current, the newest of the older ones is current again. */
export async function removeVersion(
  s3: S3,
  tx: Transaction,
  bucket: string,
  key: string,
  version: Version,
  nowMs: number,
): Promise<void> {
  retire(s3, tx, version, nowMs)
  if (version.order !== undefined) {
    versions.delete(tx, [bucket, key, version.order])
    if (version.row.versionId === undefined) nullVersions.delete(tx, [bucket, key])
    return
  }
  const next = await newestNoncurrent(tx, bucket, key)
  if (next?.order !== undefined) {
    versions.delete(tx, [bucket, key, next.order])
    if (next.row.versionId === undefined) nullVersions.delete(tx, [bucket, key])
  }
  writeHead(tx, bucket, key, version, next)
}

/** The listing is not checked, but what could add a newer one rewrites the current version's row, which is. */
async function newestNoncurrent(tx: Transaction & Lister, bucket: string, key: string): Promise<Version | undefined> {
  for (;;) {
    const [listed] = await versions.list(tx, { prefix: [bucket, key], limit: 1 })
    if (listed === undefined) return undefined
    const [, , order] = listed.key
    const row = await versions.get(tx, [bucket, key, order])
    // Deleted since it was listed: the one below it is the newest then.
    if (row !== undefined) return versionAt(row, order)
  }
}

function versionAt(found: NoncurrentRow, order: string): Version {
  const { kind } = found
  return kind === 'object' ? { kind, row: found.row, order } : { kind, row: found.row, order }
}

function retire(s3: S3, writes: Writes, version: Version | NoncurrentRow, nowMs: number): void {
  if (version.kind === 'object') s3.bodies.retire(writes, version.row.body, nowMs)
}
