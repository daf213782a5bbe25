/** The server's time. Everything that waits or reads the time takes one, so a six-hour event age is a millisecond test. */
export interface Clock {
  /** Wall-clock time in ms since 1970. */
  now(): number
  /** Calls back once after `delayMs`. The timer does not keep the process alive. */
  setTimer(delayMs: number, callback: () => void): Timer
}

export interface Timer {
  cancel(): void
}

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer(delayMs, callback) {
    // Node fires at once for delays that do not fit 31 bits; a later timer is re-armed by its owner's next look.
    const handle = setTimeout(callback, Math.min(Math.max(0, delayMs), 2 ** 31 - 1))
    handle.unref()
    return { cancel: () => clearTimeout(handle) }
  },
}

/** Monotonic milliseconds with a fraction, for measuring durations only. */
export function elapsedMs(): number {
  return performance.now()
}

/** Resolves after `delayMs` of the clock's time; rejects with the signal's reason when it aborts first. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error)
    const onAbort = () => {
      timer.cancel()
      reject(signal?.reason as Error)
    }
    const timer = clock.setTimer(delayMs, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/** A clock that stands still until a test advances it. Timers fire in the order of their due times. */
export class ManualClock implements Clock {
  #nowMs: number
  #timers: { dueMs: number; order: number; callback: () => void }[] = []
  #order = 0

  constructor(startMs = Date.UTC(2026, 0, 31, 10, 11, 12)) {
    this.#nowMs = startMs
  }

  now(): number {
    return this.#nowMs
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const timer = { dueMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, callback }
    this.#timers.push(timer)
    return { cancel: () => void (this.#timers = this.#timers.filter((other) => other !== timer)) }
  }

  /** Moves the time on, firing what falls due on the way; between two timers pending promises get a turn. */
  async advance(byMs: number): Promise<void> {
    const targetMs = this.#nowMs + byMs
    for (;;) {
      await settle()
      const next = this.#timers
        .filter((timer) => timer.dueMs <= targetMs)
        .sort((a, b) => a.dueMs - b.dueMs || a.order - b.order)[0]
      if (next === undefined) break
      this.#timers = this.#timers.filter((other) => other !== next)
      this.#nowMs = Math.max(this.#nowMs, next.dueMs)
      next.callback()
    }
    this.#nowMs = targetMs
    await settle()
  }
}

/** Lets promises and immediates that are already on their way run; no time passes. */
export async function settle(turns = 5): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
}
