import { randomFraction } from '../../std/ids.ts'
import type { Store, Version } from '../../store/store.ts'
import type { Transaction } from '../../store/transaction.ts'
import { assertReachable, type FunctionRef, functionArn, type Home, qualifiedArn } from './arn.ts'
import { functionNotFound } from './errors.ts'
import {
  aliases,
  type FunctionKey,
  type FunctionRow,
  functions,
  LATEST,
  type VersionConfig,
  versions,
} from './tables.ts'

/** A function and the version that a qualifier means at this moment. */
export interface ResolvedFunction {
  readonly ref: FunctionRef
  readonly row: FunctionRow
  /** `$LATEST` or a number. */
  readonly version: string
  readonly config: VersionConfig
}

/** Rows kept decoded; an entry is used only while the store still has its version. */
const CACHE_MAX = 5000

/** Finds functions. Every read asks the store, so it is never stale; decoding is saved while the row has not changed. */
export class Catalog {
  readonly #store: Store
  readonly #decoded = new Map<string, { version: Version; row: FunctionRow }>()

  constructor(store: Store) {
    this.#store = store
  }

  async find(ref: FunctionRef): Promise<FunctionRow | undefined> {
    const entry = await this.#store.get(functions.key(functionKey(ref)))
    if (entry === undefined) return undefined
    const id = functionArn(ref)
    const known = this.#decoded.get(id)
    if (known?.version === entry.version) return known.row
    const row = functions.decode(entry).value
    if (this.#decoded.size >= CACHE_MAX) this.#decoded.clear()
    this.#decoded.set(id, { version: entry.version, row })
    return row
  }

  /** Throws 404 naming the function as the request did. */
  async require(ref: FunctionRef, home: Home): Promise<FunctionRow> {
    assertReachable(ref, home)
    const row = await this.find(ref)
    if (row === undefined) throw functionNotFound(qualifiedArn(ref))
    return row
  }

  /**
   * The version a qualifier means now; an alias with weights draws anew each time, unless its main version is asked for. Undefined: no such
   * function, version or alias.
   */
  async resolve(ref: FunctionRef, choice: 'draw' | 'main' = 'draw'): Promise<ResolvedFunction | undefined> {
    const row = await this.find(ref)
    if (row === undefined) return undefined
    const { qualifier } = ref
    if (qualifier === undefined || qualifier === LATEST) return { ref, row, version: LATEST, config: row.latest }
    const version = isVersionNumber(qualifier) ? qualifier : await this.#aliasedVersion(ref, qualifier, choice)
    if (version === undefined) return undefined
    if (version === LATEST) return { ref, row, version, config: row.latest }
    const config = await versions.get(this.#store, [ref.accountId, ref.region, ref.name, Number(version)])
    return config && { ref, row, version, config }
  }

  /** What a read of this qualifier shows. Throws 404 naming the function with its qualifier. */
  async requireVersion(ref: FunctionRef, home: Home): Promise<ResolvedFunction> {
    assertReachable(ref, home)
    const resolved = await this.resolve(ref, 'main')
    if (resolved === undefined) throw functionNotFound(qualifiedArn(ref))
    return resolved
  }

  async #aliasedVersion(ref: FunctionRef, alias: string, choice: 'draw' | 'main'): Promise<string | undefined> {
    const row = await aliases.get(this.#store, [ref.accountId, ref.region, ref.name, alias])
    const { additional } = row ?? {}
    if (additional && choice === 'draw' && randomFraction() < additional.weight) return additional.version
    return row?.version
  }
}

export function functionKey(ref: Pick<FunctionRef, 'accountId' | 'region' | 'name'>): FunctionKey {
  return [ref.accountId, ref.region, ref.name]
}

/** The row inside a transaction, where it becomes a check. Throws 404. */
export async function requireFunctionIn(tx: Transaction, ref: FunctionRef): Promise<FunctionRow> {
  const row = await functions.get(tx, functionKey(ref))
  if (row === undefined) throw functionNotFound(qualifiedArn(ref))
  return row
}

export function isVersionNumber(qualifier: string): boolean {
  return /^\d+$/.test(qualifier)
}
