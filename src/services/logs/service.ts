import type { LogStream } from '../../execution/execution.ts'
import type { RoleCaller } from '../../protocol/caller.ts'
import type { Store } from '../../store/store.ts'
import { type Clock, sleep } from '../../std/clock.ts'
import type { CallDoor } from '../door.ts'
import { LogWriter } from './log-writer.ts'
import { sweepLogs } from './sweep.ts'

export interface LogsOptions {
  readonly store: Store
  readonly clock: Clock
  readonly accountId: string
  /** Where log streams are opened that name no region. */
  readonly region: string
  /** Log writers call the service through the pipeline, so that a role can do there what it may do elsewhere. */
  readonly call: CallDoor
  /** Told of failures of the work in the background. */
  readonly onFailure: (error: unknown) => void
}

/** How often expired events and what was deleted is removed, in ms. AWS takes up to 72 hours. */
const SWEEP_INTERVAL_MS = 3_600_000

/** Log groups, their streams, and the events in them. */
export class Logs implements AsyncDisposable {
  readonly store: Store
  readonly clock: Clock
  readonly accountId: string
  readonly #options: LogsOptions
  /** Writers whose lines still wait. */
  readonly #dirty = new Set<LogWriter>()
  readonly #stop = new AbortController()
  readonly #sweeping: Promise<void>
  #wakeSweeper = () => {}

  constructor(options: LogsOptions) {
    this.store = options.store
    this.clock = options.clock
    this.accountId = options.accountId
    this.#options = options
    this.#sweeping = this.#sweepForEver()
  }

  /**
   * A stream that is written as a role, created with its group at the first line if the role may. Writing never throws; lines that the
   * role may not write are lost.
   */
  openLog(caller: RoleCaller, logGroup: string, streamName: string, region = this.#options.region): LogStream {
    const { clock, call, onFailure } = this.#options
    const onDirty = (writer: LogWriter, isDirty: boolean) => {
      if (isDirty) this.#dirty.add(writer)
      else this.#dirty.delete(writer)
    }
    return new LogWriter({ clock, call, caller, logGroup, streamName, region, onFailure, onDirty })
  }

  /** Resolves when every line written so far is stored. */
  async flush(): Promise<void> {
    await Promise.all([...this.#dirty].map((writer) => writer.flush()))
  }

  /** Something was deleted: its rows are removed soon, not at the next full hour. */
  wakeSweeper(): void {
    this.#wakeSweeper()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush()
    this.#stop.abort(new Error('the server stops'))
    await this.#sweeping
  }

  async #sweepForEver(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      const woken = new Promise<void>((resolve) => {
        this.#wakeSweeper = resolve
      })
      try {
        await sweepLogs(this.store, this.clock.now(), signal)
      } catch (error) {
        if (signal.aborted) return
        this.#options.onFailure(error)
      }
      const slept = new AbortController()
      await Promise.race([
        woken,
        sleep(this.clock, SWEEP_INTERVAL_MS, AbortSignal.any([signal, slept.signal])).catch(() => {}),
      ])
      slept.abort()
    }
  }
}
