import { sleep, systemClock } from '../../std/clock.ts'
import { CliError, EXIT } from '../cli-error.ts'
import { callJson, type Connection, type ConnectionFlags, findConnection } from '../connection.ts'
import { print, tell } from '../output.ts'

const POLL_MS = 500
const PAGE = 1000
const MINUTE_MS = 60_000

interface LogEvent {
  readonly eventId: string
  readonly timestamp: number
  readonly message: string
  readonly logStreamName: string
}

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
  const stop = new AbortController()
  process.once('SIGINT', () => stop.abort())
  const seen = new Set<string>()
  let fromMs = systemClock.now() - minutes * MINUTE_MS
  try {
    do {
      const groups = functionName === undefined ? await functionGroups(connection) : [`/aws/lambda/${functionName}`]
      const fresh: (LogEvent & { group: string })[] = []
      for (const group of groups) {
        for await (const event of eventsSince(connection, group, fromMs, flags.follow ?? false, stop.signal)) {
          if (!seen.has(event.eventId)) fresh.push({ ...event, group })
        }
      }
      fresh.sort((a, b) => a.timestamp - b.timestamp)
      for (const event of fresh) {
        seen.add(event.eventId)
        show(event, functionName === undefined, flags.json ?? false)
        fromMs = Math.max(fromMs, event.timestamp)
      }
      if (flags.follow) await sleepAwake(stop.signal)
    } while (flags.follow && !stop.signal.aborted)
  } catch (error) {
    if (!stop.signal.aborted) throw error
  }
  if (stop.signal.aborted) process.exitCode = EXIT.interrupted
}

async function functionGroups(connection: Connection): Promise<string[]> {
  const answer = (await logsCall(connection, 'DescribeLogGroups', { logGroupNamePrefix: '/aws/lambda/' })) as {
    logGroups?: { logGroupName: string }[]
  }
  return (answer.logGroups ?? []).map((group) => group.logGroupName)
}

async function* eventsSince(
  connection: Connection,
  logGroupName: string,
  startTime: number,
  mayBeAbsent: boolean,
  signal: AbortSignal,
): AsyncGenerator<LogEvent> {
  let nextToken: string | undefined
  do {
    let page: { events?: LogEvent[]; nextToken?: string }
    try {
      const input = { logGroupName, startTime: Math.floor(startTime), limit: PAGE, ...(nextToken && { nextToken }) }
      page = (await logsCall(connection, 'FilterLogEvents', input, signal)) as typeof page
    } catch (error) {
      // A function that has not run yet has no log; following it means waiting for its first run.
      if (mayBeAbsent && error instanceof CliError && error.message.includes('ResourceNotFoundException')) return
      throw error
    }
    yield* page.events ?? []
    nextToken = page.nextToken
  } while (nextToken !== undefined)
}

function logsCall(connection: Connection, operation: string, input: object, signal?: AbortSignal): Promise<unknown> {
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `Logs_20140328.${operation}` }
  return callJson(connection, 'logs', { method: 'POST', path: '/', headers, body: JSON.stringify(input) }, signal)
}

function show(event: LogEvent & { group: string }, withName: boolean, asJson: boolean): void {
  if (asJson) return print(JSON.stringify({ function: event.group.replace('/aws/lambda/', ''), ...event }))
  const name = withName ? `${event.group.replace('/aws/lambda/', '')} ` : ''
  print(`${new Date(event.timestamp).toISOString()} ${name}${event.message.trimEnd()}`)
}

/** The clock's timers let a process end; here the wait is the work, so an open port holds it. */
async function sleepAwake(signal: AbortSignal): Promise<void> {
  const { port1 } = new MessageChannel()
  port1.ref()
  try {
    await sleep(systemClock, POLL_MS, signal)
  } catch {
    tell('')
  } finally {
    port1.close()
  }
}
