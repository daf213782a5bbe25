import type { Clock, Timer } from '../../std/clock.ts'
import type { Outlet } from './outlet.ts'
import type { SubscriptionRequest } from './subscription.ts'

/** What may wait while an extension is slow, in buffers of its own size; what comes then is dropped, and said to be. */
const WAITING_BUFFERS_MAX = 4

/** Events on their way to one extension: gathered, sent one batch at a time, in order. */
export class Feed {
  readonly request: SubscriptionRequest
  readonly #clock: Clock
  readonly #outlet: Outlet
  #items: string[] = []
  #bytes = 0
  #timer: Timer | undefined
  #sending: Promise<void> | undefined
  #dropped = { records: 0, bytes: 0 }

  constructor(request: SubscriptionRequest, outlet: Outlet, clock: Clock) {
    this.request = request
    this.#outlet = outlet
    this.#clock = clock
  }

  /** One event as JSON text. */
  add(item: string): void {
    const { itemsMax, bytesMax, timeoutMs } = this.request
    if (this.#bytes >= WAITING_BUFFERS_MAX * bytesMax || this.#items.length >= WAITING_BUFFERS_MAX * itemsMax) {
      this.#dropped.records++
      this.#dropped.bytes += item.length
      return
    }
    this.#items.push(item)
    this.#bytes += item.length
    if (this.#items.length >= itemsMax || this.#bytes >= bytesMax) void this.flush()
    else this.#timer ??= this.#clock.setTimer(timeoutMs, () => void this.flush())
  }

  /** Sends what there is; resolves when it has been taken, or given up. */
  async flush(): Promise<void> {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined
    })
    await this.#sending
  }

  close(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#items = []
    this.#outlet.close()
  }

  async #sendAll(): Promise<void> {
    while (this.#items.length > 0 || this.#dropped.records > 0) {
      const batch = this.#take()
      try {
        await this.#outlet.send(batch)
      } catch {
        // Nobody listens, or not any more: the same as an extension that is too slow.
        this.#dropped.records += batch.length
        this.#dropped.bytes += batch.reduce((sum, item) => sum + item.length, 0)
        return
      }
    }
  }

  /** At most one buffer full, at least one event. */
  #take(): string[] {
    const { itemsMax, bytesMax } = this.request
    const batch: string[] = []
    let bytes = 0
    if (this.#dropped.records > 0) {
      batch.push(this.#saysDropped())
      this.#dropped = { records: 0, bytes: 0 }
    }
    for (const item of this.#items) {
      if (batch.length > 0 && (batch.length >= itemsMax || bytes + item.length > bytesMax)) break
      batch.push(item)
      bytes += item.length
    }
    this.#items.splice(0, batch.length - (batch[0] === this.#items[0] ? 0 : 1))
    this.#bytes -= bytes
    return batch
  }

  #saysDropped(): string {
    const { records: droppedRecords, bytes: droppedBytes } = this.#dropped
    const reason = 'Consumer seems to have fallen behind as it has not acknowledged receipt of logs.'
    const record = { reason, droppedRecords, droppedBytes }
    return JSON.stringify({ time: new Date(this.#clock.now()).toISOString(), type: 'platform.logsDropped', record })
  }
}
