import { hash } from 'node:crypto'

/** An event on a bus. */
export interface BusEvent {
  readonly id: string
  readonly accountId: string
  readonly region: string
  readonly source: string
  readonly detailType: string
  readonly timeMs: number
  readonly resources: readonly string[]
  /** JSON text of an object, as it was put: parsing and printing it again could change numbers. */
  readonly detail: string
  readonly traceHeader: string | undefined
  /** When it came here, in ms since 1970: what retries and traces count from. */
  readonly ingestedMs: number
  /** What `events why` is asked about. */
  readonly subject: string
}

/** The envelope, as rules see it and targets get it. Members are in AWS's order; times have whole seconds. */
export function envelope(event: BusEvent): string {
  const head = {
    version: '0',
    id: event.id,
    'detail-type': event.detailType,
    source: event.source,
    account: event.accountId,
    time: `${new Date(event.timeMs).toISOString().slice(0, 19)}Z`,
    region: event.region,
    resources: event.resources,
  }
  return `${JSON.stringify(head).slice(0, -1)},"detail":${event.detail}}`
}

/** The id of an event that follows from other work: the same for a repeat of that work. */
export function eventIdOf(text: string): string {
  const hex = hash('sha256', text, 'hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
