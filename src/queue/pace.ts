/** Shortest and longest stock of a partition; a stock that was used up in this time, in ms, doubles, any other is given up. */
const STOCK_MIN = 4
const STOCK_MAX = 32
const QUICK_MS = 1000
/** Partitions whose pace is remembered. */
const PARTITIONS_MAX = 10_000

/**
 * How many jobs more than may run now are worth taking from each partition's backlog. A claim is a commit; where one job after the other ends
 * soon, taking the next ones along saves theirs. Where jobs take long nothing is taken along: a lease would only run out in memory.
 */
export class Pace {
  readonly #known = new Map<string, { stock: number; sinceMs: number }>()

  /** Asked when a partition has nothing left in memory and is about to be read. */
  stockFor(partition: string, nowMs: number): number {
    const known = this.#known.get(partition)
    const isQuick = known !== undefined && nowMs - known.sinceMs < QUICK_MS
    const stock = isQuick ? Math.min(STOCK_MAX, Math.max(STOCK_MIN, known.stock * 2)) : 0
    if (this.#known.size >= PARTITIONS_MAX) this.#known.clear()
    this.#known.set(partition, { stock, sinceMs: nowMs })
    return stock
  }
}
