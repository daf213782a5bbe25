import type { Call } from '../../../protocol/operation.ts'
import { transact } from '../../../store/transaction.ts'
import { parseFunctionName, qualifiedArn } from '../arn.ts'
import { invalidParameterValue, noSuchResource } from '../errors.ts'
import {
  assertNoTwin,
  changingState,
  mappedFunction,
  mappingArn,
  mappingOf,
  mergeMapping,
  pairKey,
  settledState,
} from '../event-sources/mapping.ts'
import { checkSource } from '../event-sources/source-check.ts'
import { homeOf, type LambdaOperation } from '../operation.ts'
import { pageSize, readMarker, writeMarker } from '../page.ts'
import type { Lambda } from '../service.ts'
import { type EventSourceRow, eventSourcePairs, eventSources, LATEST } from '../tables.ts'

const PAGE_MAX = 100

export const getEventSourceMapping: LambdaOperation<'GetEventSourceMapping'> = {
  authorize: (call, lambda) => grantOf('GetEventSourceMapping', call, lambda),

  async handle(call, lambda) {
    const row = await requireMapping(call, lambda)
    const { UUID: id } = call.input
    return mappingOf(homeOf(call), id, row, settledState(row), lambda.eventSources.lastResult(id))
  },
}

export const updateEventSourceMapping: LambdaOperation<'UpdateEventSourceMapping'> = {
  authorize: (call, lambda) => grantOf('UpdateEventSourceMapping', call, lambda),

  async handle(call, lambda) {
    const { input } = call
    const home = homeOf(call)
    const before = await requireMapping(call, lambda)
    const named = input.FunctionName === undefined ? undefined : parseFunctionName(input.FunctionName, undefined, home)
    const ref = named ?? mappedFunction(before, home)
    const resolved = await lambda.catalog.resolve(ref, 'main')
    if (resolved === undefined) throw invalidParameterValue('Function does not exist')
    // Switching it off is possible whatever has become of the queue.
    if (input.Enabled !== false || named !== undefined) await checkSource(lambda, resolved, before.eventSourceArn)
    const { row, state } = await transact(lambda.store, async (tx) => {
      const key = [home.accountId, home.region, input.UUID] as const
      const current = await eventSources.get(tx, key)
      if (current === undefined) throw noSuchResource()
      const changed: EventSourceRow = {
        ...current,
        ...mergeMapping(current, input, current.eventSourceArn),
        functionName: ref.name,
        qualifier: ref.qualifier === undefined || ref.qualifier === LATEST ? null : ref.qualifier,
        modifiedMs: call.nowMs,
      }
      await assertNoTwin(tx, changed, home, input.UUID)
      eventSourcePairs.delete(tx, pairKey(current, home))
      eventSourcePairs.put(tx, pairKey(changed, home), input.UUID)
      eventSources.put(tx, key, changed)
      tx.afterCommit(lambda.eventSources.wake)
      return { row: changed, state: changingState(current, changed) }
    })
    return mappingOf(home, input.UUID, row, state)
  },
}

export const deleteEventSourceMapping: LambdaOperation<'DeleteEventSourceMapping'> = {
  authorize: (call, lambda) => grantOf('DeleteEventSourceMapping', call, lambda),

  async handle(call, lambda) {
    const home = homeOf(call)
    const { UUID: id } = call.input
    const row = await transact(lambda.store, async (tx) => {
      const key = [home.accountId, home.region, id] as const
      const current = await eventSources.get(tx, key)
      if (current === undefined) throw noSuchResource()
      eventSources.delete(tx, key)
      eventSourcePairs.delete(tx, pairKey(current, home))
      tx.afterCommit(lambda.eventSources.wake)
      return current
    })
    return mappingOf(home, id, row, 'Deleting')
  },
}

export const listEventSourceMappings: LambdaOperation<'ListEventSourceMappings'> = {
  authorize: () => [{ action: 'lambda:ListEventSourceMappings', resource: '*' }],

  /** A page looks at so many mappings, and shows those of the function and source that are asked for. */
  async handle(call, lambda) {
    const { input } = call
    const home = homeOf(call)
    const limit = pageSize(input, 10_000, PAGE_MAX)
    const after = readMarker(input.Marker)
    const wanted = input.FunctionName && qualifiedArn(parseFunctionName(input.FunctionName, undefined, home))
    const prefix = [home.accountId, home.region] as const
    const rows = await eventSources.list(lambda.store, {
      prefix,
      limit: limit + 1,
      ...(after !== undefined && { after: [...prefix, after] }),
    })
    const page = rows.slice(0, limit)
    const last = page.at(-1)
    const fitting = page.filter(
      ({ value }) =>
        (!input.EventSourceArn || value.eventSourceArn === input.EventSourceArn) &&
        (!wanted || qualifiedArn(mappedFunction(value, home)) === wanted),
    )
    return {
      EventSourceMappings: fitting.map(({ key, value }) => mappingOf(home, key[2], value, settledState(value))),
      ...(rows.length > limit && last && { NextMarker: writeMarker(last.key[2]) }),
    }
  },
}

async function requireMapping(call: Call<{ UUID: string }>, lambda: Lambda): Promise<EventSourceRow> {
  const { accountId, region } = homeOf(call)
  const row = await eventSources.get(lambda.store, [accountId, region, call.input.UUID])
  if (row === undefined) throw noSuchResource()
  return row
}

/** A policy may say of which functions the mappings are. */
async function grantOf(action: string, call: Call<{ UUID: string }>, lambda: Lambda) {
  const home = homeOf(call)
  const { UUID: id } = call.input
  const row = await eventSources.get(lambda.store, [home.accountId, home.region, id])
  const context = row && { context: { 'lambda:FunctionArn': qualifiedArn(mappedFunction(row, home)) } }
  return [{ action: `lambda:${action}`, resource: mappingArn(home, id), ...context }]
}
