import type { KeyTuple } from '../../store/keys.ts'
import type { Lister, Row, Table } from '../../store/table.ts'
import { validationError } from './errors.ts'

const PAGE_DEFAULT = 100

interface PageInput {
  readonly Marker?: string | undefined
  readonly MaxItems?: number | undefined
}

export interface Page<T> {
  readonly items: T[]
  readonly IsTruncated: boolean
  readonly Marker?: string
}

/**
 * Cuts a page out of `rows`, which come in the order of `keyOf`. The marker names the last item of a page, so that items that
 * come and go in between neither repeat nor hide others.
 */
export async function pageOf<T>(
  input: PageInput,
  rows: (after: string | undefined) => AsyncIterable<T> | Iterable<T>,
  keyOf: (row: T) => string,
): Promise<Page<T>> {
  const limit = input.MaxItems ?? PAGE_DEFAULT
  const items: T[] = []
  for await (const row of rows(readMarker(input.Marker))) {
    const last = items.at(-1)
    if (items.length === limit && last !== undefined)
      return { items, IsTruncated: true, Marker: writeMarker(keyOf(last)) }
    items.push(row)
  }
  return { items, IsTruncated: false }
}

/** The same for a list that is in memory as a whole, in its own order. */
export function pageOfList<T>(input: PageInput, list: readonly T[], keyOf: (row: T) => string): Promise<Page<T>> {
  return pageOf(
    input,
    (after) => {
      if (after === undefined) return list
      const at = list.findIndex((row) => keyOf(row) === after)
      return at === -1 ? list.filter((row) => keyOf(row) > after) : list.slice(at + 1)
    },
    keyOf,
  )
}

/** `IsTruncated` and, where there is more, `Marker`. */
export function pageEnd(page: Page<unknown>): { IsTruncated: boolean; Marker?: string } {
  return { IsTruncated: page.IsTruncated, ...(page.Marker !== undefined && { Marker: page.Marker }) }
}

const MARKER_VERSION = '1:'

function writeMarker(key: string): string {
  return Buffer.from(MARKER_VERSION + key, 'utf8').toString('base64url')
}

function readMarker(marker: string | undefined): string | undefined {
  if (marker === undefined) return undefined
  const text = Buffer.from(marker, 'base64url').toString('utf8')
  if (!text.startsWith(MARKER_VERSION)) throw validationError('Invalid Marker.')
  return text.slice(MARKER_VERSION.length)
}

const SCAN_ROWS = 100

/** Rows of a table below `prefix`, after the one whose next key part is `after`. */
export async function* rowsAfter<K extends KeyTuple, V>(
  table: Table<K, V>,
  store: Lister,
  prefix: KeyTuple,
  after: string | undefined,
): AsyncGenerator<Row<K, V>> {
  let from: KeyTuple | undefined = after === undefined ? undefined : [...prefix, after]
  for (;;) {
    const rows: Row<K, V>[] = await table.list(store, { prefix, limit: SCAN_ROWS, ...(from && { after: from }) })
    yield* rows
    if (rows.length < SCAN_ROWS) return
    from = rows.at(-1)?.key
  }
}
