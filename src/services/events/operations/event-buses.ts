import { transact } from '../../../store/transaction.ts'
import { busesGrant, busGrant, tagContext } from '../access.ts'
import { type BusRef, busArn, busOf, DEFAULT_BUS } from '../arn.ts'
import { findBus, putBus, requireBus } from '../buses.ts'
import { busAlreadyExists, limitExceeded, unsupportedMember, validation } from '../errors.ts'
import type { EventsOperation, Input } from '../model.ts'
import { readPage } from '../page.ts'
import { type BusRow, busKey, buses, rules } from '../tables.ts'
import { tagsOf } from '../tags.ts'

/** Buses of an account. AWS: 100 by default. */
const BUS_COUNT_MAX = 100

export const CreateEventBus: EventsOperation<'CreateEventBus'> = {
  authorize: (call) => busGrant(call, 'CreateEventBus', call.input.Name, tagContext(call.input.Tags)),
  async handle(call, events) {
    const { Name, Description, EventSourceName, Tags } = call.input
    refuseUnsupported(call.input)
    if (EventSourceName !== undefined) throw unsupportedMember('EventSourceName')
    if (Name.includes('/')) throw validation("Event bus name must not contain '/'.")
    const bus: BusRef = { accountId: call.accountId, region: call.region, name: Name }
    const tags = tagsOf({}, Tags)
    await transact(events.store, async (tx) => {
      if ((await findBus(tx, bus)) !== undefined) throw busAlreadyExists(bus)
      const others = await buses.list(tx, { prefix: [bus.accountId, bus.region], limit: BUS_COUNT_MAX })
      if (others.length >= BUS_COUNT_MAX)
        throw limitExceeded('The requested resource exceeds the maximum number allowed.')
      const at = { createdMs: call.nowMs, modifiedMs: call.nowMs }
      putBus(tx, bus, { description: Description ?? null, policy: null, ...at, tags })
    })
    return { EventBusArn: busArn(bus), ...(Description !== undefined && { Description }) }
  },
}

export const UpdateEventBus: EventsOperation<'UpdateEventBus'> = {
  authorize: (call) => busGrant(call, 'UpdateEventBus', call.input.Name),
  async handle(call, events) {
    refuseUnsupported(call.input)
    const bus = busOf(call, call.input.Name)
    const description = call.input.Description ?? null
    await transact(events.store, async (tx) => {
      const row = await requireBus(tx, bus, call)
      putBus(tx, bus, { ...row, description, modifiedMs: call.nowMs })
    })
    return { Arn: busArn(bus), Name: bus.name, ...(description !== null && { Description: description }) }
  },
}

export const DeleteEventBus: EventsOperation<'DeleteEventBus'> = {
  authorize: (call) => busGrant(call, 'DeleteEventBus', call.input.Name),
  async handle(call, events) {
    const bus = busOf(call, call.input.Name)
    if (bus.name === DEFAULT_BUS) throw validation(`Cannot delete event bus ${DEFAULT_BUS}.`)
    await transact(events.store, async (tx) => {
      // Whoever adds a rule writes the row of the bus, so a rule that comes at the same time is seen.
      if ((await buses.get(tx, busKey(bus))) === undefined) return
      if ((await rules.list(tx, { prefix: busKey(bus), limit: 1 })).length > 0) {
        throw validation(`Event bus ${bus.name} can't be deleted since it has rules.`)
      }
      buses.delete(tx, busKey(bus))
    })
    return {}
  },
}

export const DescribeEventBus: EventsOperation<'DescribeEventBus'> = {
  authorize: (call) => busGrant(call, 'DescribeEventBus', call.input.Name),
  async handle(call, events) {
    const bus = busOf(call, call.input.Name)
    return view(bus, await requireBus(events.store, bus, call))
  },
}

export const ListEventBuses: EventsOperation<'ListEventBuses'> = {
  authorize: (call) => busesGrant(call, 'ListEventBuses'),
  async handle(call, events) {
    const { accountId, region } = call
    const { NamePrefix, NextToken } = call.input
    const page = await readPage(events.store, buses, [accountId, region], NamePrefix, call.input)
    const found = page.items.map(({ key, value }) => view({ accountId, region, name: key[2] }, value))
    // The default bus is there without a row.
    const isListed = found.some(({ Name }) => Name === DEFAULT_BUS) || NextToken !== undefined
    if (!isListed && DEFAULT_BUS.startsWith(NamePrefix ?? '')) {
      const bus = { accountId, region, name: DEFAULT_BUS }
      if ((await buses.get(events.store, busKey(bus))) === undefined) {
        found.unshift(view(bus, await requireBus(events.store, bus, call)))
      }
    }
    return { EventBuses: found, ...(page.nextToken !== undefined && { NextToken: page.nextToken }) }
  },
}

function refuseUnsupported(input: Input<'UpdateEventBus'>): void {
  if (input.KmsKeyIdentifier !== undefined) throw unsupportedMember('KmsKeyIdentifier')
  if (input.DeadLetterConfig !== undefined) throw unsupportedMember('DeadLetterConfig of a bus')
  if (input.LogConfig !== undefined && input.LogConfig.Level !== 'OFF') throw unsupportedMember('LogConfig')
}

function view(bus: BusRef, row: BusRow) {
  return {
    Name: bus.name,
    Arn: busArn(bus),
    ...(row.description !== null && { Description: row.description }),
    ...(row.policy !== null && { Policy: row.policy }),
    ...(row.createdMs !== null && { CreationTime: new Date(row.createdMs) }),
    ...(row.modifiedMs !== null && { LastModifiedTime: new Date(row.modifiedMs) }),
  }
}
