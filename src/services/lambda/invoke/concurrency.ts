import { assert } from '../../../std/assert.ts'
import type { ThrottleReason } from '../errors.ts'
import type { ConcurrencyPeaks } from './concurrency-peaks.ts'

/** What AWS gives a new account. */
export const ACCOUNT_CONCURRENCY = 1000
/** Reserving more than leaves this much for all others is refused. */
export const UNRESERVED_MIN = 100

/** Permission to run one event; give it back when the event has ended. */
export interface Slot {
  release(): void
}

/**
 * Who runs how much in this process. A function with reserved concurrency draws from its own share, which is guarantee and
 * ceiling; all others share what nobody reserved.
 */
export class Concurrency {
  readonly #accountLimit: number
  readonly #running = new Map<string, number>()
  /** Queued events already claimed for a function whose run has not begun. */
  readonly #claimed = new Map<string, number>()
  /** Last known reservation: only a hint for claiming, never for admitting. */
  readonly #reservations = new Map<string, number | null>()
  readonly #peaks: Pick<ConcurrencyPeaks, 'note'> | undefined
  #unreservedRunning = 0
  #total = 0

  constructor(accountLimit = ACCOUNT_CONCURRENCY, peaks?: Pick<ConcurrencyPeaks, 'note'>) {
    this.#accountLimit = accountLimit
    this.#peaks = peaks
  }

  get accountLimit(): number {
    return this.#accountLimit
  }

  /** `reservedTotal` is asked only when so much runs that reservations of others matter. */
  async enter(
    functionArn: string,
    reserved: number | null,
    reservedTotal: () => Promise<number>,
  ): Promise<Slot | ThrottleReason> {
    this.#reservations.set(functionArn, reserved)
    if (reserved !== null) {
      if (this.running(functionArn) >= reserved) return 'ReservedFunctionConcurrentInvocationLimitExceeded'
      return this.#admit(functionArn, false)
    }
    if (this.#unreservedRunning >= UNRESERVED_MIN) {
      const limit = this.#accountLimit - (await reservedTotal())
      if (this.#unreservedRunning >= limit) return 'ConcurrentInvocationLimitExceeded'
    }
    return this.#admit(functionArn, true)
  }

  running(functionArn: string): number {
    return this.#running.get(functionArn) ?? 0
  }

  /** How many more queued events of a function may be claimed now. Events of a switched-off function are claimed to be settled at once. */
  budget(functionArn: string, otherwise: number): number {
    const reserved = this.#reservations.get(functionArn)
    if (reserved === 0) return otherwise
    if (reserved === undefined || reserved === null)
      return Math.min(otherwise, this.#accountLimit - this.#unreservedRunning)
    const free = reserved - this.running(functionArn) - (this.#claimed.get(functionArn) ?? 0)
    return Math.max(0, Math.min(otherwise, free))
  }

  noteReservation(functionArn: string, reserved: number | null): void {
    this.#reservations.set(functionArn, reserved)
  }

  noteClaim(functionArn: string, by: 1 | -1): void {
    change(this.#claimed, functionArn, by)
  }

  #admit(functionArn: string, isUnreserved: boolean): Slot {
    change(this.#running, functionArn, 1)
    this.#total++
    if (isUnreserved) this.#unreservedRunning++
    const running = { ofFunction: this.running(functionArn), total: this.#total, unreserved: this.#unreservedRunning }
    this.#peaks?.note(functionArn, running)
    let isReleased = false
    return {
      release: () => {
        assert(!isReleased, 'a slot is released once')
        isReleased = true
        this.#total--
        change(this.#running, functionArn, -1)
        if (isUnreserved) this.#unreservedRunning--
      },
    }
  }
}

function change(counts: Map<string, number>, key: string, by: 1 | -1): void {
  const next = (counts.get(key) ?? 0) + by
  assert(next >= 0, `count of ${key} is not negative`)
  if (next === 0) counts.delete(key)
  else counts.set(key, next)
}
