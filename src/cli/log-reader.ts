import { callJson, type Connection } from './connection.ts'
import { CliError, EXIT } from './cli-error.ts'

const PAGE = 1000
/** How late a line may come into the log, in ms. */
const LATE_MS = 5000
const PREFIX = '/aws/lambda/'

interface LogEvent {
  readonly eventId: string
  readonly timestamp: number
  readonly message: string
  readonly logStreamName: string
}

export interface Line extends LogEvent {
  readonly function: string
  /** Absent for lines before the first START that is read. */
  readonly requestId?: string
}

export interface LogReaderOptions {
  /** From when on, in ms since 1970. */
  readonly sinceMs: number
  /** Functions that have not run yet have no log; then there is nothing new, instead of an error. */
  readonly mayBeAbsent: boolean
}

/** Reads the logs of functions on from where it was. */
export class LogReader {
  readonly #connection: Connection
  readonly #options: LogReaderOptions
  readonly #groups = new Map<string, GroupReader>()

  constructor(connection: Connection, options: LogReaderOptions) {
    this.#connection = connection
    this.#options = options
  }

  /** What is new of these functions, oldest first. */
  async fresh(functionNames: readonly string[], signal: AbortSignal): Promise<Line[]> {
    const lines: Line[] = []
    for (const name of functionNames) {
      const group =
        this.#groups.get(name) ?? new GroupReader(this.#connection, `${PREFIX}${name}`, this.#options.sinceMs)
      this.#groups.set(name, group)
      lines.push(...(await group.fresh(this.#options.mayBeAbsent, signal)))
    }
    return lines.sort((a, b) => a.timestamp - b.timestamp)
  }

  /** Names of all functions that have a log. */
  async functionNames(signal: AbortSignal): Promise<string[]> {
    return (await functionGroups(this.#connection, signal)).map((group) => group.slice(PREFIX.length))
  }
}

/** Reads one function's log on from where it was. */
class GroupReader {
  readonly #connection: Connection
  readonly #group: string
  readonly #requests = new RequestIds()
  #seen = new Map<string, number>()
  #fromMs: number

  constructor(connection: Connection, group: string, fromMs: number) {
    this.#connection = connection
    this.#group = group
    this.#fromMs = fromMs
  }

  /** What is new. Looks back a little each time, because environments write their lines in batches, side by side. */
  async fresh(mayBeAbsent: boolean, signal: AbortSignal): Promise<Line[]> {
    const lines: Line[] = []
    const seen = new Map<string, number>()
    let newestMs = this.#fromMs
    for await (const event of eventsSince(this.#connection, this.#group, this.#fromMs, mayBeAbsent, signal)) {
      newestMs = Math.max(newestMs, event.timestamp - LATE_MS)
      seen.set(event.eventId, event.timestamp)
      if (this.#seen.has(event.eventId)) continue
      const requestId = this.#requests.of(event)
      lines.push({
        function: this.#group.slice(PREFIX.length),
        ...(requestId !== undefined && { requestId }),
        ...event,
      })
    }
    this.#seen = seen
    this.#fromMs = newestMs
    return lines
  }
}

/** Tells which request a line belongs to: an environment runs one at a time, and says which between START and REPORT. Exported for its test. */
export class RequestIds {
  readonly #current = new Map<string, string>()

  of({ logStreamName, message }: Pick<LogEvent, 'logStreamName' | 'message'>): string | undefined {
    const [, verb, named] = /^(START|END|REPORT) RequestId: (\S+)/.exec(message) ?? []
    if (verb === 'START' && named !== undefined) this.#current.set(logStreamName, named)
    const requestId = named ?? this.#current.get(logStreamName)
    if (verb === 'REPORT') this.#current.delete(logStreamName)
    return requestId
  }
}

async function functionGroups(connection: Connection, signal: AbortSignal): Promise<string[]> {
  const names: string[] = []
  let nextToken: string | undefined
  do {
    const input = { logGroupNamePrefix: PREFIX, ...(nextToken && { nextToken }) }
    const page = (await logsCall(connection, 'DescribeLogGroups', input, signal)) as {
      logGroups?: { logGroupName: string }[]
      nextToken?: string
    }
    names.push(...(page.logGroups ?? []).map((group) => group.logGroupName))
    nextToken = page.nextToken
  } while (nextToken !== undefined)
  return names
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
      // A server that does not answer is something else.
      if (!(error instanceof CliError) || !error.message.includes('ResourceNotFoundException')) throw error
      if (mayBeAbsent) return
      throw noLogYet(logGroupName, error)
    }
    yield* page.events ?? []
    nextToken = page.nextToken
  } while (nextToken !== undefined)
}

function noLogYet(group: string, { message }: CliError): CliError {
  const name = group.slice(PREFIX.length)
  return new CliError(message, {
    fix: `There is no log of "${name}": it has not run yet, its role may not write logs, or there is no such function. With --follow the log may come later.`,
    exitCode: EXIT.notFound,
  })
}

function logsCall(connection: Connection, operation: string, input: object, signal?: AbortSignal): Promise<unknown> {
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `Logs_20140328.${operation}` }
  return callJson(connection, 'logs', { method: 'POST', path: '/', headers, body: JSON.stringify(input) }, signal)
}

/** Time, function where there are several, request id where the message does not say it, message. */
export function lineOf({ timestamp, function: name, requestId, message }: Line, withName: boolean): string {
  const id = requestId === undefined || message.includes(requestId) ? '' : `${requestId} `
  return `${new Date(timestamp).toISOString()} ${withName ? `${name} ` : ''}${id}${message.trimEnd()}`
}
