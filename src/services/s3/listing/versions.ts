import { decodeKey } from '../../../store/keys.ts'
import type { Entry } from '../../../store/store.ts'
import { invalidArgument } from '../errors.ts'
import { isVersionId, placeOf, type Version } from '../objects/versions.ts'
import type { S3 } from '../service.ts'
import { markers, objects, versions } from '../tables.ts'
import { compareUtf8, type Item, walk } from './walk.ts'

/** An element of a page of versions, in the order of a listing. */
export type VersionItem =
  | { readonly kind: 'version'; readonly key: string; readonly version: Version }
  | { readonly kind: 'prefix'; readonly prefix: string }

export interface VersionPage {
  readonly items: readonly VersionItem[]
  readonly isTruncated: boolean
}

export interface VersionsAfter {
  readonly key: string
  /** Of the version that was shown last; empty: all versions of the key were. */
  readonly versionId: string
}

/**
 * Keys in order, the newest version of each first. Current objects, current markers and older versions are three tables: a page is merged
 * from the first rows of each.
 */
export async function listVersions(
  s3: S3,
  bucket: string,
  options: { prefix: string; delimiter: string; after: VersionsAfter | undefined; limit: number },
): Promise<VersionPage> {
  const { after, ...rest } = options
  const position = after && { after: after.key }
  const older = after && after.versionId !== '' ? await placeAfter(s3, bucket, after) : undefined
  const pages = await Promise.all([
    walk(s3.store, { base: [objects.name, bucket], ...rest, ...position }),
    walk(s3.store, { base: [markers.name, bucket], ...rest, ...position }),
    walk(s3.store, { base: [versions.name, bucket], ...rest, ...position, ...(older && { afterRow: older }) }),
  ])
  // Current versions stand before older ones of their key: the sort is stable.
  const sorted = pages.flatMap(({ items }) => items).sort((a, b) => compareUtf8(nameOf(a), nameOf(b)))
  const merged = sorted.filter((item, index) => item.kind === 'row' || !isSamePrefix(item, sorted[index - 1]))
  return {
    items: merged.slice(0, options.limit).map(versionItem),
    isTruncated: options.limit > 0 && (merged.length > options.limit || pages.some(({ isTruncated }) => isTruncated)),
  }
}

/** The row of older versions that was the last one shown, or the place before them all. Throws InvalidArgument for a made-up id. */
async function placeAfter(s3: S3, bucket: string, { key, versionId }: VersionsAfter): Promise<[string, string]> {
  if (!isVersionId(versionId)) throw invalidArgument('Invalid version id specified', 'version-id-marker', versionId)
  const order = await placeOf(s3.store, bucket, key, versionId)
  // The version `null` that is not among the older ones is, or was, the current one.
  return [key, order ?? '']
}

const nameOf = (item: Item): string => (item.kind === 'row' ? item.key : item.prefix)

function isSamePrefix(item: Item, other: Item | undefined): boolean {
  return item.kind === 'prefix' && other?.kind === 'prefix' && other.prefix === item.prefix
}

function versionItem(item: Item): VersionItem {
  if (item.kind === 'prefix') return item
  const { key, entry } = item
  return { kind: 'version', key, version: versionOf(entry) }
}

function versionOf(entry: Entry): Version {
  switch (decodeKey(entry.key)[0]) {
    case objects.name:
      return { kind: 'object', row: objects.decode(entry).value }
    case markers.name:
      return { kind: 'marker', row: markers.decode(entry).value }
    default: {
      const { key, value } = versions.decode(entry)
      const { kind } = value
      return kind === 'object' ? { kind, row: value.row, order: key[2] } : { kind, row: value.row, order: key[2] }
    }
  }
}
