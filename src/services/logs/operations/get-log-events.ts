import { streamGrant } from '../access.ts'
import { COUNTED_HEAD_BYTES } from '../chunk.ts'
import { invalidParameter } from '../errors.ts'
import { groupKey, groupNameOf, nameInArn, requireGroup, requireStream } from '../groups.ts'
import type { Input, LogsOperation } from '../model.ts'
import { after, comparePositions, formatPosition, type Position, parsePosition, startOf } from '../positions.ts'
import { readStream, type StoredEvent, textOf } from '../stream-reader.ts'
import { expiredBeforeMs } from '../sweep.ts'

const PAGE_EVENTS_MAX = 10_000
const PAGE_BYTES_MAX = 1_048_576

/** A point between two events, and the direction to read from there. */
interface Token {
  readonly direction: 'f' | 'b'
  readonly gap: Position
}

export const GetLogEvents: LogsOperation<'GetLogEvents'> = {
  authorize(call) {
    const { logGroupName, logGroupIdentifier, logStreamName } = call.input
    const group = logGroupName ?? (logGroupIdentifier && nameInArn(logGroupIdentifier))
    return streamGrant(call, 'logs:GetLogEvents', group, logStreamName)
  },
  async handle(call, logs) {
    const { input } = call
    const group = await requireGroup(logs.store, groupKey(call, groupNameOf(input)))
    const stream = await requireStream(logs.store, group, input.logStreamName)
    const token = input.nextToken === undefined ? undefined : parseToken(input.nextToken)
    const isForward = token === undefined ? input.startFromHead === true : token.direction === 'f'
    const bounds = boundsOf(input, token, expiredBeforeMs(group.retentionDays, call.nowMs))
    const events: StoredEvent[] = []
    const limit = input.limit ?? PAGE_EVENTS_MAX
    let bytes = 0
    for await (const event of readStream(logs.store, stream.id, bounds, !isForward)) {
      bytes += event.textBytes + COUNTED_HEAD_BYTES
      if (events.length > 0 && bytes > PAGE_BYTES_MAX) break
      events.push(event)
      if (events.length === limit) break
    }
    if (!isForward) events.reverse()
    const first = events[0]
    const last = events.at(-1)
    // With nothing to give, both tokens stay where the reader stands: asking again is how one follows a stream.
    const standing = token?.gap ?? (isForward ? bounds.from : endOfStream(stream.lastEventMs, bounds))
    return {
      events: await Promise.all(
        events.map(async (event) => ({
          timestamp: event.timeMs,
          message: await textOf(logs.store, event),
          ingestionTime: event.ingestionMs,
        })),
      ),
      nextForwardToken: formatToken({ direction: 'f', gap: last === undefined ? standing : after(last) }),
      nextBackwardToken: formatToken({ direction: 'b', gap: first ?? standing }),
    }
  },
}

function boundsOf(input: Input<'GetLogEvents'>, token: Token | undefined, expiredMs: number) {
  const from = startOf(Math.max(input.startTime ?? 0, expiredMs))
  // Events at the end time itself are not included.
  const to = startOf(input.endTime ?? LATEST_MS)
  if (token === undefined) return { from, to }
  return token.direction === 'f'
    ? { from: comparePositions(token.gap, from) > 0 ? token.gap : from, to }
    : { from, to: comparePositions(token.gap, to) < 0 ? token.gap : to }
}

/** Later than any event may be. */
const LATEST_MS = 10 ** 14

/** Reading on from here gives what comes in from now on. */
function endOfStream(lastEventMs: number | null, bounds: { readonly from: Position; readonly to: Position }): Position {
  if (lastEventMs === null) return bounds.from
  const end = startOf(lastEventMs + 1)
  return comparePositions(end, bounds.to) < 0 ? end : bounds.to
}

function formatToken({ direction, gap }: Token): string {
  return `${direction}/${formatPosition(gap)}/s`
}

function parseToken(text: string): Token {
  const match = /^([fb])\/(\d+)\/s$/.exec(text)
  const gap = match === null ? undefined : parsePosition(match[2] as string)
  if (match === null || gap === undefined) throw invalidParameter('The specified nextToken is invalid.')
  return { direction: match[1] as 'f' | 'b', gap }
}
