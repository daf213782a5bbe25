import { decodeKey, encodeKey, type KeyTuple, stringPrefixRange } from '../../../store/keys.ts'
import type { Entry } from '../../../store/store.ts'
import type { Lister } from '../../../store/table.ts'

/** What a page consists of, in the order of UTF-8 bytes. */
export type Item =
  | { readonly kind: 'row'; readonly key: string; readonly entry: Entry }
  | { readonly kind: 'prefix'; readonly prefix: string }

export interface Walk {
  /** Parts of the store's key in front of the object's key: table name, bucket. */
  readonly base: KeyTuple
  readonly prefix: string
  /** Empty: no grouping. */
  readonly delimiter: string
  /** Only what sorts strictly after this key or common prefix. */
  readonly after?: string
  /** Begins after exactly this row, for keys that have several (uploads). */
  readonly afterRow?: KeyTuple
  readonly limit: number
}

export interface Page {
  readonly items: readonly Item[]
  readonly isTruncated: boolean
}

/** Rows read at a time when common prefixes may make most of them superfluous. */
const GROUPED_ROWS = 100
const PLAIN_ROWS_MAX = 1000

/**
 * Lists keys, or the common prefixes they share up to a delimiter. A common prefix is reported once and then jumped over, so a directory
 * of a million keys costs one more read.
 */
export async function walk(lister: Lister, options: Walk): Promise<Page> {
  const { base, prefix, delimiter, after, afterRow, limit } = options
  const range = stringPrefixRange(base, prefix)
  let gte = range.gte
  if (afterRow !== undefined) gte = later(gte, endOf(encodeKey([...base, ...afterRow])))
  else if (after !== undefined) gte = later(gte, endOf(encodeKey([...base, after])))
  const items: Item[] = []
  if (limit <= 0) return { items, isTruncated: false }
  for (;;) {
    const rows = delimiter === '' ? Math.min(limit - items.length + 1, PLAIN_ROWS_MAX) : GROUPED_ROWS
    const entries = await lister.list({ gte, lt: range.lt, limit: rows })
    let jump: Buffer | undefined
    for (const entry of entries) {
      if (jump !== undefined && Buffer.compare(entry.key, jump) < 0) continue
      jump = undefined
      const key = decodeKey(entry.key)[base.length] as string
      const common = delimiter === '' ? undefined : commonPrefix(key, prefix, delimiter)
      if (common !== undefined) jump = stringPrefixRange(base, common).lt
      // A marker inside a common prefix sorts after it: then the prefix was reported before.
      const isReported = common !== undefined && after !== undefined && compareUtf8(common, after) <= 0
      if (isReported) continue
      if (items.length === limit) return { items, isTruncated: true }
      items.push(common === undefined ? { kind: 'row', key, entry } : { kind: 'prefix', prefix: common })
    }
    const last = entries.at(-1)
    if (last === undefined || entries.length < rows) return { items, isTruncated: false }
    gte = jump ?? endOf(last.key)
  }
}

/** What the next page has to be after. */
export function lastOf(items: readonly Item[]): string | undefined {
  const last = items.at(-1)
  return last === undefined ? undefined : last.kind === 'row' ? last.key : last.prefix
}

export function compareUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

function commonPrefix(key: string, prefix: string, delimiter: string): string | undefined {
  const at = key.indexOf(delimiter, prefix.length)
  return at === -1 ? undefined : key.slice(0, at + delimiter.length)
}

/** The first key after all that begin with this complete one. */
function endOf(key: Uint8Array): Buffer {
  return Buffer.concat([key, Buffer.of(0xff)])
}

function later(a: Buffer, b: Buffer): Buffer {
  return Buffer.compare(a, b) < 0 ? b : a
}
