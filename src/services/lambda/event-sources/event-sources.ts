import { sleep } from '../../../std/clock.ts'
import type { Lambda } from '../service.ts'
import { type EventSourceRow, eventSources } from '../tables.ts'
import { Poller } from './poller.ts'

/** How often the mappings are read although nothing here has changed them: another server may have, in ms. */
const LOOK_MS = 10_000

interface Running {
  readonly text: string
  readonly poller: Poller
  readonly stopping: AbortController
  readonly ended: Promise<void>
}

/** Keeps one poller per enabled mapping: starts, replaces and ends them as the mappings say. `server.ts` starts and stops it. */
export class EventSources {
  readonly #lambda: Lambda
  readonly #running = new Map<string, Running>()
  readonly #stopping = new AbortController()
  #loop: Promise<void> | undefined
  #woken = Promise.withResolvers<void>()

  constructor(lambda: Lambda) {
    this.#lambda = lambda
  }

  start(): void {
    this.#loop ??= this.#run(this.#stopping.signal)
  }

  /** Ends the pollers; batches that run may end first. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#woken.resolve()
    await this.#loop
    for (const { stopping } of this.#running.values()) stopping.abort()
    await Promise.all([...this.#running.values()].map(({ ended }) => ended))
    this.#running.clear()
  }

  /** Says that a mapping has changed. */
  readonly wake = (): void => {
    this.#woken.resolve()
  }

  lastResult(id: string): string | undefined {
    return this.#running.get(id)?.poller.lastResult
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#woken = Promise.withResolvers()
      try {
        await this.#reconcile()
      } catch (error) {
        this.#lambda.onFailure(error)
      }
      const pause = new AbortController()
      const slept = sleep(this.#lambda.clock, LOOK_MS, pause.signal).catch(() => undefined)
      await Promise.race([this.#woken.promise, slept])
      pause.abort()
    }
  }

  async #reconcile(): Promise<void> {
    const wanted = new Set<string>()
    for await (const { key, value } of eventSources.scan(this.#lambda.store)) {
      const [accountId, region, id] = key
      if (!value.isEnabled) continue
      wanted.add(id)
      this.#ensure(id, { accountId, region }, value)
    }
    for (const [id, { stopping }] of this.#running) {
      if (wanted.has(id)) continue
      stopping.abort()
      this.#running.delete(id)
    }
  }

  #ensure(id: string, home: { accountId: string; region: string }, row: EventSourceRow): void {
    const text = JSON.stringify(row)
    const known = this.#running.get(id)
    if (known?.text === text) return
    known?.stopping.abort()
    const poller = new Poller(this.#lambda, home, id, row)
    const stopping = new AbortController()
    const ended = poller.run(stopping.signal).catch((error: unknown) => {
      this.#lambda.onFailure(error)
      // Begun again at the next look.
      if (this.#running.get(id)?.poller === poller) this.#running.delete(id)
    })
    this.#running.set(id, { text, poller, stopping, ended })
  }
}
