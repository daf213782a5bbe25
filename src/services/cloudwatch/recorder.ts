import type { Clock, Timer } from '../../std/clock.ts'
import type { Store } from '../../store/store.ts'
import { transact } from '../../store/transaction.ts'
import { Distribution, type StatisticSet } from './distribution.ts'
import { type Series, seriesId } from './series.ts'
import { type CellKey, cells, LEVELS, type LevelSeconds, metrics } from './tables.ts'

/** How long values may wait to be stored together, in ms: what a crash may lose. */
const FLUSH_DELAY_MS = 5000
/** Cells that wait before they are stored at once. */
const WAITING_CELLS_SOON = 2000
/** Cells that wait while the store does not follow: then clients wait, and measurements of our own are lost. */
const WAITING_CELLS_MAX = 20_000
/** Rows of one commit. */
const COMMIT_CELLS = 250
/** How exactly it is kept when a metric last got a value, in ms. */
const LAST_SEEN_PRECISION_MS = 60_000
/** Metrics whose last value is remembered. */
const SEEN_MAX = 10_000

/** One value, some equal values, or sums of values. */
export type Measured = { readonly value: number; readonly count: number } | { readonly set: StatisticSet }

export interface Measurement {
  readonly series: Series
  readonly measured: Measured
  readonly unit: string
  readonly atMs: number
  /** Kept by the second too. */
  readonly isHighResolution: boolean
}

/** What waits of one series, in cells of the level that values come with; the coarser ones follow from them when they are stored. */
interface Waiting {
  readonly series: Series
  readonly seriesId: string
  readonly cells: Map<string, WaitingCell>
  lastMs: number
}

interface WaitingCell {
  readonly level: LevelSeconds
  readonly start: number
  readonly unit: string
  readonly distribution: Distribution
}

/** Gathers measurements in memory and stores them together: a metric is not worth a commit of its own. */
export class Recorder {
  readonly #store: Store
  readonly #clock: Clock
  readonly #onFailure: (error: unknown) => void
  #waiting = new Map<string, Waiting>()
  #cellCount = 0
  #timer: Timer | undefined
  #flushing: Promise<void> = Promise.resolve()
  /** When metrics last got a value, as stored. */
  readonly #seen = new Map<string, number>()

  constructor(options: { store: Store; clock: Clock; onFailure: (error: unknown) => void }) {
    this.#store = options.store
    this.#clock = options.clock
    this.#onFailure = options.onFailure
  }

  /** Whether there is no room: the store has not taken what waits. */
  get isFull(): boolean {
    return this.#cellCount >= WAITING_CELLS_MAX
  }

  /** Adds a measurement to what waits; never waits itself. False: there is no room, and it is lost. */
  add({ series, measured, unit, atMs, isHighResolution }: Measurement): boolean {
    if (this.isFull) return false
    const name = nameOf(series)
    let waiting = this.#waiting.get(name)
    if (waiting === undefined) {
      waiting = { series, seriesId: seriesId(series), cells: new Map(), lastMs: atMs }
      this.#waiting.set(name, waiting)
    }
    if (atMs > waiting.lastMs) waiting.lastMs = atMs
    const level: LevelSeconds = isHighResolution ? 1 : 60
    const start = Math.floor(atMs / 1000 / level) * level
    const { distribution } = this.#cell(waiting, level, start, unit)
    if ('set' in measured) distribution.addSet(measured.set)
    else distribution.add(measured.value, measured.count)
    if (this.#cellCount >= WAITING_CELLS_SOON) void this.flush().catch(this.#onFailure)
    else this.#timer ??= this.#clock.setTimer(FLUSH_DELAY_MS, () => void this.flush().catch(this.#onFailure))
    return true
  }

  /** Resolves when everything added so far is stored. What cannot be stored waits on, and the caller is told. */
  flush(): Promise<void> {
    this.#timer?.cancel()
    this.#timer = undefined
    const flushed = this.#flushing.then(() => this.#storeWaiting())
    this.#flushing = flushed.catch(() => {})
    return flushed
  }

  async #storeWaiting(): Promise<void> {
    const batch = this.#waiting
    if (batch.size === 0) return
    this.#waiting = new Map()
    this.#cellCount = 0
    const groups = groupsOf(batch)
    try {
      for (const group of groups) {
        await this.#commit(group)
        for (const waiting of group) batch.delete(nameOf(waiting.series))
      }
    } catch (error) {
      for (const waiting of batch.values()) this.#putBack(waiting)
      throw error
    }
  }

  /** Whole series, so that what failed is put back exactly. */
  async #commit(group: readonly Waiting[]): Promise<void> {
    await transact(this.#store, async (tx) => {
      for (const { series, seriesId, cells: changed, lastMs } of group) {
        for (const { key, distribution } of onEveryLevel(seriesId, changed.values())) {
          const row = await cells.get(tx, key)
          const merged = row === undefined ? new Distribution() : Distribution.of(row)
          merged.merge(distribution)
          cells.put(tx, key, merged.toRow())
        }
        if (lastMs - (this.#seen.get(seriesId) ?? Number.NEGATIVE_INFINITY) < LAST_SEEN_PRECISION_MS) continue
        const { accountId, region, namespace, name, dimensions } = series
        const key = [accountId, region, namespace, name, seriesId] as const
        const known = await metrics.get(tx, key)
        metrics.put(tx, key, { dimensions, lastMs: Math.max(lastMs, known?.lastMs ?? 0) })
      }
    })
    for (const { seriesId, lastMs } of group) this.#remember(seriesId, lastMs)
  }

  #remember(id: string, lastMs: number): void {
    const before = this.#seen.get(id)
    if (before !== undefined && lastMs - before < LAST_SEEN_PRECISION_MS) return
    if (this.#seen.size >= SEEN_MAX) this.#seen.clear()
    this.#seen.set(id, lastMs)
  }

  #putBack(failed: Waiting): void {
    const name = nameOf(failed.series)
    const newer = this.#waiting.get(name)
    if (newer === undefined) {
      this.#waiting.set(name, failed)
      this.#cellCount += failed.cells.size
    } else {
      for (const { level, start, unit, distribution } of failed.cells.values()) {
        this.#cell(newer, level, start, unit).distribution.merge(distribution)
      }
    }
    this.#timer ??= this.#clock.setTimer(FLUSH_DELAY_MS, () => void this.flush().catch(this.#onFailure))
  }

  #cell(waiting: Waiting, level: LevelSeconds, start: number, unit: string): WaitingCell {
    const name = `${level} ${start} ${unit}`
    let cell = waiting.cells.get(name)
    if (cell === undefined) {
      waiting.cells.set(name, (cell = { level, start, unit, distribution: new Distribution() }))
      this.#cellCount++
    }
    return cell
  }
}

/** Cheaper than the series' id, and as good in memory: functions measure several times per invocation. */
function nameOf({ accountId, region, namespace, name, dimensions }: Series): string {
  let text = `${accountId}\0${region}\0${namespace}\0${name}`
  for (const { name, value } of dimensions) text += `\0${name}\0${value}`
  return text
}

function onEveryLevel(
  seriesId: string,
  waiting: Iterable<WaitingCell>,
): Iterable<{ readonly key: CellKey; readonly distribution: Distribution }> {
  const found = new Map<string, { readonly key: CellKey; readonly distribution: Distribution }>()
  for (const { level, start, unit, distribution } of waiting) {
    for (const { seconds } of LEVELS) {
      if (seconds < level) continue
      const key: CellKey = [seriesId, seconds, Math.floor(start / seconds) * seconds, unit]
      const text = key.join(' ')
      let cell = found.get(text)
      if (cell === undefined) found.set(text, (cell = { key, distribution: new Distribution() }))
      cell.distribution.merge(distribution)
    }
  }
  return found.values()
}

/** Series by series, up to about {@link COMMIT_CELLS} cells together. */
function groupsOf(batch: ReadonlyMap<string, Waiting>): Waiting[][] {
  const groups: Waiting[][] = []
  let cellCount = Number.POSITIVE_INFINITY
  for (const waiting of batch.values()) {
    if (cellCount >= COMMIT_CELLS) {
      groups.push([])
      cellCount = 0
    }
    groups.at(-1)?.push(waiting)
    cellCount += waiting.cells.size * LEVELS.length
  }
  return groups
}
