import type { Clock } from '../../../std/clock.ts'
import { parseFunctionArn } from '../arn.ts'
import type { MetricSink } from '../metrics.ts'

const MINUTE_MS = 60_000
/** Functions whose peak is remembered; with more of them some values are reported twice. */
const PEAKS_MAX = 5000

/**
 * ConcurrentExecutions and UnreservedConcurrentExecutions: how much ran at one time. Only what is higher than all before in its minute is
 * reported, which makes the maximum right and costs a busy server next to nothing.
 */
export class ConcurrencyPeaks {
  readonly #clock: Clock
  readonly #onMetric: MetricSink
  #minute = 0
  readonly #peaks = new Map<string, number>()

  constructor(clock: Clock, onMetric: MetricSink) {
    this.#clock = clock
    this.#onMetric = onMetric
  }

  /** An event has begun: so many run now of its function, in the account, and of all functions without a reservation. */
  note(functionArn: string, running: { ofFunction: number; total: number; unreserved: number }): void {
    const atMs = this.#clock.now()
    const minute = Math.floor(atMs / MINUTE_MS)
    if (minute !== this.#minute || this.#peaks.size >= PEAKS_MAX) {
      this.#minute = minute
      this.#peaks.clear()
    }
    if (this.#isPeak(functionArn, running.ofFunction)) {
      this.#say('ConcurrentExecutions', functionArn, running.ofFunction, atMs, 'function')
    }
    if (this.#isPeak('', running.total)) this.#say('ConcurrentExecutions', functionArn, running.total, atMs, 'account')
    if (running.unreserved > 0 && this.#isPeak('unreserved', running.unreserved)) {
      this.#say('UnreservedConcurrentExecutions', functionArn, running.unreserved, atMs, 'account')
    }
  }

  #isPeak(id: string, running: number): boolean {
    if (running <= (this.#peaks.get(id) ?? 0)) return false
    this.#peaks.set(id, running)
    return true
  }

  #say(
    name: 'ConcurrentExecutions' | 'UnreservedConcurrentExecutions',
    functionArn: string,
    value: number,
    atMs: number,
    scope: 'account' | 'function',
  ): void {
    const ref = parseFunctionArn(functionArn)
    if (ref === undefined) return
    const { accountId, region, name: functionName } = ref
    const about = { accountId, region, functionName, qualifier: undefined, executedVersion: undefined }
    this.#onMetric({ ...about, name, value, unit: 'Count', atMs, scope })
  }
}
