/** Distinct values kept as they are; beyond, values that are close share a place. A row of a few KiB. */
export const VALUE_COUNT_MAX = 256
/** Width of a shared place: 2 % of its value, and wider when even that is too many. */
const PLACE_RATIO = 1.02
const PLACE_RATIO_WIDER = 1.2

/** A distribution as a row keeps it. */
export interface DistributionRow {
  readonly count: number
  readonly sum: number
  readonly min: number
  readonly max: number
  /** Value and how often; null when only sums are known. */
  readonly values: readonly (readonly [number, number])[] | null
}

/** A set of sums without the values that made it. */
export interface StatisticSet {
  readonly count: number
  readonly sum: number
  readonly min: number
  readonly max: number
}

/** What was measured in some span of time: sums, and the values as far as they are known. */
export class Distribution {
  count = 0
  sum = 0
  min = Number.POSITIVE_INFINITY
  max = Number.NEGATIVE_INFINITY
  /** Undefined: percentiles cannot be told. */
  #values: Map<number, number> | undefined = new Map()

  static of(row: DistributionRow): Distribution {
    const distribution = new Distribution()
    distribution.#addSums(row)
    distribution.#values = row.values === null ? undefined : new Map(row.values)
    return distribution
  }

  toRow(): DistributionRow {
    const { count, sum, min, max } = this
    return { count, sum, min, max, values: this.#values === undefined ? null : [...this.#values] }
  }

  add(value: number, count = 1): void {
    this.#addSums({ count, sum: value * count, min: value, max: value })
    this.#addValue(value, count)
  }

  /** A set whose smallest value is its largest says what its values are; any other hides them. */
  addSet(set: StatisticSet): void {
    if (set.min === set.max) this.#addValue(set.min, set.count)
    else this.#values = undefined
    this.#addSums(set)
  }

  merge(other: Distribution): void {
    this.#addSums(other)
    if (other.#values === undefined) this.#values = undefined
    for (const [value, count] of other.#values ?? []) this.#addValue(value, count)
  }

  get average(): number {
    return this.sum / this.count
  }

  /** The smallest value that at least `percent` of all do not exceed; undefined where only sums are known. */
  percentile(percent: number): number | undefined {
    if (this.#values === undefined || this.count === 0) return undefined
    const rank = Math.max((percent / 100) * this.count, Number.MIN_VALUE)
    let seen = 0
    for (const [value, count] of [...this.#values].sort(([a], [b]) => a - b)) {
      seen += count
      // A place may lie a little outside of what was measured.
      if (seen >= rank) return Math.min(this.max, Math.max(this.min, value))
    }
    return this.max
  }

  #addSums({ count, sum, min, max }: StatisticSet): void {
    this.count += count
    this.sum += sum
    this.min = Math.min(this.min, min)
    this.max = Math.max(this.max, max)
  }

  #addValue(value: number, count: number): void {
    const values = this.#values
    if (values === undefined) return
    values.set(value, (values.get(value) ?? 0) + count)
    if (values.size <= VALUE_COUNT_MAX) return
    const fewer = [PLACE_RATIO, PLACE_RATIO_WIDER].map((ratio) => shared(values, ratio))
    // Undefined: values over hundreds of orders of magnitude.
    this.#values =
      fewer.find(({ size }) => size <= VALUE_COUNT_MAX / 2) ?? fewer.find(({ size }) => size <= VALUE_COUNT_MAX)
  }
}

function shared(values: ReadonlyMap<number, number>, ratio: number): Map<number, number> {
  const places = new Map<number, number>()
  const width = Math.log(ratio)
  for (const [value, count] of values) {
    const place = value === 0 ? 0 : Math.sign(value) * Math.exp(Math.round(Math.log(Math.abs(value)) / width) * width)
    places.set(place, (places.get(place) ?? 0) + count)
  }
  return places
}
