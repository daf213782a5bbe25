import type { Clock } from '../std/clock.ts'

/** A hint inside one process that there is something to do. Rings are remembered until heard, and never needed: polling is the truth. */
export class Doorbell {
  #isRung = false
  readonly #listeners = new Set<() => void>()

  ring(): void {
    this.#isRung = true
    for (const listener of this.#listeners) listener()
  }

  /** Forgets earlier rings: whoever calls this looks next. */
  hear(): void {
    this.#isRung = false
  }

  /** Resolves at a ring (at once after one that nobody heard), when `delayMs` have passed, or when `signal` aborts. */
  wait(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
    if (this.#isRung || signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const finish = () => {
        timer.cancel()
        this.#listeners.delete(finish)
        signal.removeEventListener('abort', finish)
        resolve()
      }
      const timer = clock.setTimer(delayMs, finish)
      this.#listeners.add(finish)
      signal.addEventListener('abort', finish, { once: true })
    })
  }
}
