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

/** What waits, in cells of the level that values come with; the coarser ones follow from them when they are stored. */
interface Waiting {
  /** All of these get the values. */
  readonly series: readonly Series[]
  readonly cells: Map<string, WaitingCell>
  /** Where the last value went: mostly the next one does too. */
  lastCell: WaitingCell | undefined
  lastMs: number
}

/** {@link Waiting}, of one series. */
interface Pending {
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
  #runningCount = 0
  #hasFailed = false
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
    const waiting = this.#waitingOf(nameOf(series), () => [series])
    const distribution = this.#at(waiting, isHighResolution ? 1 : 60, unit, atMs)
    if ('set' in measured) distribution.addSet(measured.set)
    else distribution.add(measured.value, measured.count)
    return true
  }

  /** Adds one value to several series. `name` stands for them, so that they need not be listed each time. */
  addToAll(name: string, series: () => readonly Series[], value: number, unit: string, atMs: number): boolean {
    if (this.isFull) return false
    // No name of a series begins so.
    this.#at(this.#waitingOf(`\0${name}`, series), 60, unit, atMs).add(value)
    return true
  }

  #waitingOf(name: string, series: () => readonly Series[]): Waiting {
    let waiting = this.#waiting.get(name)
    if (waiting === undefined) {
      waiting = { series: series(), cells: new Map(), lastCell: undefined, lastMs: 0 }
      this.#waiting.set(name, waiting)
    }
    return waiting
  }

  #at(waiting: Waiting, level: LevelSeconds, unit: string, atMs: number): Distribution {
    if (atMs > waiting.lastMs) waiting.lastMs = atMs
    const start = Math.floor(atMs / 1000 / level) * level
    let cell = waiting.lastCell
    if (cell === undefined || cell.start !== start || cell.level !== level || cell.unit !== unit) {
      cell = cellOf(waiting.cells, level, start, unit, () => this.#cellCount++)
      waiting.lastCell = cell
    }
    // One flush at a time, and a store that fails is left alone until the timer rings.
    if (this.#cellCount >= WAITING_CELLS_SOON && this.#runningCount === 0 && !this.#hasFailed) this.#flushAside()
    else this.#timer ??= this.#clock.setTimer(FLUSH_DELAY_MS, () => this.#flushAside())
    return cell.distribution
  }

  /** Resolves when everything added so far is stored. What cannot be stored waits on, and the caller is told. */
  flush(): Promise<void> {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#runningCount++
    const flushed = this.#flushing.then(() => this.#storeWaiting())
    this.#flushing = flushed.then(
      () => this.#ended(false),
      () => this.#ended(true),
    )
    return flushed
  }

  #ended(hasFailed: boolean): void {
    this.#runningCount--
    this.#hasFailed = hasFailed
  }

  #flushAside(): void {
    void this.flush().catch(this.#onFailure)
  }

  async #storeWaiting(): Promise<void> {
    const batch = this.#waiting
    if (batch.size === 0) return
    this.#waiting = new Map()
    this.#cellCount = 0
    const pending = pendingOf(batch.values())
    try {
      for (const group of groupsOf(pending)) {
        await this.#commit(group)
        for (const { series } of group) pending.delete(nameOf(series))
      }
    } catch (error) {
      for (const left of pending.values()) this.#putBack(left)
      throw error
    }
  }

  /** Whole series, so that what failed is put back exactly. */
  async #commit(group: readonly Pending[]): Promise<void> {
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

  #putBack({ series, cells: failed, lastMs }: Pending): void {
    const waiting = this.#waitingOf(nameOf(series), () => [series])
    for (const { level, start, unit, distribution } of failed.values()) {
      this.#at(waiting, level, unit, start * 1000).merge(distribution)
    }
    waiting.lastMs = Math.max(waiting.lastMs, lastMs)
  }
}

function cellOf(
  found: Map<string, WaitingCell>,
  level: LevelSeconds,
  start: number,
  unit: string,
  onNew: () => void,
): WaitingCell {
  const name = `${level} ${start} ${unit}`
  let cell = found.get(name)
  if (cell === undefined) {
    found.set(name, (cell = { level, start, unit, distribution: new Distribution() }))
    onNew()
  }
  return cell
}

/** What waits, series by series. */
function pendingOf(batch: Iterable<Waiting>): Map<string, Pending> {
  const pending = new Map<string, Pending>()
  for (const waiting of batch) {
    for (const series of waiting.series) {
      const name = nameOf(series)
      let one = pending.get(name)
      if (one === undefined) {
        one = { series, seriesId: seriesId(series), cells: new Map(), lastMs: 0 }
        pending.set(name, one)
      }
      one.lastMs = Math.max(one.lastMs, waiting.lastMs)
      for (const { level, start, unit, distribution } of waiting.cells.values()) {
        cellOf(one.cells, level, start, unit, () => {}).distribution.merge(distribution)
      }
    }
  }
  return pending
}

/** Cheaper than the series' id, and as good in memory. */
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
function groupsOf(pending: ReadonlyMap<string, Pending>): Pending[][] {
  const groups: Pending[][] = []
  let cellCount = Number.POSITIVE_INFINITY
  for (const one of pending.values()) {
    if (cellCount >= COMMIT_CELLS) {
      groups.push([])
      cellCount = 0
    }
    groups.at(-1)?.push(one)
    cellCount += one.cells.size * LEVELS.length
  }
  return groups
}
