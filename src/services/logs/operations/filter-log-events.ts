import { groupGrant } from '../access.ts'
import { COUNTED_HEAD_BYTES } from '../chunk.ts'
import { invalidParameter, unsupportedMember } from '../errors.ts'
import { parseFilterPattern } from '../filter/pattern.ts'
import { groupKey, groupNameOf, nameInArn, requireGroup, requireStream } from '../groups.ts'
import { mergeStreams, type NamedStream } from '../merged-reader.ts'
import type { Input, LogsOperation } from '../model.ts'
import { readToken, writeToken } from '../page-token.ts'
import { comparePositions, formatPosition, type Position, parsePosition, startOf } from '../positions.ts'
import type { Logs } from '../service.ts'
import { textOf } from '../stream-reader.ts'
import { expiredBeforeMs } from '../sweep.ts'
import type { GroupRow } from '../tables.ts'
import { listStreams } from './log-streams.ts'

const PAGE_EVENTS_MAX = 10_000
const PAGE_BYTES_MAX = 1_048_576
/** Events looked at by one call; a page may be empty and still have a token. */
const SCANNED_EVENTS_MAX = 100_000
const STREAM_NAMES_MAX = 100

export const FilterLogEvents: LogsOperation<'FilterLogEvents'> = {
  authorize(call) {
    const { logGroupName, logGroupIdentifier } = call.input
    return groupGrant(
      call,
      'logs:FilterLogEvents',
      logGroupName ?? (logGroupIdentifier && nameInArn(logGroupIdentifier)),
    )
  },
  async handle(call, logs) {
    const { input } = call
    // The newest first would need the merge to run backwards.
    if (input.startFromHead === false) throw unsupportedMember('startFromHead false')
    const matches = parseFilterPattern(input.filterPattern ?? '')
    const group = await requireGroup(logs.store, groupKey(call, groupNameOf(input)))
    const streams = await chosenStreams(logs, group, input)
    const bounds = boundsOf(input, expiredBeforeMs(group.retentionDays, call.nowMs))
    const limit = input.limit ?? PAGE_EVENTS_MAX
    const events = []
    let bytes = 0
    let scannedCount = 0
    let nextFrom: Position | undefined
    for await (const { stream, event } of mergeStreams(logs.store, streams, bounds)) {
      if (events.length === limit || bytes >= PAGE_BYTES_MAX || scannedCount === SCANNED_EVENTS_MAX) {
        nextFrom = event
        break
      }
      scannedCount++
      const message = await textOf(logs.store, event)
      if (!matches(message)) continue
      bytes += event.textBytes + COUNTED_HEAD_BYTES
      events.push({
        logStreamName: stream,
        timestamp: event.timeMs,
        message,
        ingestionTime: event.ingestionMs,
        eventId: formatPosition(event),
      })
    }
    return {
      events,
      searchedLogStreams: [],
      ...(nextFrom !== undefined && { nextToken: writeToken([formatPosition(nextFrom)]) }),
    }
  },
}

async function chosenStreams(logs: Logs, group: GroupRow, input: Input<'FilterLogEvents'>): Promise<NamedStream[]> {
  const { logStreamNames, logStreamNamePrefix } = input
  if (logStreamNames !== undefined && logStreamNamePrefix !== undefined) {
    throw invalidParameter('LogStreamNames and LogStreamNamePrefix are mutually exclusive: give one of the two.')
  }
  if (logStreamNames === undefined) return listStreams(logs, group.id, logStreamNamePrefix ?? '')
  const names = [...new Set(logStreamNames)].slice(0, STREAM_NAMES_MAX)
  return Promise.all(names.map(async (name) => ({ name, row: await requireStream(logs.store, group, name) })))
}

function boundsOf(input: Input<'FilterLogEvents'>, expiredMs: number): { from: Position; to: Position } {
  let from = startOf(Math.max(input.startTime ?? 0, expiredMs))
  if (input.nextToken !== undefined) {
    const position = parsePosition(String(readToken(input.nextToken)[0]))
    if (position === undefined) throw invalidParameter('The specified nextToken is invalid.')
    if (comparePositions(position, from) > 0) from = position
  }
  // Unlike GetLogEvents, events at the end time itself are included.
  return { from, to: startOf(input.endTime === undefined ? LATEST_MS : input.endTime + 1) }
}

/** Later than any event may be. */
const LATEST_MS = 10 ** 14
