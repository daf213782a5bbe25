import type { Entry } from '../store.ts'

/** What an entry costs beside its key and value: Map slot, objects, two views of a slab. */
const OVERHEAD_BYTES = 350
const SLAB_BYTES = 64 * 1024

/**
 * What the store holds under recently used keys, "nothing" included. Two generations instead of a linked list: when the young
 * one is full it becomes the old one and the old one is forgotten; a hit in the old one moves the entry back. A hit costs one Map
 * lookup.
 *
 * Bytes are copied into slabs that hold nothing else and die with their generation. Node cuts small buffers from slabs that it shares with
 * everything else: a kept key of 60 bytes would keep 8 KiB of strangers.
 */
export class EntryCache {
  readonly #generationBytesMax: number
  #young = new Map<string, Entry | null>()
  #old = new Map<string, Entry | null>()
  #youngBytes = 0
  #slab = Buffer.alloc(0)
  #slabUsed = 0

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
    this.#young.set(key, entry === null ? null : this.#copy(entry))
    this.#youngBytes += OVERHEAD_BYTES + key.length + (entry === null ? 0 : entry.key.length + entry.value.length)
    if (this.#youngBytes <= this.#generationBytesMax) return
    this.#old = this.#young
    this.#young = new Map()
    this.#youngBytes = 0
    this.#slab = Buffer.alloc(0)
    this.#slabUsed = 0
  }

  #copy({ key, value, version }: Entry): Entry {
    return { key: this.#own(key), value: this.#own(value), version }
  }

  #own(bytes: Uint8Array): Buffer {
    if (this.#slabUsed + bytes.length > this.#slab.length) {
      this.#slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, bytes.length))
      this.#slabUsed = 0
    }
    const from = this.#slabUsed
    this.#slabUsed += bytes.length
    this.#slab.set(bytes, from)
    return this.#slab.subarray(from, this.#slabUsed)
  }
}
