import type { StoredJob } from './job-rows.ts'

export type Budget = (partition: string) => number

/** What one claim has found so far. */
export interface Found<P> {
  readonly taken: StoredJob<P>[]
  /** Due, but their partition may take no more now: they move to the ready rows, or they would hide others. */
  readonly parked: StoredJob<P>[]
}

/** Counts what one claim takes, against its limit and each partition's budget. */
export class Takes {
  room: number
  /** Something due was left behind. */
  hasDenied = false
  readonly #budget: Budget
  readonly #left = new Map<string, number>()

  constructor(limit: number, budget: Budget) {
    this.room = limit
    this.#budget = budget
  }

  /** How many more of this partition this claim may take. */
  allowance(partition: string): number {
    return Math.min(this.room, this.#leftOf(partition))
  }

  take(partition: string): boolean {
    const left = this.#leftOf(partition)
    if (left <= 0 || this.room <= 0) {
      this.hasDenied = true
      return false
    }
    this.#left.set(partition, left - 1)
    this.room--
    return true
  }

  /** A budget is asked once: it may be another one a moment later. */
  #leftOf(partition: string): number {
    let left = this.#left.get(partition)
    if (left === undefined) {
      left = this.#budget(partition)
      this.#left.set(partition, left)
    }
    return left
  }
}
