import type { Store } from '../../store/store.ts'
import { Distribution } from './distribution.ts'
import { cells, LEVELS } from './tables.ts'

const PAGE_ROWS = 1000

export interface Span {
  /** Where the first bucket begins; all others follow without gaps. */
  readonly startSeconds: number
  /** Not included. */
  readonly endSeconds: number
  readonly periodSeconds: number
}

/** Buckets of a span by when they begin, and in each the values by unit. */
export type Buckets = ReadonlyMap<number, ReadonlyMap<string, Distribution>>

/** Reads the coarsest cells of which the buckets can be made. Empty buckets are absent. */
export async function readBuckets(
  store: Store,
  seriesId: string,
  { startSeconds, endSeconds, periodSeconds }: Span,
  unit?: string,
): Promise<Buckets> {
  const level = LEVELS.findLast(({ seconds }) => periodSeconds % seconds === 0 && startSeconds % seconds === 0)
  const buckets = new Map<number, Map<string, Distribution>>()
  const prefix = [seriesId, level?.seconds ?? 1] as const
  // A key without its unit comes before all cells that begin with it.
  let after: readonly (string | number)[] = [...prefix, Math.max(0, startSeconds)]
  for (;;) {
    const rows = await cells.list(store, { prefix, after, limit: PAGE_ROWS })
    for (const { key, value } of rows) {
      const [, , start, cellUnit] = key
      if (start >= endSeconds) return buckets
      if (unit !== undefined && cellUnit !== unit) continue
      const bucketStart = startSeconds + Math.floor((start - startSeconds) / periodSeconds) * periodSeconds
      let bucket = buckets.get(bucketStart)
      if (bucket === undefined) buckets.set(bucketStart, (bucket = new Map<string, Distribution>()))
      const known = bucket.get(cellUnit)
      if (known === undefined) bucket.set(cellUnit, Distribution.of(value))
      else known.merge(Distribution.of(value))
    }
    const last = rows.at(-1)
    if (last === undefined || rows.length < PAGE_ROWS) return buckets
    after = last.key
  }
}

/** All values of a bucket, whatever their unit. */
export function inOne(bucket: ReadonlyMap<string, Distribution>): Distribution {
  const all = new Distribution()
  for (const distribution of bucket.values()) all.merge(distribution)
  return all
}
