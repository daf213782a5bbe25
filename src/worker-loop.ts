import { type Clock, sleep } from './std/clock.ts'

/** Work that is looked for again and again: `step` does what is due, `wait` sleeps until there may be more. */
export interface Worker {
  /** True, or how much was done, when there may be more at once. */
  step(signal: AbortSignal): Promise<boolean | number>
  wait(signal: AbortSignal): Promise<void>
}

/** Pause after a step that failed: a broken disk must not make the loop burn a core. */
const FAILURE_PAUSE_MS = 1000

/** Runs a worker until it is disposed of; disposing waits for the step in progress. A step that fails is reported and tried again. */
export function startWorker(worker: Worker, clock: Clock, onFailure: (error: unknown) => void): AsyncDisposable {
  const stop = new AbortController()
  const done = loop(worker, clock, onFailure, stop.signal)
  return {
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('the server stops'))
      await done
    },
  }
}

/** A worker that has something to do every `intervalMs`. */
export function every(intervalMs: number, clock: Clock, task: (signal: AbortSignal) => Promise<unknown>): Worker {
  return {
    async step(signal) {
      await task(signal)
      return false
    },
    wait: (signal) => sleep(clock, intervalMs, signal),
  }
}

async function loop(
  worker: Worker,
  clock: Clock,
  onFailure: (error: unknown) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      if (await worker.step(signal)) continue
      if (!signal.aborted) await worker.wait(signal)
    } catch (error) {
      if (signal.aborted) return
      onFailure(error)
      await sleep(clock, FAILURE_PAUSE_MS, signal).catch(() => {})
    }
  }
}
