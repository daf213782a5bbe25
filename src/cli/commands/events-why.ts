import { CliError, EXIT } from '../cli-error.ts'
import { type Connection, type ConnectionFlags, findConnection } from '../connection.ts'
import { reservedConcurrency } from '../functions.ts'
import { print, tell } from '../output.ts'
import { fetchTraces, story, type Trace } from '../traces.ts'

/** Traces shown of one subject. */
const LIMIT = 20

/** Tells why an object did, or did not, run a function: rules, permissions and attempts, in order of time. */
export async function why(subject: string, flags: ConnectionFlags & { readonly json?: boolean }): Promise<void> {
  if (subject.includes('/') && !subject.startsWith('s3://')) {
    throw new CliError(`"${subject}" is neither of the form s3://bucket/key nor the id of an event`, {
      exitCode: EXIT.usage,
    })
  }
  const connection = await findConnection(flags)
  const traces = await fetchTraces(connection, subject, LIMIT)
  if (flags.json) print(JSON.stringify(traces, null, 2))
  else {
    for (const trace of traces) {
      print(story(trace).join('\n'))
      const reason = await waitingFor(connection, trace)
      if (reason !== undefined) print(`  now         waiting     ${reason}`)
    }
  }
  if (traces.length > 0) return
  tell(`no event of ${subject} is known: ${unknownBecause(subject)}, or the trace is older than 7 days`)
  process.exitCode = EXIT.notFound
}

function unknownBecause(subject: string): string {
  if (subject.startsWith('s3://')) return 'nothing was put there, its bucket has no notification'
  if (subject.startsWith('arn:')) return 'nobody has sent it one'
  // Synchronous requests have nothing to tell but their answer, and what they wrote.
  return 'it is no id of an event or of its request, or one of a synchronous invoke or a function URL, of which millrace logs tells'
}

/** Events over a function's reserved concurrency wait in the queue untried, so their traces have no step for it: the function tells. */
async function waitingFor(connection: Connection, { state, targetArn }: Trace): Promise<string | undefined> {
  if (state !== 'pending' || targetArn?.split(':')[2] !== 'lambda') return undefined
  const limit = await reservedConcurrency(connection, targetArn)
  return limit === undefined
    ? undefined
    : `the reserved concurrency of the function is ${limit}: with ${limit === 1 ? 'one event' : `${limit} events`} in work, others wait in the queue`
}
