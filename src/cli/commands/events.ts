import { CliError, EXIT } from '../cli-error.ts'
import { callJson, type ConnectionFlags, findConnection } from '../connection.ts'
import { print, tell } from '../output.ts'

interface Trace {
  readonly id: string
  readonly subject: string
  readonly eventName: string
  readonly occurredMs: number
  readonly targetArn: string | null
  readonly state: string
  readonly steps: readonly { readonly atMs: number; readonly step: string; readonly note: string }[]
}

/** Tells why an object did, or did not, run a function: rules, permissions and attempts, in order of time. */
export async function why(subject: string, flags: ConnectionFlags & { readonly json?: boolean }): Promise<void> {
  if (!subject.startsWith('s3://'))
    throw new CliError(`"${subject}" is not of the form s3://bucket/key`, { exitCode: EXIT.usage })
  const connection = await findConnection(flags)
  const path = `/_millrace/traces?subject=${encodeURIComponent(subject)}`
  const { traces } = (await callJson(connection, 'millrace', { method: 'GET', path })) as { traces: Trace[] }
  if (flags.json) return print(JSON.stringify(traces, null, 2))
  if (traces.length === 0) {
    tell(
      `no event of ${subject} is known: nothing was put there, its bucket has no notification, or the trace is older than 7 days`,
    )
    process.exitCode = EXIT.notFound
    return
  }
  for (const trace of traces) {
    print(
      `${new Date(trace.occurredMs).toISOString()}  ${trace.eventName}  → ${trace.targetArn ?? 'nobody'}  ${trace.state}`,
    )
    for (const step of trace.steps) {
      print(
        `  +${String(Math.max(0, step.atMs - trace.occurredMs)).padStart(6)} ms  ${step.step.padEnd(11)} ${step.note}`,
      )
    }
  }
}
