import type { Entry, Version } from '../store.ts'

/** What an entry costs beside its key and value: Map slot, objects, two views of a slab. */
const OVERHEAD_BYTES = 350
const SLAB_BYTES = 64 * 1024

/** An entry, none, or one of which only the version is known. */
type Known = Entry | null | Version

/**
 * What the store holds under recently used keys, "nothing" included. Two generations instead of a linked list: when the young
 * one is full it becomes the old one and the old one is forgotten; a hit in the old one moves the entry back. A hit costs one Map
 * lookup.
 *
 * A row that is written without having been read is known by its version alone: most such rows are not asked for soon (bodies, traces, jobs that
 * are handed over in memory), and to keep them is what a collector of garbage then works at.
 *
 * Bytes are copied into slabs that hold nothing else and die with their generation. Node cuts small buffers from slabs that it shares with
 * everything else: a kept key of 60 bytes would keep 8 KiB of strangers.
 */
export class EntryCache {
  readonly #generationBytesMax: number
  #young = new Map<string, Known>()
  #old = new Map<string, Known>()
  #youngBytes = 0
  #slab = Buffer.alloc(0)
  #slabUsed = 0

  constructor(bytesMax: number) {
    this.#generationBytesMax = bytesMax / 2
  }

  /** The entry, `null` when the store is known to have none, `undefined` when that is not known here. */
  get(key: string): Entry | null | undefined {
    const known = this.#find(key)
    return typeof known === 'number' ? undefined : known
  }

  /** The version of what the store has, `null` and `undefined` as in {@link get}. */
  versionOf(key: string): Version | null | undefined {
    const known = this.#find(key)
    return typeof known === 'object' && known !== null ? known.version : known
  }

  /** What was read. */
  set(key: string, entry: Entry | null): void {
    this.#keep(key, entry === null ? null : this.#copy(entry))
  }

  /** Whether a row was read before: then what is written into it should be {@link set}. */
  wasRead(key: string): boolean {
    const young = this.#young.get(key)
    const known = young === undefined ? this.#old.get(key) : young
    return known !== undefined && typeof known !== 'number'
  }

  /** A row that nobody has read got this version, or is gone: then nobody will ask. */
  setVersion(key: string, version: Version | null): void {
    if (version !== null) return this.#keep(key, version)
    if (this.#young.delete(key)) this.#youngBytes -= OVERHEAD_BYTES + key.length
    this.#old.delete(key)
  }

  #find(key: string): Known | undefined {
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const old = this.#old.get(key)
    if (old !== undefined) this.#keep(key, typeof old === 'number' || old === null ? old : this.#copy(old))
    return old
  }

  #keep(key: string, known: Known): void {
    this.#young.set(key, known)
    const isEntry = typeof known === 'object' && known !== null
    this.#youngBytes += OVERHEAD_BYTES + key.length + (isEntry ? known.key.length + known.value.length : 0)
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
