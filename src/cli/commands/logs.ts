import { sleepAwake } from '../../client/sleep-awake.ts'
import { systemClock } from '../../std/clock.ts'
import { CliError, EXIT } from '../cli-error.ts'
import { type ConnectionFlags, findConnection } from '../connection.ts'
import { onInterrupt } from '../follow.ts'
import { LogReader, lineOf } from '../log-reader.ts'
import { print } from '../output.ts'

const POLL_MS = 500
const MINUTE_MS = 60_000

export interface LogFlags extends ConnectionFlags {
  readonly follow?: boolean
  readonly since: string
  readonly json?: boolean
}

/** Prints the log of one function, or of all, through the CloudWatch Logs API. */
export async function logs(functionName: string | undefined, flags: LogFlags): Promise<void> {
  const minutes = Number(flags.since)
  if (!Number.isFinite(minutes) || minutes < 0)
    throw new CliError(`--since ${flags.since}: expected minutes`, { exitCode: EXIT.usage })
  const connection = await findConnection(flags)
  const stop = flags.follow ? onInterrupt() : new AbortController().signal
  const startMs = systemClock.now() - minutes * MINUTE_MS
  const reader = new LogReader(connection, { sinceMs: startMs, mayBeAbsent: flags.follow ?? false })
  try {
    do {
      const names = functionName === undefined ? await reader.functionNames(stop) : [functionName]
      for (const line of await reader.fresh(names, stop))
        print(flags.json ? JSON.stringify(line) : lineOf(line, functionName === undefined))
      if (flags.follow) await sleepAwake(POLL_MS, stop)
    } while (flags.follow && !stop.aborted)
  } catch (error) {
    if (!stop.aborted) throw error
  }
  if (stop.aborted) process.exitCode = EXIT.interrupted
}
