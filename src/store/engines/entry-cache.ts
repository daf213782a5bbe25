import type { Entry } from '../store.ts'

/** What an entry costs beside its key and value: Map slot, objects, a small Buffer. */
const OVERHEAD_BYTES = 250

/**
 * What the store holds under recently used keys, "nothing" included. Two generations instead of a linked list: when the young
 * one is full it becomes the old one and the old one is forgotten; a hit in the old one moves the entry back. A hit costs one Map
 * lookup.
 */
export class EntryCache {
  readonly #generationBytesMax: number
  #young = new Map<string, Entry | null>()
  #old = new Map<string, Entry | null>()
  #youngBytes = 0

  constructor(bytesMax: number) {
    this.#generationBytesMax = bytesMax / 2
  }

  /** The entry, `null` when the store is known to have none, `undefined` when that is not known here. */
  get(key: string): Entry | null | undefined {
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const old = this.#old.get(key)
    if (old !== undefined) this.set(key, old)
    return old
  }

  set(key: string, entry: Entry | null): void {
    this.#young.set(key, entry)
    this.#youngBytes += OVERHEAD_BYTES + key.length + (entry === null ? 0 : entry.key.length + entry.value.length)
    if (this.#youngBytes <= this.#generationBytesMax) return
    this.#old = this.#young
    this.#young = new Map()
    this.#youngBytes = 0
  }
}
