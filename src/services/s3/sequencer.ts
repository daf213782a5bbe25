import type { Store } from '../../store/store.ts'
import { transact } from '../../store/transaction.ts'
import { sequencerLimit } from './tables.ts'

/** Seconds of sequencers that are claimed at a time: at most this far ahead of the clock after a restart. */
const CLAIM_SECONDS = 10
/** A new claim is made when less than this is left. */
const MARGIN_SECONDS = 5
const SUBSECONDS = 2 ** 32

/**
 * Numbers of events, so that consumers can tell which of two events of a key is the later one: `00`, eight hex digits of seconds, eight
 * of a counter. Strictly increasing in this process, and beyond every number an earlier process used: the seconds up to which they
 * may go are claimed in the store before they are used, so a clock that was set back changes nothing.
 */
export class Sequencer {
  readonly #store: Store
  /** Claimed: numbers below this second may be given out. */
  #limit = 0
  #seconds = 0
  #counter = 0
  #claiming: Promise<void> | undefined

  constructor(store: Store) {
    this.#store = store
  }

  /** To be awaited before {@link next}, outside of transactions. Waits for nothing while the claim lasts. */
  ready(nowMs: number): Promise<void> | undefined {
    const seconds = Math.max(this.#seconds, Math.floor(nowMs / 1000))
    if (seconds < this.#limit - MARGIN_SECONDS) return undefined
    this.#claiming ??= this.#claim(seconds).finally(() => {
      this.#claiming = undefined
    })
    return this.#claiming
  }

  /**
   * The next number, greater than all before and than `previous`, the key's last one (written by another server perhaps). Called after
   * that row was read in the same attempt of a transaction: a conflict makes it run again and get a later number, so that the
   * version that ends up current has the greatest.
   */
  next(nowMs: number, previous?: string): string {
    const seconds = Math.floor(nowMs / 1000)
    const counter = Math.floor((nowMs % 1000) * (SUBSECONDS / 1000))
    if (seconds > this.#seconds || (seconds === this.#seconds && counter > this.#counter)) {
      this.#seconds = seconds
      this.#counter = counter
    } else this.#increment()
    const text = format(this.#seconds, this.#counter)
    if (previous === undefined || text > previous) return text
    this.#seconds = Number.parseInt(previous.slice(2, 10), 16)
    this.#counter = Number.parseInt(previous.slice(10, 18), 16)
    this.#increment()
    return format(this.#seconds, this.#counter)
  }

  #increment(): void {
    this.#counter++
    if (this.#counter < SUBSECONDS) return
    this.#counter = 0
    this.#seconds++
  }

  async #claim(seconds: number): Promise<void> {
    const isFirst = this.#limit === 0
    const limit = await transact(this.#store, async (tx) => {
      const claimed = (await sequencerLimit.get(tx, [])) ?? 0
      const from = isFirst ? Math.max(seconds, claimed) : seconds
      const to = Math.max(from + CLAIM_SECONDS, claimed)
      sequencerLimit.put(tx, [], to)
      return { from, to }
    })
    if (isFirst && limit.from > this.#seconds) {
      this.#seconds = limit.from
      this.#counter = 0
    }
    this.#limit = limit.to
  }
}

function format(seconds: number, counter: number): string {
  return `00${hex8(seconds)}${hex8(counter)}`
}

function hex8(value: number): string {
  return value.toString(16).toUpperCase().padStart(8, '0')
}
