import { EXIT } from '../cli-error.ts'
import { type ConnectionFlags, findConnection } from '../connection.ts'
import { onInterrupt } from '../follow.ts'
import { sleepAwake } from '../../client/sleep-awake.ts'
import { print, tell } from '../output.ts'
import { fetchTraces, headline, TRACES_MAX, type Trace } from '../traces.ts'

const POLL_MS = 300

/**
 * Prints a line for every event that happens from now on, and one more whenever its state changes, until it is interrupted. Looks at the
 * newest 200: what happens faster, or ends after 200 others have begun, is not shown, and stderr says when that may be.
 */
export async function tail(flags: ConnectionFlags & { readonly json?: boolean }): Promise<void> {
  const connection = await findConnection(flags)
  const stop = onInterrupt()
  try {
    let states = new Map<string, string>()
    for (const trace of await fetchTraces(connection, undefined, TRACES_MAX, stop)) states.set(trace.id, trace.state)
    tell('waiting for events; Ctrl-C ends it')
    while (!stop.aborted) {
      await sleepAwake(POLL_MS, stop)
      const traces = await fetchTraces(connection, undefined, TRACES_MAX, stop)
      if (states.size > 0 && traces.length === TRACES_MAX && traces.every(({ id }) => !states.has(id))) {
        tell(`more than ${TRACES_MAX} events at once: some are not shown`)
      }
      for (const trace of changed(traces, states)) print(flags.json ? JSON.stringify(trace) : headline(trace))
      states = new Map(traces.map(({ id, state }) => [id, state]))
    }
  } catch (error) {
    if (!stop.aborted) throw error
  }
  process.exitCode = EXIT.interrupted
}

/** The new and the changed ones of a newest-first list, oldest first. Exported for its test. */
export function changed(traces: readonly Trace[], known: ReadonlyMap<string, string>): Trace[] {
  return traces.filter(({ id, state }) => known.get(id) !== state).toReversed()
}
