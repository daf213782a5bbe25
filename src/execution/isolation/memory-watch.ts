import { systemClock, type Timer } from '../../std/clock.ts'
import { descendants, residentBytes } from './process-tree.ts'

/** How often memory is looked at, in ms: a function that allocates 1 GB/s overshoots by 100 MB. */
const INTERVAL_MS = 100
const MEGABYTE = 1024 * 1024

/** The memory limit where there are no cgroups: looks now and then, and says when it is passed. Measures real time: it guards a real machine. */
export class MemoryWatch {
  readonly #limitBytes: number
  readonly #onExceeded: () => void
  #usedMaxBytes = 0
  #pid: number | undefined
  #timer: Timer | undefined

  constructor(limitMb: number, onExceeded: () => void) {
    this.#limitBytes = limitMb * MEGABYTE
    this.#onExceeded = onExceeded
  }

  start(pid: number): void {
    this.#pid = pid
    this.#arm()
  }

  stop(): void {
    this.#pid = undefined
    this.#timer?.cancel()
  }

  usedMaxMb(): number {
    this.#look()
    return Math.ceil(this.#usedMaxBytes / MEGABYTE)
  }

  #arm(): void {
    this.#timer = systemClock.setTimer(INTERVAL_MS, () => {
      this.#look()
      if (this.#pid === undefined) return
      if (this.#usedMaxBytes > this.#limitBytes) this.#onExceeded()
      else this.#arm()
    })
  }

  #look(): void {
    if (this.#pid === undefined) return
    const usedBytes = descendants(this.#pid).reduce((sum, pid) => sum + residentBytes(pid), 0)
    this.#usedMaxBytes = Math.max(this.#usedMaxBytes, usedBytes)
  }
}
