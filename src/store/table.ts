import { decodeKey, encodeKey, encodeKeyBehind, type KeyPart, type KeyTuple, prefixRange } from './keys.ts'
import { isLater, type Soon } from '../std/soon.ts'
import { type Entry, type Key, type Range, readSoon, type Store } from './store.ts'
import type { Writes } from './transaction.ts'

/** How a table's values are bytes. The first byte of every value says which format wrote it. */
export interface Format<V> {
  encode(value: V): Uint8Array
  decode(bytes: Buffer): V
}

/**
 * JSON behind a format marker. `migrations[n]` turns a value of format n+1 into format n+2, so a table that changed twice has two
 * of them and writes marker 3; old values are read for ever and rewritten when they are next put.
 */
export function json<V>(migrations: readonly ((old: never) => unknown)[] = []): Format<V> {
  const current = migrations.length + 1
  const marker = String.fromCharCode(current)
  return {
    encode: (value) => Buffer.from(marker + JSON.stringify(value), 'utf8'),
    decode(bytes) {
      const written = bytes[0] ?? 0
      if (written < 1 || written > current)
        throw new Error(`value of format ${written}, this version knows up to ${current}`)
      let value: unknown = JSON.parse(bytes.toString('utf8', 1))
      for (let format = written; format < current; format++)
        value = (migrations[format - 1] as (old: unknown) => unknown)(value)
      return value as V
    },
  }
}

/** Bytes behind a format marker. */
export const raw: Format<Uint8Array> = {
  encode(value) {
    const bytes = Buffer.allocUnsafe(1 + value.length)
    bytes[0] = 1
    bytes.set(value, 1)
    return bytes
  },
  decode(bytes) {
    if (bytes[0] !== 1) throw new Error(`value of format ${bytes[0]}, this version knows 1`)
    return bytes.subarray(1)
  },
}

/** What a table reads from: the store, or a transaction (then the read becomes a check). */
export interface Reader {
  get(key: Key): Promise<Entry | undefined>
}
export interface Lister {
  list(range: Range): Promise<Entry[]>
}

export interface Row<K extends KeyTuple, V> {
  readonly key: K
  readonly value: V
}

export interface ListOptions {
  /** Only rows whose key begins with these parts. */
  readonly prefix?: KeyTuple
  /** Only rows strictly after this key (before it when `reverse`). */
  readonly after?: KeyTuple
  readonly limit: number
  readonly reverse?: boolean
}

/** A typed view of the keys that begin with the table's name. Holds no data: the store or transaction is passed to every call. */
export class Table<K extends KeyTuple, V> {
  readonly name: string
  readonly #format: Format<V>
  readonly #prefix: Buffer

  constructor(name: string, format: Format<V> = json<V>()) {
    this.name = name
    this.#format = format
    this.#prefix = encodeKey([name])
  }

  key(key: K): Buffer {
    return encodeKeyBehind(this.#prefix, key)
  }

  async get(reader: Reader, key: K): Promise<V | undefined> {
    const entry = await reader.get(this.key(key))
    return entry === undefined ? undefined : this.#format.decode(entry.value)
  }

  /** As {@link get} of the store, at once where the engine can. */
  getSoon(store: Store, key: K): Soon<V | undefined> {
    const found = readSoon(store, this.key(key))
    if (isLater(found)) return found.then((entry) => entry && this.#format.decode(entry.value))
    return found && this.#format.decode(found.value)
  }

  /** Returns the key of the row. */
  put(writes: Writes, key: K, value: V): Buffer {
    const rowKey = this.key(key)
    writes.put(rowKey, this.#format.encode(value))
    return rowKey
  }

  delete(writes: Writes, key: K): void {
    writes.delete(this.key(key))
  }

  decode(entry: Entry): Row<K, V> {
    return { key: decodeKey(entry.key).slice(1) as KeyPart[] as unknown as K, value: this.#format.decode(entry.value) }
  }

  async list(lister: Lister, options: ListOptions): Promise<Row<K, V>[]> {
    let { gte, lt } = prefixRange([this.name, ...(options.prefix ?? [])])
    if (options.after !== undefined) {
      const after = encodeKey([this.name, ...options.after])
      if (options.reverse) lt = after
      else gte = Buffer.concat([after, Buffer.of(0)])
    }
    const entries = await lister.list({ gte, lt, limit: options.limit, reverse: options.reverse ?? false })
    return entries.map((entry) => this.decode(entry))
  }

  /** Every row under a prefix, page by page. */
  async *scan(lister: Lister, prefix: KeyTuple = [], pageSize = 500): AsyncGenerator<Row<K, V>> {
    let after: KeyTuple | undefined
    for (;;) {
      const rows: Row<K, V>[] = await this.list(lister, { prefix, limit: pageSize, ...(after && { after }) })
      yield* rows
      if (rows.length < pageSize) return
      after = rows.at(-1)?.key
    }
  }
}
