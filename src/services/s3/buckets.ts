import type { PolicyDocument } from '../../policy/document.ts'
import { parsePolicy } from '../../policy/parse.ts'
import type { Soon } from '../../std/soon.ts'
import type { Store } from '../../store/store.ts'
import type { Reader } from '../../store/table.ts'
import type { Transaction } from '../../store/transaction.ts'
import { noSuchBucket } from './errors.ts'
import type { CorsRule } from './cors/rule.ts'
import type { LifecycleConfiguration } from './lifecycle/rule.ts'
import type { NotificationRule } from './notification/rule.ts'
import {
  type BucketRow,
  bucketCors,
  bucketLifecycles,
  bucketPolicies,
  buckets,
  bucketTags,
  notificationRules,
  type PublicAccessBlock,
} from './tables.ts'

/** A bucket with its configurations parsed, as of one version of its row. */
export interface Bucket {
  readonly name: string
  readonly version: number
  readonly row: BucketRow
  readonly policy: { readonly text: string; readonly document: PolicyDocument } | undefined
  readonly rules: readonly NotificationRule[]
  readonly cors: readonly CorsRule[]
  readonly lifecycle: LifecycleConfiguration | undefined
  /** Tags whose key begins with `aws:`; event messages show them. */
  readonly generatedTags: Readonly<Record<string, string>> | undefined
}

export const BLOCK_ALL: PublicAccessBlock = {
  blockPublicAcls: true,
  ignorePublicAcls: true,
  blockPublicPolicy: true,
  restrictPublicBuckets: true,
}

const CACHED_BUCKETS_MAX = 10_000

/**
 * Buckets, with what the hot path needs of them kept parsed. Every change of a configuration rewrites the bucket's row, and versions
 * never come back: a kept bucket whose version is still the stored one is right.
 */
export class Buckets {
  readonly #store: Store
  readonly #cache = new Map<string, Bucket>()

  constructor(store: Store) {
    this.#store = store
  }

  /** `reader`: the store, or a transaction that then checks the bucket's row. */
  async find(name: string, reader: Reader = this.#store): Promise<Bucket | undefined> {
    const entry = await reader.get(buckets.key([name]))
    if (entry === undefined) return undefined
    const known = this.#cache.get(name)
    if (known?.version === entry.version) return known
    const bucket = await this.#load(name, entry.version, buckets.decode(entry).value)
    if (this.#cache.size >= CACHED_BUCKETS_MAX) this.#cache.clear()
    this.#cache.set(name, bucket)
    return bucket
  }

  /** As {@link find} in the store, at once when its row is as it was. */
  findSoon(name: string): Soon<Bucket | undefined> {
    const entry = this.#store.getNow?.(buckets.key([name]))
    if (entry === null) return undefined
    const known = this.#cache.get(name)
    return known !== undefined && known.version === entry?.version ? known : this.find(name)
  }

  /** A bucket as it was last read, without reading it again: authorisation has just done so. */
  lastRead(name: string): Bucket | undefined {
    return this.#cache.get(name)
  }

  /**
   * The bucket a transaction writes an object or upload into. The commit then fails if the bucket changes; and a deletion that is under
   * way is stopped. Throws NoSuchBucket.
   */
  async forWrite(tx: Transaction, name: string): Promise<Bucket> {
    const bucket = await this.find(name, tx)
    if (bucket === undefined) throw noSuchBucket(name)
    if (bucket.row.isBeingDeleted) buckets.put(tx, [name], { ...bucket.row, isBeingDeleted: false })
    return bucket
  }

  /** Adds a change of the bucket's row (or of rows beside it, with no `change`) to the commit. Throws NoSuchBucket. */
  async configure(tx: Transaction, name: string, change: Partial<BucketRow> = {}): Promise<BucketRow> {
    const row = await buckets.get(tx, [name])
    if (row === undefined) throw noSuchBucket(name)
    buckets.put(tx, [name], { ...row, ...change })
    return row
  }

  /** The rows beside the bucket's own are at least as new as its version; if one is newer, this version is gone and never asked for again. */
  async #load(name: string, version: number, row: BucketRow): Promise<Bucket> {
    const text = await bucketPolicies.get(this.#store, [name])
    const tags = (await bucketTags.get(this.#store, [name])) ?? []
    const rules: NotificationRule[] = []
    for await (const { value } of notificationRules.scan(this.#store, [name])) rules.push(value)
    const generated = tags.filter(([key]) => key.startsWith('aws:'))
    return {
      name,
      version,
      row,
      policy: text === undefined ? undefined : { text, document: parsePolicy(text, 'resource') },
      rules,
      cors: (await bucketCors.get(this.#store, [name])) ?? [],
      lifecycle: await bucketLifecycles.get(this.#store, [name]),
      generatedTags: generated.length === 0 ? undefined : Object.fromEntries(generated),
    }
  }
}
