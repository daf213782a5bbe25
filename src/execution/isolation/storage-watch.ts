import { lstat, opendir } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock, type Timer } from '../../std/clock.ts'

/** How often the directory is measured, in ms, while it grows and while it does not. */
const INTERVAL_MIN_MS = 250
const INTERVAL_MAX_MS = 4000
const MEGABYTE = 1024 * 1024

/**
 * The limit of a function's `/tmp`: measures now and then, and says when it is passed. A file system of the right size would answer ENOSPC
 * instead, but a tmpfs counts as memory and a loop device takes longer to make than the function to start. Measures real time: it guards a
 * real disk.
 */
export class StorageWatch {
  readonly #directory: string
  readonly #limitBytes: number
  readonly #onExceeded: () => void
  #timer: Timer | undefined
  #intervalMs = INTERVAL_MIN_MS
  #usedBytes = 0
  #isStopped = true

  constructor(directory: string, limitMb: number, onExceeded: () => void) {
    this.#directory = directory
    this.#limitBytes = limitMb * MEGABYTE
    this.#onExceeded = onExceeded
  }

  start(): void {
    this.#isStopped = false
    this.#arm()
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }

  #arm(): void {
    this.#timer = systemClock.setTimer(this.#intervalMs, () => {
      void this.#look()
    })
  }

  async #look(): Promise<void> {
    const beforeBytes = this.#usedBytes
    this.#usedBytes = await measure(this.#directory, this.#limitBytes)
    if (this.#isStopped) return
    if (this.#usedBytes > this.#limitBytes) return this.#onExceeded()
    this.#intervalMs = this.#usedBytes > beforeBytes ? INTERVAL_MIN_MS : Math.min(INTERVAL_MAX_MS, this.#intervalMs * 2)
    this.#arm()
  }
}

/** Bytes on disk below a directory; stops counting past the limit. */
async function measure(directory: string, limitBytes: number): Promise<number> {
  let bytes = 0
  try {
    for await (const entry of await opendir(directory)) {
      const path = join(directory, entry.name)
      bytes += entry.isDirectory() ? await measure(path, limitBytes - bytes) : (await lstat(path)).blocks * 512
      if (bytes > limitBytes) break
    }
  } catch {
    // Files come and go while they are counted.
  }
  return bytes
}
