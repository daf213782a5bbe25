import { CliError, EXIT } from '../cli-error.ts'
import { type Connection, type ConnectionFlags, findConnection } from '../connection.ts'
import { invokeFunction } from '../functions.ts'
import { print, tell } from '../output.ts'
import { fetchEvent, fetchTraces, type Trace, TRACES_MAX } from '../traces.ts'

export interface ReplayFlags extends ConnectionFlags {
  readonly to?: string
  readonly json?: boolean
}

/**
 * Sends a recorded event again, byte for byte, as an asynchronous Invoke of the function that got it, or of another. Prints the request id,
 * which is the id of the new trace.
 */
export async function replay(subjectOrId: string, flags: ReplayFlags): Promise<void> {
  const connection = await findConnection(flags)
  const wanted = subjectOrId.startsWith('s3://') ? await newestEvent(connection, subjectOrId) : subjectOrId
  const { id, event, targetArn, subject, eventName } = await fetchEvent(connection, wanted)
  const target = flags.to ?? functionOf(targetArn)
  if (target === undefined) {
    throw new CliError(`event ${id} went to ${targetArn}, which is not a function`, {
      fix: 'Name a function with --to.',
      exitCode: EXIT.usage,
    })
  }
  const { requestId } = await invokeFunction(connection, target, { payload: event, type: 'Event', replayedFrom: id })
  tell(`replayed ${eventName} of ${subject} to ${target}; what becomes of it: millrace events why ${requestId}`)
  print(flags.json ? JSON.stringify({ requestId, function: target, replayedFrom: id }) : requestId)
}

/** Id of the newest event of a key that somebody was told of. */
async function newestEvent(connection: Connection, subject: string): Promise<string> {
  const traces = await fetchTraces(connection, subject, TRACES_MAX)
  const told = traces.filter(({ targetArn }) => targetArn !== null)
  const newest = told[0]
  if (newest === undefined) throw new CliError(`no event of ${subject} can be replayed: ${reason(traces)}`, NOT_FOUND)
  const others = told.filter(({ id, occurredMs }) => id !== newest.id && occurredMs === newest.occurredMs)
  for (const { id, targetArn } of others) tell(`not replayed: ${id}, the same event to ${targetArn}`)
  return newest.id
}

const NOT_FOUND = { exitCode: EXIT.notFound }

function reason(traces: readonly Trace[]): string {
  return traces.length === 0
    ? 'none is known'
    : 'none matched a rule of its bucket, so no message was made (millrace events why tells more)'
}

function functionOf(arn: string | null): string | undefined {
  return arn !== null && arn.split(':')[2] === 'lambda' ? arn : undefined
}
