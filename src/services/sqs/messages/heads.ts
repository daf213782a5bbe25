/**
 * The earliest time at which a row may lie, per message store. Rows that were taken from the front of a range leave marks that an ordered
 * store steps over until it compacts them; beginning behind them keeps a long backlog as fast as a short one. Only for a process that owns
 * its store, because others write without telling.
 */
export class Heads {
  readonly #isExclusive: boolean
  readonly #heads = new Map<string, { atMs: number; changes: number }>()

  constructor(isExclusive: boolean) {
    this.#isExclusive = isExclusive
  }

  /** Where to begin, and what {@link found} needs. */
  begin(storeId: string): { readonly fromMs: number; readonly changes: number } {
    const head = this.#heads.get(storeId)
    return { fromMs: head?.atMs ?? 0, changes: head?.changes ?? 0 }
  }

  /** Nothing lies before `firstMs`, said the list that was begun with `changes`. */
  found(storeId: string, firstMs: number, changes: number): void {
    if (!this.#isExclusive) return
    const head = this.#heads.get(storeId)
    if (head === undefined) this.#heads.set(storeId, { atMs: firstMs, changes })
    else if (head.changes === changes) head.atMs = firstMs
  }

  /** A row is about to be written. Called before its commit, so that a list which may miss the row moves nothing. */
  write(storeId: string, atMs: number): void {
    const head = this.#heads.get(storeId)
    if (head === undefined) this.#heads.set(storeId, { atMs: 0, changes: 1 })
    else {
      head.atMs = Math.min(head.atMs, atMs)
      head.changes++
    }
  }

  forget(storeId: string): void {
    this.#heads.delete(storeId)
  }
}
