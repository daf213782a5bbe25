import type { Acceptance, Delivery, Target } from '../../delivery/delivery.ts'
import type { Store } from '../../store/store.ts'
import type { Transaction } from '../../store/transaction.ts'
import { type BusRef, DEFAULT_BUS, parseBusArn } from './arn.ts'
import { type BusEvent, eventIdOf } from './bus-event.ts'
import { findBus } from './buses.ts'
import type { Authorize } from './doors.ts'
import { EVENTS_PRINCIPAL, type Router } from './router.ts'
import { s3BusEvent } from './s3-envelope.ts'

const S3_PRINCIPAL = 's3.amazonaws.com'

interface Permission {
  readonly allowed: boolean
  readonly note: string
}

/** Event buses as a destination of events: S3's own, and those of other buses. */
export class EventsTarget implements Target {
  readonly service = 'events'
  readonly #store: Store
  readonly #router: Router
  readonly #authorize: Authorize

  constructor(options: { store: Store; router: Router; authorize: Authorize }) {
    this.#store = options.store
    this.#router = options.router
    this.#authorize = options.authorize
  }

  /** AWS's services put their events on the default bus without being asked; everybody else needs the policy of the bus. */
  async permits(targetArn: string, source: Delivery['source']): Promise<Permission> {
    const bus = parseBusArn(targetArn)
    if (bus === undefined) return { allowed: false, note: `${targetArn} is not the ARN of an event bus` }
    if ((await findBus(this.#store, bus)) === undefined) {
      return { allowed: false, note: `the event bus ${targetArn} does not exist` }
    }
    const isOwn = source.accountId === bus.accountId
    if (isOwn && source.principal === S3_PRINCIPAL && bus.name === DEFAULT_BUS) {
      return { allowed: true, note: 'the default bus takes the events of services of its account' }
    }
    if (isOwn && source.principal === EVENTS_PRINCIPAL) {
      return { allowed: true, note: 'rules may send to buses of their own account' }
    }
    const { principal, arn, accountId } = source
    const caller = { kind: 'service', principal, sourceArn: arn, sourceAccount: accountId } as const
    const decision = await this.#authorize(caller, { action: 'events:PutEvents', resource: targetArn })
    return {
      allowed: decision.allowed,
      note: decision.allowed
        ? `the policy of ${targetArn} allows ${principal}`
        : `no statement of the policy of ${targetArn} allows ${principal}`,
    }
  }

  /** What a payload means depends on who sends it: S3 sends its native message, a bus an event. */
  async accept(tx: Transaction, delivery: Delivery): Promise<Acceptance> {
    const bus = parseBusArn(delivery.targetArn)
    if (bus === undefined) return { kind: 'refused', note: `${delivery.targetArn} is not the ARN of an event bus` }
    if ((await findBus(tx, bus)) === undefined) {
      return { kind: 'refused', note: `the event bus ${delivery.targetArn} does not exist` }
    }
    const event = busEventOf(bus, delivery)
    if (event === undefined) return { kind: 'refused', note: 'this is nothing that a bus takes' }
    const isForwarded = delivery.source.principal === EVENTS_PRINCIPAL
    return { kind: 'accepted', note: await this.#router.route(tx, bus, event, isForwarded) }
  }
}

function busEventOf(bus: BusRef, delivery: Delivery): BusEvent | undefined {
  switch (delivery.source.principal) {
    case S3_PRINCIPAL:
      return s3Event(bus, delivery)
    case EVENTS_PRINCIPAL:
      return forwarded(delivery)
    default:
      return undefined
  }
}

function s3Event(
  bus: BusRef,
  { id, payload, source, occurredMs, subject, traceHeader }: Delivery,
): BusEvent | undefined {
  const event = s3BusEvent(payload, source.accountId)
  return (
    event && {
      ...event,
      id: eventIdOf(id),
      accountId: source.accountId,
      region: bus.region,
      source: 'aws.s3',
      traceHeader,
      ingestedMs: occurredMs,
      subject,
    }
  )
}

/** An event of another bus stays the event that it is. */
function forwarded({ payload, occurredMs, subject, traceHeader }: Delivery): BusEvent {
  const event = JSON.parse(payload) as {
    readonly id: string
    readonly account: string
    readonly region: string
    readonly source: string
    readonly 'detail-type': string
    readonly time: string
    readonly resources: readonly string[]
    readonly detail: unknown
  }
  return {
    id: event.id,
    accountId: event.account,
    region: event.region,
    source: event.source,
    detailType: event['detail-type'],
    timeMs: Date.parse(event.time),
    resources: event.resources,
    // Behind the head, which is the router's own; up to the closing brace.
    detail: payload.slice(payload.indexOf(',"detail":') + ',"detail":'.length, -1),
    traceHeader,
    ingestedMs: occurredMs,
    subject,
  }
}
