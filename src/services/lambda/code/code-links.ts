import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../../std/clock.ts'
import { randomHex } from '../../../std/ids.ts'
import type { Store } from '../../../store/store.ts'
import { transact } from '../../../store/transaction.ts'
import { codes, secrets } from '../tables.ts'
import type { CodeStore } from './code-store.ts'

/** How long the address in GetFunction's answer works, in ms. AWS: 10 minutes. */
const LINK_LIFE_MS = 10 * 60 * 1000
/** Where the listener must route GET requests to {@link CodeLinks.open}. */
export const CODE_LINK_PATH = '/_millrace/lambda/code/'

/** Addresses that carry their own permission, as presigned ones do: package, end of life and a signature over both. */
export class CodeLinks {
  readonly #store: Store
  readonly #clock: Clock
  readonly #code: CodeStore
  #secret: Promise<string> | undefined

  constructor(options: { store: Store; clock: Clock; code: CodeStore }) {
    this.#store = options.store
    this.#clock = options.clock
    this.#code = options.code
  }

  /** Path and query for the package; the caller puts its own origin in front. */
  async pathTo(sha256: string): Promise<string> {
    const expires = String(this.#clock.now() + LINK_LIFE_MS)
    return `${CODE_LINK_PATH}${sha256}?Expires=${expires}&Signature=${await this.#sign(sha256, expires)}`
  }

  /** The zip behind an address (path and query); undefined when it was not made here, has ended, or the code is gone. */
  async open(target: string): Promise<Buffer | undefined> {
    const url = new URL(target, 'http://localhost')
    const sha256 = url.pathname.slice(CODE_LINK_PATH.length)
    const expires = url.searchParams.get('Expires') ?? ''
    const given = Buffer.from(url.searchParams.get('Signature') ?? '')
    const right = Buffer.from(await this.#sign(sha256, expires))
    if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined
    if (Number(expires) < this.#clock.now()) return undefined
    if ((await codes.get(this.#store, [sha256])) === undefined) return undefined
    return this.#code.zip(sha256)
  }

  async #sign(sha256: string, expires: string): Promise<string> {
    this.#secret ??= this.#loadSecret()
    return createHmac('sha256', await this.#secret)
      .update(`${sha256}\n${expires}`)
      .digest('hex')
  }

  /** Kept in the store, so that servers sharing it accept each other's addresses. */
  #loadSecret(): Promise<string> {
    const fresh = randomHex(32)
    return transact(this.#store, async (tx) => {
      const kept = await secrets.get(tx, ['code-link'])
      if (kept !== undefined) return kept
      secrets.put(tx, ['code-link'], fresh)
      return fresh
    })
  }
}
