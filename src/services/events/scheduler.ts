import { type Clock, sleep } from '../../std/clock.ts'
import type { Store } from '../../store/store.ts'
import { transact } from '../../store/transaction.ts'
import { ruleArn } from './arn.ts'
import { type BusEvent, eventIdOf } from './bus-event.ts'
import type { Router } from './router.ts'
import { nextTime, parseSchedule } from '../../schedule/schedule.ts'
import { type DueKey, dues, type RuleRow, ruleKey, rules } from './tables.ts'

/** Rules fired by one step. */
const BATCH = 100
/** How long to sleep at most: another server may have made a rule. */
const WAIT_MAX_MS = 30_000

/**
 * Puts the events of scheduled rules on their way. A time that passed while no server ran is caught up once, however many there were:
 * a laptop that wakes in the morning must not run a night of minutes.
 */
export class Scheduler {
  readonly #store: Store
  readonly #clock: Clock
  readonly #router: Router
  #wake = () => {}

  constructor(options: { store: Store; clock: Clock; router: Router }) {
    this.#store = options.store
    this.#clock = options.clock
    this.#router = options.router
  }

  /** Fires what is due; resolves to how many rules that were. */
  async step(signal: AbortSignal): Promise<number> {
    const nowMs = this.#clock.now()
    const rows = await dues.list(this.#store, { limit: BATCH })
    let count = 0
    for (const { key } of rows) {
      if (key[0] > nowMs || signal.aborted) break
      await this.#fire(key, nowMs)
      count++
    }
    return count
  }

  /** Resolves when the next rule is due, when a rule has changed, and when `signal` aborts. */
  async wait(signal: AbortSignal): Promise<void> {
    const woken = new AbortController()
    this.#wake = () => woken.abort(new Error('a schedule has changed'))
    const [first] = await dues.list(this.#store, { limit: 1 })
    const untilMs = (first?.key[0] ?? Number.POSITIVE_INFINITY) - this.#clock.now()
    if (untilMs <= 0) return
    await sleep(this.#clock, Math.min(untilMs, WAIT_MAX_MS), AbortSignal.any([signal, woken.signal])).catch(() => {})
  }

  /** A rule has been changed: look again. */
  wake(): void {
    this.#wake()
  }

  async #fire(key: DueKey, nowMs: number): Promise<void> {
    const [dueMs, accountId, region, bus, name] = key
    const ref = { bus: { accountId, region, name: bus }, name }
    await transact(this.#store, async (tx) => {
      dues.delete(tx, key)
      const row = await rules.get(tx, ruleKey(ref))
      if (row?.dueMs !== dueMs) return
      // A repeat of this commit finds the row gone: the event is put once.
      const next = dueAfter(row, Math.max(nowMs, dueMs))
      rules.put(tx, ruleKey(ref), { ...row, dueMs: next })
      if (next !== null) dues.put(tx, [next, accountId, region, bus, name], 0)
      await this.#router.fire(tx, ref, scheduledEvent(ruleArn(ref), accountId, region, dueMs, nowMs))
    })
  }
}

/** When a rule is due next; null: never. */
export function dueAfter(
  { schedule, isEnabled, scheduledFromMs }: Omit<RuleRow, 'dueMs'>,
  afterMs: number,
): number | null {
  const parsed = schedule === null || !isEnabled ? undefined : parseSchedule(schedule)
  return parsed === undefined ? null : (nextTime(parsed, scheduledFromMs, afterMs) ?? null)
}

function scheduledEvent(arn: string, accountId: string, region: string, dueMs: number, nowMs: number): BusEvent {
  const id = eventIdOf(`${arn} ${dueMs}`)
  return {
    id,
    accountId,
    region,
    source: 'aws.events',
    detailType: 'Scheduled Event',
    timeMs: dueMs,
    resources: [arn],
    detail: '{}',
    traceHeader: undefined,
    ingestedMs: nowMs,
    subject: arn,
  }
}
