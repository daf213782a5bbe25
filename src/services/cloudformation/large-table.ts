import { digestOne } from '../../std/digest.ts'
import type { KeyTuple } from '../../store/keys.ts'
import { type Lister, type ListOptions, json, raw, type Reader, type Row, Table } from '../../store/table.ts'
import type { Transaction } from '../../store/transaction.ts'

/** A row of the store has at most 64 KiB; what is larger lies in parts of this size beside it. */
const PART_BYTES = 60_000
/** How often to look again when a value was replaced between reading its row and its parts. */
const READS_MAX = 5

type Stored<V> = { readonly inline: V } | { readonly digest: string; readonly partCount: number }

/** Where values can be read from: the store or a transaction. */
export type LargeReader = Reader & Lister

/** A {@link Table} for values that may be larger than a row: templates, properties, parameters. Parts are never changed, only replaced. */
export class LargeTable<K extends KeyTuple, V> {
  readonly #rows: Table<K, Stored<V>>
  readonly #parts: Table<KeyTuple, Uint8Array>

  constructor(name: string) {
    this.#rows = new Table<K, Stored<V>>(name, json<Stored<V>>())
    this.#parts = new Table<KeyTuple, Uint8Array>(`${name}-part`, raw)
  }

  async get(reader: LargeReader, key: K): Promise<V | undefined> {
    for (let attempt = 0; attempt < READS_MAX; attempt++) {
      const stored = await this.#rows.get(reader, key)
      if (stored === undefined) return undefined
      const value = await this.#open(reader, key, stored)
      if (value !== undefined) return value
    }
    throw new Error('a large value kept changing while it was read')
  }

  /** Reads the row that it replaces, so it conflicts with other changes of it. */
  async put(tx: Transaction, key: K, value: V): Promise<void> {
    const before = await this.#rows.get(tx, key)
    const bytes = Buffer.from(JSON.stringify(value))
    if (bytes.length <= PART_BYTES) {
      this.#deleteParts(tx, key, before)
      this.#rows.put(tx, key, { inline: value })
      return
    }
    const digest = digestOne(bytes, 'sha256').toString('hex')
    if (before !== undefined && 'digest' in before && before.digest === digest) return
    this.#deleteParts(tx, key, before)
    const partCount = Math.ceil(bytes.length / PART_BYTES)
    for (let part = 0; part < partCount; part++) {
      this.#parts.put(tx, [...key, digest, part], bytes.subarray(part * PART_BYTES, (part + 1) * PART_BYTES))
    }
    this.#rows.put(tx, key, { digest, partCount })
  }

  async delete(tx: Transaction, key: K): Promise<void> {
    this.#deleteParts(tx, key, await this.#rows.get(tx, key))
    this.#rows.delete(tx, key)
  }

  async list(reader: LargeReader, options: ListOptions): Promise<Row<K, V>[]> {
    const rows = await this.#rows.list(reader, options)
    const opened = await Promise.all(
      rows.map(async ({ key, value }) => ({
        key,
        value: (await this.#open(reader, key, value)) ?? (await this.get(reader, key)),
      })),
    )
    // A row that was deleted meanwhile is not in the list.
    return opened.flatMap(({ key, value }) => (value === undefined ? [] : [{ key, value }]))
  }

  /** Every row under a prefix, page by page. */
  async *scan(reader: LargeReader, prefix: KeyTuple = [], pageSize = 100): AsyncGenerator<Row<K, V>> {
    for await (const { key, value } of this.#rows.scan(reader, prefix, pageSize)) {
      const opened = (await this.#open(reader, key, value)) ?? (await this.get(reader, key))
      if (opened !== undefined) yield { key, value: opened }
    }
  }

  /** Undefined when the value was replaced since its row was read. */
  async #open(reader: LargeReader, key: K, stored: Stored<V>): Promise<V | undefined> {
    if ('inline' in stored) return stored.inline
    const parts: Uint8Array[] = []
    for (let part = 0; part < stored.partCount; part++) {
      const bytes = await this.#parts.get(reader, [...key, stored.digest, part])
      if (bytes === undefined) return undefined
      parts.push(bytes)
    }
    return JSON.parse(Buffer.concat(parts).toString('utf8')) as V
  }

  #deleteParts(tx: Transaction, key: K, stored: Stored<V> | undefined): void {
    if (stored === undefined || 'inline' in stored) return
    for (let part = 0; part < stored.partCount; part++) this.#parts.delete(tx, [...key, stored.digest, part])
  }
}
