/**
 * Places of one message store that receives of this process are taking, so that others step over them instead of losing against each other.
 * Looks happen one after the other: a look that began before a commit still sees what the commit took, so what is finished is forgotten when
 * the next look begins. Without that, 16 receivers of one queue get two messages of ten each time, or conflicts.
 */
export class Claims {
  readonly #taking = new Set<string>()
  #finished: string[] = []
  #looking: Promise<unknown> = Promise.resolve()

  /** Runs `look` when no other look runs; what it returns is being taken until {@link finish}. */
  look<T extends { readonly key: Uint8Array }>(
    look: (takenCount: number, isTaken: (entry: T) => boolean) => Promise<T[]>,
  ): Promise<T[]> {
    const found = this.#looking.then(async () => {
      for (const id of this.#finished) this.#taking.delete(id)
      this.#finished = []
      const entries = await look(this.#taking.size, ({ key }) => this.#taking.has(idOf(key)))
      for (const { key } of entries) this.#taking.add(idOf(key))
      return entries
    })
    this.#looking = found.catch(() => undefined)
    return found
  }

  /** The commit that takes them has ended, either way. */
  finish(entries: readonly { readonly key: Uint8Array }[]): void {
    for (const { key } of entries) this.#finished.push(idOf(key))
  }
}

function idOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1')
}
