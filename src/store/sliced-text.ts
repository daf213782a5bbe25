import type { Reader, Table } from './table.ts'
import type { Writes } from './transaction.ts'

/** Text itself, or how many slices of it lie in a table of their own. */
export type StoredText = string | { readonly slices: number }

const SLICE_BYTES = 60 * 1024

/** Texts that may be too large for the row that they belong to: values in the store stay below 64 KiB. */
export class SlicedTexts {
  readonly #table: Table<readonly [id: string, slice: number], Uint8Array>
  readonly #inlineBytesMax: number

  /** Up to `inlineBytesMax`, counted as a string in JSON, a text stays in its row. */
  constructor(table: Table<readonly [id: string, slice: number], Uint8Array>, inlineBytesMax: number) {
    this.#table = table
    this.#inlineBytesMax = inlineBytesMax
  }

  /** What the row holds; the rest is added to the commit. `id` is unique in the table: it names the slices. */
  put(writes: Writes, id: string, text: string): StoredText {
    // A UTF-16 unit is at most three bytes, or two when it is escaped.
    if (text.length * 3 < this.#inlineBytesMax) return text
    const bytes = Buffer.from(text, 'utf8')
    // Inside the row the text is a JSON string: quotes and backslashes double.
    if (Buffer.byteLength(JSON.stringify(text)) <= this.#inlineBytesMax) return text
    const slices = Math.ceil(bytes.length / SLICE_BYTES)
    for (let slice = 0; slice < slices; slice++) {
      this.#table.put(writes, [id, slice], bytes.subarray(slice * SLICE_BYTES, (slice + 1) * SLICE_BYTES))
    }
    return { slices }
  }

  async read(reader: Reader, id: string, stored: StoredText): Promise<Buffer> {
    if (typeof stored === 'string') return Buffer.from(stored, 'utf8')
    const slices: Uint8Array[] = []
    for (let slice = 0; slice < stored.slices; slice++) {
      const bytes = await this.#table.get(reader, [id, slice])
      if (bytes === undefined) throw new Error(`slice ${slice} of the text ${id} is missing`)
      slices.push(bytes)
    }
    return Buffer.concat(slices)
  }

  /** Adds the removal of what is kept outside of the row. */
  delete(writes: Writes, id: string, stored: StoredText): void {
    if (typeof stored === 'string') return
    for (let slice = 0; slice < stored.slices; slice++) this.#table.delete(writes, [id, slice])
  }
}
