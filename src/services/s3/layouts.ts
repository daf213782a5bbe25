import type { Store } from '../../store/store.ts'
import type { Writes } from '../../store/transaction.ts'
import { type LayoutPart, layouts, type SimpleBody } from './tables.ts'

/** Parts per row: 400 of about 130 bytes stay below the largest value of the store; 10,000 parts are 25 rows. */
const SLICE_PARTS = 400
/** Layouts never change, so what was read once stays right. */
const CACHE_LAYOUTS = 64

/** Bytes of one body that are wanted, inclusive. */
export interface Piece {
  readonly body: SimpleBody
  readonly start: number
  readonly end: number
  readonly salt?: string
}

/** Which parts a multipart object consists of. */
export class Layouts {
  readonly #store: Store
  readonly #cache = new Map<string, readonly LayoutPart[]>()

  constructor(store: Store) {
    this.#store = store
  }

  write(writes: Writes, layoutId: string, parts: readonly LayoutPart[]): void {
    for (let from = 0, slice = 0; from < parts.length; from += SLICE_PARTS, slice++) {
      layouts.put(writes, [layoutId, slice], { parts: parts.slice(from, from + SLICE_PARTS) })
    }
  }

  async parts(layoutId: string): Promise<readonly LayoutPart[]> {
    const known = this.#cache.get(layoutId)
    if (known !== undefined) return known
    const found: LayoutPart[] = []
    for await (const { value } of layouts.scan(this.#store, [layoutId])) found.push(...value.parts)
    if (found.length === 0) return found
    if (this.#cache.size >= CACHE_LAYOUTS) this.#cache.delete(this.#cache.keys().next().value as string)
    this.#cache.set(layoutId, found)
    return found
  }

  /** What has to be read for the bytes `start`..`end` of the whole. */
  async pieces(layoutId: string, start: number, end: number): Promise<Piece[]> {
    const pieces: Piece[] = []
    let offset = 0
    for (const { body, size, salt } of await this.parts(layoutId)) {
      if (offset > end) break
      const from = Math.max(start, offset) - offset
      const to = Math.min(end, offset + size - 1) - offset
      if (from <= to) pieces.push({ body, start: from, end: to, ...(salt !== undefined && { salt }) })
      offset += size
    }
    return pieces
  }

  /** Offset and size of the part at `position`, counted from 1; undefined beyond the last. */
  async locate(layoutId: string, position: number): Promise<(LayoutPart & { readonly offset: number }) | undefined> {
    const all = await this.parts(layoutId)
    const part = all[position - 1]
    if (part === undefined) return undefined
    let offset = 0
    for (let at = 0; at < position - 1; at++) offset += (all[at] as LayoutPart).size
    return { ...part, offset }
  }
}
