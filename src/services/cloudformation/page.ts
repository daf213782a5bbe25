import type { KeyTuple } from '../../store/keys.ts'
import type { Row } from '../../store/table.ts'
import { validationError } from './errors.ts'
import type { LargeReader } from './large-table.ts'

/** Items in one answer. */
export const PAGE_ITEMS = 100

export interface Page<T> {
  readonly items: readonly T[]
  readonly nextToken: string | undefined
}

/** What {@link pageOf} reads from. */
interface Listed<K extends KeyTuple, V> {
  list(
    reader: LargeReader,
    options: { readonly prefix: KeyTuple; readonly after?: KeyTuple; readonly limit: number },
  ): Promise<Row<K, V>[]>
}

/** One page of the rows under a prefix, after the one that the token ends. Throws ValidationError for a token of another make. */
export async function pageOf<K extends KeyTuple, V>(
  reader: LargeReader,
  table: Listed<K, V>,
  prefix: KeyTuple,
  token: string | undefined,
): Promise<Page<Row<K, V>>> {
  const after = token === undefined ? undefined : parseToken(token, prefix)
  const rows = await table.list(reader, { prefix, limit: PAGE_ITEMS + 1, ...(after && { after }) })
  const items = rows.slice(0, PAGE_ITEMS)
  const last = items.at(-1)
  return { items, nextToken: rows.length > PAGE_ITEMS && last !== undefined ? tokenOf(last.key) : undefined }
}

/** One page of what is all in hand. */
export function sliceOf<T>(all: readonly T[], token: string | undefined): Page<T> {
  const from = token === undefined ? 0 : Number(token)
  if (!Number.isSafeInteger(from) || from < 0) throw invalidToken()
  const to = from + PAGE_ITEMS
  return { items: all.slice(from, to), nextToken: to < all.length ? String(to) : undefined }
}

function tokenOf(key: KeyTuple): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url')
}

function parseToken(token: string, prefix: KeyTuple): KeyTuple {
  let key: unknown
  try {
    key = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'))
  } catch {
    throw invalidToken()
  }
  const isKey = Array.isArray(key) && key.every((part) => typeof part === 'string' || typeof part === 'number')
  if (!isKey || !prefix.every((part, index) => (key as KeyTuple)[index] === part)) throw invalidToken()
  return key as KeyTuple
}

const invalidToken = () => validationError('The specified NextToken is invalid.')
