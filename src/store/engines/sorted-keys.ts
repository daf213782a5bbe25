/** Largest chunk before it is split: an insertion moves at most this many entries. */
const CHUNK_LENGTH_MAX = 512

/** A sorted set of strings that stays quick at a million members: a list of sorted chunks. */
export class SortedKeys {
  readonly #chunks: string[][] = [[]]

  add(key: string): void {
    const at = this.#chunkFor(key)
    const chunk = this.#chunks[at] as string[]
    const index = lowerBound(chunk, key)
    if (chunk[index] === key) return
    chunk.splice(index, 0, key)
    if (chunk.length > CHUNK_LENGTH_MAX) this.#chunks.splice(at + 1, 0, chunk.splice(CHUNK_LENGTH_MAX / 2))
  }

  delete(key: string): void {
    const at = this.#chunkFor(key)
    const chunk = this.#chunks[at] as string[]
    const index = lowerBound(chunk, key)
    if (chunk[index] !== key) return
    chunk.splice(index, 1)
    if (chunk.length === 0 && this.#chunks.length > 1) this.#chunks.splice(at, 1)
  }

  /** Up to `limit` keys from `gte` up to but not including `lt`; from the end when `reverse`. */
  range(gte: string, lt: string, limit: number, reverse: boolean): string[] {
    return reverse ? this.#backward(gte, lt, limit) : this.#forward(gte, lt, limit)
  }

  #forward(gte: string, lt: string, limit: number): string[] {
    const keys: string[] = []
    for (let at = this.#chunkFor(gte); at < this.#chunks.length; at++) {
      const chunk = this.#chunks[at] as string[]
      for (let index = lowerBound(chunk, gte); index < chunk.length; index++) {
        const key = chunk[index] as string
        if (key >= lt || keys.length >= limit) return keys
        keys.push(key)
      }
    }
    return keys
  }

  #backward(gte: string, lt: string, limit: number): string[] {
    const keys: string[] = []
    for (let at = this.#chunkFor(lt); at >= 0; at--) {
      const chunk = this.#chunks[at] as string[]
      for (let index = lowerBound(chunk, lt) - 1; index >= 0; index--) {
        const key = chunk[index] as string
        if (key < gte || keys.length >= limit) return keys
        keys.push(key)
      }
    }
    return keys
  }

  /** The last chunk that begins at or before `key`, else the first. */
  #chunkFor(key: string): number {
    let low = 0
    let high = this.#chunks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const first = this.#chunks[middle]?.[0]
      if (first === undefined || first <= key) low = middle + 1
      else high = middle
    }
    return Math.max(0, low - 1)
  }
}

/** Index of the first member that is not below `key`. */
function lowerBound(sorted: readonly string[], key: string): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] as string) < key) low = middle + 1
    else high = middle
  }
  return low
}
