/** One look at the front of a message store. */
export interface Look {
  readonly storeId: string
  /** Nothing lies before. */
  readonly fromMs: number
  /** The earliest row that was committed since the look began: the list may have missed it. */
  writtenMs: number
}

/**
 * The earliest time at which a row may lie, per message store. Rows that were taken from the front of a range leave marks that an ordered
 * store steps over until it compacts them; beginning behind them keeps a long backlog as fast as a short one. Only for a process that owns
 * its store, because others write without telling.
 *
 * Writes are told after their commit, before receivers are woken: a row that a look could not see has then been told by its end, or its
 * receiver is woken later. A commit whose outcome nobody learned is never told, hence {@link reset}.
 */
export class Heads {
  readonly #isExclusive: boolean
  readonly #heads = new Map<string, number>()
  readonly #looks = new Set<Look>()

  constructor(isExclusive: boolean) {
    this.#isExclusive = isExclusive
  }

  /** To be ended with {@link end}, whatever happens. */
  begin(storeId: string): Look {
    const look: Look = { storeId, fromMs: this.#heads.get(storeId) ?? 0, writtenMs: Number.POSITIVE_INFINITY }
    if (this.#isExclusive) this.#looks.add(look)
    return look
  }

  /** Nothing lay before `firstMs`; undefined: the look failed. */
  end(look: Look, firstMs: number | undefined): void {
    if (!this.#looks.delete(look) || firstMs === undefined) return
    this.#heads.set(look.storeId, Math.min(firstMs, look.writtenMs))
  }

  /** A row has been committed. */
  wrote(storeId: string, atMs: number): void {
    const head = this.#heads.get(storeId)
    if (head !== undefined && atMs < head) this.#heads.set(storeId, atMs)
    for (const look of this.#looks) {
      if (look.storeId === storeId && atMs < look.writtenMs) look.writtenMs = atMs
    }
  }

  /** Where rows may lie from; 0 when it is not known. */
  from(storeId: string): number {
    return this.#heads.get(storeId) ?? 0
  }

  /** The next look of each store begins at its beginning. To be called from time to time. */
  reset(): void {
    this.#heads.clear()
    for (const look of this.#looks) look.writtenMs = 0
  }
}
