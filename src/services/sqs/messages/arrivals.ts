import type { Clock } from '../../../std/clock.ts'

interface Attendance {
  /** Receivers between {@link Arrivals.attend} and leaving. */
  count: number
  rings: number
  readonly wakers: Set<() => void>
}

/** Wakes receivers of this process that wait for messages of a store. A hint: they look for themselves, and from time to time anyway. */
export class Arrivals {
  readonly #clock: Clock
  readonly #attended = new Map<string, Attendance>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Something may be receivable now. */
  ring(storeId: string): void {
    const attendance = this.#attended.get(storeId)
    if (attendance === undefined) return
    attendance.rings++
    for (const wake of attendance.wakers) wake()
  }

  /** Says that somebody is about to look and wait: rings count from here. Call the result when done. */
  attend(storeId: string): () => void {
    const attendance = this.#attended.get(storeId) ?? { count: 0, rings: 0, wakers: new Set() }
    this.#attended.set(storeId, attendance)
    attendance.count++
    return () => {
      attendance.count--
      if (attendance.count === 0) this.#attended.delete(storeId)
    }
  }

  /** What to pass to {@link wait}: taken before looking, so that no ring between the look and the wait is missed. */
  heard(storeId: string): number {
    return this.#attended.get(storeId)?.rings ?? 0
  }

  /** Resolves at a ring after `heard`, after `delayMs`, or when `signal` aborts. Needs {@link attend}. */
  wait(storeId: string, heard: number, delayMs: number, signal: AbortSignal): Promise<void> {
    const attendance = this.#attended.get(storeId)
    if (attendance === undefined || attendance.rings !== heard || signal.aborted) return Promise.resolve()
    const { wakers } = attendance
    return new Promise((resolve) => {
      const finish = () => {
        timer.cancel()
        wakers.delete(finish)
        signal.removeEventListener('abort', finish)
        resolve()
      }
      const timer = this.#clock.setTimer(delayMs, finish)
      wakers.add(finish)
      signal.addEventListener('abort', finish, { once: true })
    })
  }
}
