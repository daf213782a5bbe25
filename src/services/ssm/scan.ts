import { stringPrefixRange } from '../../store/keys.ts'
import type { Store } from '../../store/store.ts'
import type { Call } from '../../protocol/operation.ts'
import { AwsError } from '../../protocol/errors.ts'
import { type Found, type FoundVersion, newestOf } from './parameters.ts'
import { parameters } from './tables.ts'

const ROWS_AT_ONCE = 200
/** What one request looks at; then the client asks on, as AWS has it. */
const ROWS_MAX = 5000

export interface PageRequest {
  readonly limit: number
  readonly token: string | undefined
}

export interface Page {
  readonly items: readonly FoundVersion[]
  readonly nextToken: string | undefined
}

/**
 * A page of the parameters whose name begins with `namePrefix` and that `choose` gives a version for, in the order of their names. It may
 * be shorter than asked for, and even empty, with a token. Throws InvalidNextToken.
 */
export async function scanPage(
  store: Store,
  home: Pick<Call, 'accountId' | 'region'>,
  namePrefix: string,
  { limit, token }: PageRequest,
  choose: (newest: FoundVersion) => Promise<FoundVersion | undefined> | FoundVersion | undefined,
): Promise<Page> {
  const items: FoundVersion[] = []
  let last = token === undefined ? undefined : readToken(token)
  for (let seen = 0; seen < ROWS_MAX; seen += ROWS_AT_ONCE) {
    const rows = await rowsAfter(store, home, namePrefix, last)
    for (const found of rows) {
      const newest = await newestOf(store, home, found)
      const chosen = newest && (await choose(newest))
      // Only now is it known that there is more than a page.
      if (chosen !== undefined && items.length === limit) return { items, nextToken: writeToken(last) }
      last = found.name
      if (chosen !== undefined) items.push(chosen)
    }
    if (rows.length < ROWS_AT_ONCE) return { items, nextToken: undefined }
  }
  return { items, nextToken: writeToken(last) }
}

async function rowsAfter(
  store: Store,
  { accountId, region }: Pick<Call, 'accountId' | 'region'>,
  namePrefix: string,
  after: string | undefined,
): Promise<Found[]> {
  const range = stringPrefixRange([parameters.name, accountId, region], namePrefix)
  const from =
    after === undefined ? range.gte : Buffer.concat([parameters.key([accountId, region, after]), Buffer.of(0)])
  const gte = Buffer.compare(from, range.gte) < 0 ? range.gte : from
  const entries = await store.list({ gte, lt: range.lt, limit: ROWS_AT_ONCE })
  return entries.map((entry) => {
    const { key, value } = parameters.decode(entry)
    return { name: key[2], row: value }
  })
}

function writeToken(name: string | undefined): string {
  return Buffer.from(`1:${name ?? ''}`, 'utf8').toString('base64url')
}

function readToken(token: string): string {
  const text = Buffer.from(token, 'base64url').toString('utf8')
  if (!/^1:[\w./-]+$/.test(text)) throw new AwsError('InvalidNextToken', 400, 'The specified token is not valid.')
  return text.slice(2)
}
