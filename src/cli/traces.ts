import { callJson, type Connection } from './connection.ts'

/** A trace as the server tells it; docs/endpoints.md. */
export interface Trace {
  readonly id: string
  readonly subject: string
  readonly eventName: string
  readonly occurredMs: number
  readonly targetArn: string | null
  readonly state: string
  readonly steps: readonly TraceStep[]
  /** Only of one that was asked for with {@link fetchEvent}. */
  readonly event?: string
}

export interface TraceStep {
  readonly atMs: number
  readonly step: string
  readonly note: string
  readonly detail?: Readonly<Record<string, string | number | boolean>>
}

/** Most traces in one answer. */
export const TRACES_MAX = 200

/** Newest first: of `s3://bucket/key`, a function's ARN or an id; of all when undefined. */
export async function fetchTraces(
  connection: Connection,
  subject: string | undefined,
  limit: number,
  signal?: AbortSignal,
): Promise<readonly Trace[]> {
  const about = subject === undefined ? '' : `&subject=${encodeURIComponent(subject)}`
  const path = `/_millrace/traces?limit=${limit}${about}`
  return ((await callJson(connection, 'millrace', { method: 'GET', path }, signal)) as { traces: Trace[] }).traces
}

/** The trace with this id, and the event that its target got. Throws when the server does not keep it. */
export async function fetchEvent(connection: Connection, id: string): Promise<Trace & { readonly event: string }> {
  const path = `/_millrace/event?id=${encodeURIComponent(id)}`
  return (await callJson(connection, 'millrace', { method: 'GET', path })) as Trace & { event: string }
}

/** One line: when, how it stands, what happened to what, for whom, and the last word on it. */
export function headline(trace: Trace): string {
  const { occurredMs, state, eventName, subject, targetArn } = trace
  const target = targetArn === null ? 'nobody' : shortArn(targetArn)
  return `${new Date(occurredMs).toISOString()}  ${state.padEnd(9)}  ${eventName}  ${shortArn(subject)} → ${target}  ${lastWord(trace)}`
}

/** The lines of `events why`: the headline's facts, and every step under it. */
export function story(trace: Trace): string[] {
  const { id, occurredMs, eventName, targetArn, state } = trace
  return [
    `${new Date(occurredMs).toISOString()}  ${eventName}  → ${targetArn ?? 'nobody'}  ${state}`,
    `  event ${id}`,
    ...trace.steps.map(({ atMs, step, note, detail }) => {
      const afterMs = String(Math.max(0, atMs - occurredMs)).padStart(6)
      return `  +${afterMs} ms  ${step.padEnd(11)} ${note}${told(note, detail)}`
    }),
  ]
}

/** What the details say and the note does not. */
function told(note: string, detail: TraceStep['detail']): string {
  const facts = Object.entries(detail ?? {})
    .filter(([, value]) => !note.includes(String(value)))
    .map(([name, value]) => `${LABELS[name] ?? name} ${value}${name.endsWith('Ms') ? ' ms' : ''}`)
  return facts.length === 0 ? '' : `  (${facts.join(', ')})`
}

const LABELS: Readonly<Record<string, string>> = {
  errorType: 'error',
  durationMs: 'took',
  delayMs: 'after',
  logStream: 'log',
}

function lastWord(trace: Trace): string {
  // "done" and "RetriesExhausted" say how it ended; what went wrong is in the attempt before.
  const last = trace.steps.findLast(({ step }) => step !== 'settled' && step !== 'retry' && step !== 'delivered')
  const end = trace.steps.findLast(({ step }) => step === 'settled' || step === 'retry' || step === 'delivered')
  if (trace.state === 'succeeded' || last === undefined) return end?.note ?? ''
  return [end?.note, last.note].filter((note) => note !== undefined && note !== '').join(': ')
}

/** Service and name; what is no ARN stays as it is. */
function shortArn(arn: string): string {
  if (!arn.startsWith('arn:')) return arn
  const [, , service, , , ...rest] = arn.split(':')
  return `${service}:${rest.join(':').replace(/^function:/, '')}`
}
