import type { Store } from '../store/store.ts'
import { json, type Lister, raw, type Row, Table } from '../store/table.ts'
import { transact, type Writes } from '../store/transaction.ts'
import type { Trace, TraceStep } from './delivery.ts'

/** Traces older than this are swept, in ms. */
export const TRACE_AGE_MAX_MS = 7 * 24 * 60 * 60 * 1000
/** Traces beyond this many are swept, the oldest first. */
export const TRACE_COUNT_MAX = 50_000
/** Events longer than this are not kept with their trace, in UTF-16 units. One of S3 with the longest key has about 4,500. */
export const TRACE_EVENT_MAX_LENGTH = 8 * 1024

/** Who appends: each phase numbers its own steps, so nobody has to read the trace to add to it. */
export const PHASES = { owed: 0, dispatch: 1, invocation: 2, destination: 3 } as const
export type Phase = keyof typeof PHASES

/** Where an event's trace is. `occurredMs` is part of the key: traces lie in order of time. */
export interface TraceRef {
  readonly id: string
  readonly occurredMs: number
}

export type TraceHead = Pick<Trace, 'id' | 'subject' | 'eventName' | 'occurredMs' | 'targetArn'>

interface TracePart {
  /** Only in the first part. */
  readonly head?: TraceHead
  readonly steps: readonly TraceStep[]
  /** The last part that says one wins. */
  readonly state?: Trace['state']
}

type PartKey = readonly [occurredMs: number, id: string, phase: number, sequence: number]
type SubjectKey = readonly [subject: string, occurredMs: number, id: string]

/** A trace is a row per append, under one prefix: an append is one blind write, so the settle of an invocation reads nothing. */
const parts = new Table<PartKey, TracePart>('trace', json<TracePart>())
const bySubject = new Table<SubjectKey, 0>('trace-subject', json<0>())
/**
 * What the target got, for a replay. In rows of their own: lists of traces do not read them. About 22 µs of processor time for 1 KB, of the
 * 90 that a trace takes (LevelDB, commits of 16 at a time, compaction included).
 */
const events = new Table<readonly [occurredMs: number, id: string], Uint8Array>('trace-event', raw)

/** Adds the first part of a trace to the commit that makes the event true; with the event itself, where it may be sent again. */
export function beginTrace(
  writes: Writes,
  head: TraceHead,
  steps: readonly TraceStep[],
  state: Trace['state'],
  event?: string,
): void {
  parts.put(writes, [head.occurredMs, head.id, PHASES.owed, 0], { head, steps, state })
  bySubject.put(writes, [head.subject, head.occurredMs, head.id], 0)
  if (event !== undefined && event.length <= TRACE_EVENT_MAX_LENGTH) {
    events.put(writes, [head.occurredMs, head.id], Buffer.from(event))
  }
}

/** Adds steps to a trace. `sequence` must grow with every append of one phase; a repeat of the same work writes the same row. */
export function appendTrace(
  writes: Writes,
  ref: TraceRef,
  at: { readonly phase: Phase; readonly sequence: number },
  steps: readonly TraceStep[],
  state?: Trace['state'],
): void {
  parts.put(writes, [ref.occurredMs, ref.id, PHASES[at.phase], at.sequence], {
    steps,
    ...(state !== undefined && { state }),
  })
}

/** What `events why` and the console ask. */
export class Traces {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  /** The traces of a subject (`s3://bucket/key`, a function's ARN), newest first; or the one trace with this id or request id, and its event. */
  async find(subjectOrId: string, limit = 20): Promise<Trace[]> {
    const rows = await bySubject.list(this.#store, { prefix: [subjectOrId], limit, reverse: true })
    if (rows.length > 0) {
      const traces = await Promise.all(rows.map(({ key }) => this.#read({ occurredMs: key[1], id: key[2] })))
      return traces.filter((trace) => trace !== undefined)
    }
    const ref = await this.#findRef(subjectOrId)
    const trace = ref && (await this.#read(ref))
    if (ref === undefined || trace === undefined) return []
    const event = await events.get(this.#store, [ref.occurredMs, ref.id])
    return [{ ...trace, ...(event !== undefined && { event: Buffer.from(event).toString('utf8') }) }]
  }

  /** The newest traces, newest first. */
  async recent(limit: number): Promise<Trace[]> {
    const traces: Trace[] = []
    for await (const key of newestKeys(this.#store)) {
      if (traces.length >= limit) break
      const trace = await this.#read(key)
      if (trace !== undefined) traces.push(trace)
    }
    return traces
  }

  /** Deletes what is too old or too much, oldest first; returns how many traces went. */
  async sweep(nowMs: number, countMax = TRACE_COUNT_MAX, signal?: AbortSignal): Promise<number> {
    let count = 0
    let cutoffMs = nowMs - TRACE_AGE_MAX_MS
    for await (const key of newestKeys(this.#store)) {
      if (key.occurredMs < cutoffMs || signal?.aborted) break
      count++
      if (count > countMax) {
        cutoffMs = key.occurredMs + 1
        break
      }
    }
    let swept = 0
    // Where the last page ended: from the start, each page would step over the remains of all that were deleted before it.
    let after: PartKey | undefined
    for (;;) {
      if (signal?.aborted) return swept
      const old = await parts.list(this.#store, { limit: SWEEP_BATCH, ...(after && { after }) })
      const doomed = old.filter((row) => row.key[0] < cutoffMs)
      if (doomed.length === 0) return swept
      after = doomed.at(-1)?.key
      await transact(this.#store, async (tx) => {
        for (const { key, value } of doomed) {
          parts.delete(tx, key)
          if (value.head === undefined) continue
          bySubject.delete(tx, [value.head.subject, key[0], key[1]])
          events.delete(tx, [key[0], key[1]])
        }
      })
      swept += doomed.filter((row) => row.value.head !== undefined).length
    }
  }

  /** By the id of the event, or of the request that it was queued as: logs and dead letters know only that one. */
  async #findRef(id: string): Promise<TraceRef | undefined> {
    const isQueuedAs = ({ step, note }: TraceStep) => step === 'delivered' && note.endsWith(` ${id}`)
    for await (const { key, value } of newestParts(this.#store)) {
      if (key[1] === id || value.steps.some(isQueuedAs)) return { occurredMs: key[0], id: key[1] }
    }
    return undefined
  }

  async #read(ref: TraceRef): Promise<Trace | undefined> {
    const rows: Row<PartKey, TracePart>[] = []
    for await (const row of parts.scan(this.#store, [ref.occurredMs, ref.id])) rows.push(row)
    const head = rows[0]?.value.head
    if (head === undefined) return undefined
    return {
      ...head,
      state: rows.findLast((row) => row.value.state !== undefined)?.value.state ?? 'pending',
      steps: rows.flatMap((row) => row.value.steps),
    }
  }
}

/** Rows per page and per deleting commit. */
const SWEEP_BATCH = 500

/** Every trace's place, newest first, skipping the further parts of each. */
async function* newestKeys(lister: Lister): AsyncGenerator<TraceRef> {
  let last: string | undefined
  for await (const { key } of newestParts(lister)) {
    if (key[1] === last) continue
    last = key[1]
    yield { occurredMs: key[0], id: key[1] }
  }
}

async function* newestParts(lister: Lister): AsyncGenerator<Row<PartKey, TracePart>> {
  let after: PartKey | undefined
  for (;;) {
    const rows: Row<PartKey, TracePart>[] = await parts.list(lister, {
      limit: SWEEP_BATCH,
      reverse: true,
      ...(after && { after }),
    })
    yield* rows
    if (rows.length < SWEEP_BATCH) return
    after = rows.at(-1)?.key
  }
}
