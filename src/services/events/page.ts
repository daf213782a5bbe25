import { type KeyTuple, prefixRange, stringPrefixRange } from '../../store/keys.ts'
import type { Store } from '../../store/store.ts'
import type { Row, Table } from '../../store/table.ts'
import { validation } from './errors.ts'

const PAGE_MAX = 100

export interface PageRequest {
  readonly NextToken?: string | undefined
  readonly Limit?: number | undefined
}

export interface Page<T> {
  readonly items: readonly T[]
  readonly nextToken: string | undefined
}

/** One page of the rows under a prefix whose next part begins with `namePrefix`. Throws ValidationException for a token of another make. */
export async function readPage<K extends KeyTuple, V>(
  store: Store,
  table: Table<K, V>,
  prefix: KeyTuple,
  namePrefix: string | undefined,
  { NextToken, Limit = PAGE_MAX }: PageRequest,
): Promise<Page<Row<K, V>>> {
  const key = [table.name, ...prefix]
  const range = namePrefix === undefined ? prefixRange(key) : stringPrefixRange(key, namePrefix)
  let { gte } = range
  if (NextToken !== undefined) {
    const after = Buffer.from(NextToken, 'base64url')
    if (Buffer.compare(after, range.gte) < 0 || Buffer.compare(after, range.lt) >= 0) {
      throw validation('The specified NextToken is invalid.')
    }
    gte = Buffer.concat([after, Buffer.of(0)])
  }
  const entries = await store.list({ gte, lt: range.lt, limit: Limit + 1 })
  const page = entries.slice(0, Limit)
  const last = page.at(-1)
  return {
    items: page.map((entry) => table.decode(entry)),
    nextToken: entries.length > Limit && last !== undefined ? Buffer.from(last.key).toString('base64url') : undefined,
  }
}
