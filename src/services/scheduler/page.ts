import { stringPrefixRange } from '../../store/keys.ts'
import type { Store } from '../../store/store.ts'
import type { KeyTuple } from '../../store/keys.ts'
import type { Row, Table } from '../../store/table.ts'
import { validation } from './errors.ts'

const PAGE_MAX = 100

export interface PageRequest {
  readonly NextToken?: string | undefined
  readonly MaxResults?: number | undefined
  readonly NamePrefix?: string | undefined
}

/** A page of the rows below `prefix` that fit. Throws ValidationException. */
export async function readPage<K extends KeyTuple, V>(
  store: Store,
  table: Table<K, V>,
  prefix: KeyTuple,
  { NextToken, MaxResults = PAGE_MAX }: PageRequest,
  fits: (row: Row<K, V>) => boolean = () => true,
): Promise<{ readonly rows: readonly Row<K, V>[]; readonly nextToken: string | undefined }> {
  if (MaxResults < 1 || MaxResults > PAGE_MAX) throw validation(`MaxResults must be between 1 and ${PAGE_MAX}.`)
  const range = stringPrefixRange([table.name, ...prefix], '')
  let { gte } = range
  if (NextToken !== undefined) {
    const after = Buffer.from(NextToken, 'base64url')
    if (Buffer.compare(after, range.gte) < 0 || Buffer.compare(after, range.lt) >= 0) {
      throw validation('Invalid NextToken.')
    }
    gte = Buffer.concat([after, Buffer.of(0)])
  }
  const rows: Row<K, V>[] = []
  let last: Uint8Array | undefined
  for (;;) {
    const entries = await store.list({ gte, lt: range.lt, limit: PAGE_MAX })
    for (const entry of entries) {
      const row = table.decode(entry)
      if (!fits(row)) continue
      if (rows.length === MaxResults) return { rows, nextToken: Buffer.from(last ?? gte).toString('base64url') }
      rows.push(row)
      last = entry.key
    }
    const end = entries.at(-1)
    if (end === undefined || entries.length < PAGE_MAX) return { rows, nextToken: undefined }
    gte = Buffer.concat([end.key, Buffer.of(0)])
  }
}
