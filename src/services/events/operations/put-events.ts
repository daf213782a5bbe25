import type { PutEventsRequestEntry, PutEventsResultEntry } from '@aws-sdk/client-eventbridge'
import type { Call, Grant } from '../../../protocol/operation.ts'
import { uuid } from '../../../std/ids.ts'
import { transact } from '../../../store/transaction.ts'
import { isHere } from '../access.ts'
import { type BusRef, busArn, busOf } from '../arn.ts'
import { findBus } from '../buses.ts'
import type { BusEvent } from '../bus-event.ts'
import { unsupportedMember, validation } from '../errors.ts'
import type { EventsOperation } from '../model.ts'

/** All entries of a request together. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html */
const REQUEST_BYTES_MAX = 1024 * 1024
/** What a time counts for, in bytes. */
const TIME_BYTES = 14

export const PutEvents: EventsOperation<'PutEvents'> = {
  authorize(call) {
    const grants = new Map<string, Grant>()
    for (const { EventBusName, Source = '', DetailType = '' } of call.input.Entries ?? []) {
      const resource = busArn(busOf(call, EventBusName))
      const context = { 'events:source': Source, 'events:detail-type': DetailType }
      grants.set(JSON.stringify([resource, context]), { action: 'events:PutEvents', resource, context })
    }
    return [...grants.values()]
  },
  async handle(call, events) {
    const { Entries, EndpointId } = call.input
    if (EndpointId !== undefined) throw unsupportedMember('EndpointId')
    const totalBytes = Entries.reduce((total, entry) => total + entryBytes(entry), 0)
    if (totalBytes >= REQUEST_BYTES_MAX) {
      throw validation('Total size of the entries in the request is over the limit.')
    }
    const results = Entries.map((entry) => problemOf(entry) ?? { EventId: uuid() })
    const accepted = Entries.flatMap((entry, index) => {
      const id = (results[index] as PutEventsResultEntry).EventId
      return id === undefined ? [] : [{ bus: busOf(call, entry.EventBusName), event: busEvent(call, entry, id) }]
    })
    if (accepted.length > 0) {
      await transact(events.store, async (tx) => {
        for (const { bus, event } of accepted) {
          // AWS takes events for buses that do not exist, and drops them.
          if (isHere(bus, call) && (await findBus(tx, bus)) !== undefined) await events.router.route(tx, bus, event)
          else {
            const note = `the event bus ${busArn(bus)} does not exist`
            events.router.noteNothing(tx, event, [{ atMs: call.nowMs, step: 'dropped', note }])
          }
        }
      })
    }
    return { FailedEntryCount: Entries.length - accepted.length, Entries: results }
  },
}

function busEvent(call: Call, entry: PutEventsRequestEntry, id: string): BusEvent {
  const bus: BusRef = busOf(call, entry.EventBusName)
  return {
    id,
    accountId: call.accountId,
    region: call.region,
    source: entry.Source as string,
    detailType: entry.DetailType as string,
    timeMs: entry.Time?.getTime() ?? call.nowMs,
    resources: entry.Resources ?? [],
    detail: (entry.Detail as string).trim(),
    traceHeader: entry.TraceHeader ?? call.traceHeader,
    ingestedMs: call.nowMs,
    subject: `events://${bus.name}/${id}`,
  }
}

function problemOf(entry: PutEventsRequestEntry): PutEventsResultEntry | undefined {
  for (const member of ['Source', 'DetailType', 'Detail'] as const) {
    if (!entry[member]) {
      const ErrorMessage = `Parameter ${member} is not valid. Reason: ${member} is a required argument.`
      return { ErrorCode: 'InvalidArgument', ErrorMessage }
    }
  }
  if ((entry.Source as string).startsWith('aws.')) {
    return { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' }
  }
  if (!isObject(entry.Detail as string)) {
    return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' }
  }
  return undefined
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

function entryBytes({ Time, Source, DetailType, Detail, Resources }: PutEventsRequestEntry): number {
  const texts = [Source, DetailType, Detail, ...(Resources ?? [])]
  return texts.reduce((total, text) => total + Buffer.byteLength(text ?? ''), Time === undefined ? 0 : TIME_BYTES)
}
