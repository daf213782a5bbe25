import type { Logger } from 'pino'
import type { ServerConfig } from './config.ts'

/** The server's own log: event names are a closed list, ids go in fields, secrets nowhere. */
export type LogEvent =
  | 'call'
  | 'bug'
  | 'reply.broken'
  | 'worker.failed'
  | 'loop.possible'
  | 'server.started'
  | 'server.stopping'
  | 'server.stopped'

export interface Log {
  error(event: LogEvent, fields: Readonly<Record<string, unknown>>): void
  warn(event: LogEvent, fields: Readonly<Record<string, unknown>>): void
  info(event: LogEvent, fields: Readonly<Record<string, unknown>>): void
  readonly isInfo: boolean
}

/** JSON lines on stderr. Pino is loaded with the first line that is written: most starts write none. */
export function createLog(level: ServerConfig['logLevel']): Log {
  let pino: Promise<Logger> | undefined
  const levels = ['silent', 'error', 'warn', 'info', 'debug']
  const writes = (at: 'error' | 'warn' | 'info') => levels.indexOf(level) >= levels.indexOf(at)
  const write = (at: 'error' | 'warn' | 'info') => (event: LogEvent, fields: Readonly<Record<string, unknown>>) => {
    if (!writes(at)) return
    pino ??= import('pino').then(({ pino: create, destination, stdSerializers }) =>
      create(
        { level, base: null, serializers: { error: stdSerializers.errWithCause } },
        destination({ fd: 2, sync: true }),
      ),
    )
    void pino.then((logger) => logger[at](fields, event))
  }
  return { error: write('error'), warn: write('warn'), info: write('info'), isInfo: writes('info') }
}
