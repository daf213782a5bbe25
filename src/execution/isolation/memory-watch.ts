import { systemClock, type Timer } from '../../std/clock.ts'
import { descendants, residentBytes } from './process-tree.ts'

/** How often memory is looked at while it grows, in ms: a function that allocates 1 GB/s overshoots by 100 MB. */
const INTERVAL_MIN_MS = 100
/** And while it does not: a look at a process costs 0.1 ms, and most environments are idle. */
const INTERVAL_MAX_MS = 400
const MEGABYTE = 1024 * 1024

/** The memory limit where there are no cgroups: looks now and then, and says when it is passed. Measures real time: it guards a real machine. */
export class MemoryWatch {
  #limitBytes: number
  readonly #onExceeded: () => void
  #usedMaxBytes = 0
  #pid: number | undefined
  #timer: Timer | undefined
  #intervalMs = INTERVAL_MIN_MS

  constructor(limitMb: number, onExceeded: () => void) {
    this.#limitBytes = limitMb * MEGABYTE
    this.#onExceeded = onExceeded
  }

  start(pid: number): void {
    this.#pid = pid
    this.#arm()
  }

  resize(limitMb: number): void {
    this.#limitBytes = limitMb * MEGABYTE
  }

  stop(): void {
    this.#pid = undefined
    this.#timer?.cancel()
  }

  /** As of the last look. */
  usedMaxMb(): number {
    if (this.#usedMaxBytes === 0) this.#look()
    return Math.ceil(this.#usedMaxBytes / MEGABYTE)
  }

  #arm(): void {
    this.#timer = systemClock.setTimer(this.#intervalMs, () => {
      const beforeBytes = this.#usedMaxBytes
      this.#look()
      if (this.#pid === undefined) return
      if (this.#usedMaxBytes > this.#limitBytes) return this.#onExceeded()
      const isGrowing = this.#usedMaxBytes > beforeBytes
      this.#intervalMs = isGrowing ? INTERVAL_MIN_MS : Math.min(INTERVAL_MAX_MS, this.#intervalMs * 2)
      this.#arm()
    })
  }

  #look(): void {
    if (this.#pid === undefined) return
    const usedBytes = descendants(this.#pid).reduce((sum, pid) => sum + residentBytes(pid), 0)
    this.#usedMaxBytes = Math.max(this.#usedMaxBytes, usedBytes)
  }
}
