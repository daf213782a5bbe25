import { sleep, systemClock } from '../std/clock.ts'

/** Ends early, and quietly, when `signal` is aborted. The clock's timers let a process end; here the wait is the work, so an open port holds it. */
export async function sleepAwake(durationMs: number, signal?: AbortSignal): Promise<void> {
  const { port1 } = new MessageChannel()
  port1.ref()
  try {
    await sleep(systemClock, durationMs, signal)
  } catch (error) {
    if (!signal?.aborted) throw error
  } finally {
    port1.close()
  }
}
