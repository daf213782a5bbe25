import { stateOf } from '../objects/archived.ts'
import type { S3 } from '../service.ts'
import { type ObjectRow, objects } from '../tables.ts'
import { canonicalUserId } from '../owners.ts'
import { type Item, lastOf, walk } from './walk.ts'

export interface ObjectListing {
  readonly contents: readonly { readonly key: string; readonly row: ObjectRow }[]
  readonly commonPrefixes: readonly string[]
  /** Key or common prefix that the next page comes after; undefined when this is the last. */
  readonly next: string | undefined
}

export async function listCurrent(
  s3: S3,
  bucket: string,
  options: { prefix: string; delimiter: string; after: string | undefined; limit: number },
): Promise<ObjectListing> {
  const { after, ...rest } = options
  const page = await walk(s3.store, {
    base: [objects.name, bucket],
    ...rest,
    ...(after !== undefined && after !== '' && { after }),
  })
  return {
    contents: page.items.filter(isRow).map(({ key, entry }) => ({ key, row: objects.decode(entry).value })),
    commonPrefixes: page.items.flatMap((item) => (item.kind === 'prefix' ? [item.prefix] : [])),
    next: page.isTruncated ? lastOf(page.items) : undefined,
  }
}

/** An element of `<Contents>`. */
export function contentsOutput(
  { key, row }: ObjectListing['contents'][number],
  encode: (name: string) => string,
  ownerAccountId: string | undefined,
  /** Now, if the state of restored objects is asked for. */
  restoreStatusAtMs?: number,
) {
  return {
    Key: encode(key),
    LastModified: new Date(row.modifiedMs),
    ETag: `"${row.etag}"`,
    ChecksumAlgorithm: [row.checksum.algorithm],
    ChecksumType: row.checksum.type,
    Size: row.size,
    ...(restoreStatusAtMs !== undefined && restoreStatusMember(row, restoreStatusAtMs)),
    StorageClass: (row.storageClass ?? 'STANDARD') as 'STANDARD',
    ...(ownerAccountId !== undefined && { Owner: { ID: canonicalUserId(ownerAccountId) } }),
  }
}

/** `RestoreStatus` of an archived object that somebody asked for. */
export function restoreStatusMember({ restore }: ObjectRow, nowMs: number) {
  const state = stateOf(restore, nowMs)
  if (state === 'none' || restore === undefined) return {}
  if (state === 'ongoing') return { RestoreStatus: { IsRestoreInProgress: true } }
  return { RestoreStatus: { IsRestoreInProgress: false, RestoreExpiryDate: new Date(restore.expiresMs) } }
}

function isRow(item: Item): item is Item & { kind: 'row' } {
  return item.kind === 'row'
}
