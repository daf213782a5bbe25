import { streamGrant } from '../access.ts'
import { appendEvents } from '../append.ts'
import { COUNTED_HEAD_BYTES } from '../chunk.ts'
import { invalidParameter } from '../errors.ts'
import { groupKey, requireGroup, requireStream } from '../groups.ts'
import type { Input, LogsOperation } from '../model.ts'
import { expiredBeforeMs } from '../sweep.ts'

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html */
const BATCH_BYTES_MAX = 1_048_576
const BATCH_SPAN_MS_MAX = 24 * 3_600_000
const AHEAD_MS_MAX = 2 * 3_600_000
const AGE_MS_MAX = 14 * 24 * 3_600_000

type InputEvents = Input<'PutLogEvents'>['logEvents']

export const PutLogEvents: LogsOperation<'PutLogEvents'> = {
  authorize: (call) => streamGrant(call, 'logs:PutLogEvents', call.input.logGroupName, call.input.logStreamName),
  async handle(call, logs) {
    const { logGroupName, logStreamName, logEvents, entity } = call.input
    checkBatch(logEvents)
    const key = groupKey(call, logGroupName)
    const group = await requireGroup(logs.store, key)
    const range = acceptedRange(logEvents, call.nowMs, expiredBeforeMs(group.retentionDays, call.nowMs))
    const accepted = logEvents
      .slice(range.from, range.to)
      .map(({ timestamp, message }) => ({ timeMs: timestamp as number, message: message as string }))
    if (accepted.length === 0) await requireStream(logs.store, group, logStreamName)
    await appendEvents(logs.store, key, logStreamName, accepted, call.nowMs)
    return {
      // Nobody needs it any more; clients of old still hand it on.
      nextSequenceToken: String(call.nowMs).padStart(56, '0'),
      ...(Object.keys(range.rejected).length > 0 && { rejectedLogEventsInfo: range.rejected }),
      ...(entity !== undefined && { rejectedEntityInfo: { errorType: 'UnsupportedLogGroupType' as const } }),
    }
  },
}

function checkBatch(events: InputEvents): void {
  const size = events.reduce((sum, event) => sum + Buffer.byteLength(event.message ?? '') + COUNTED_HEAD_BYTES, 0)
  if (size > BATCH_BYTES_MAX) {
    throw invalidParameter(`Upload too large: ${size} bytes exceeds limit of ${BATCH_BYTES_MAX}`)
  }
  for (let at = 1; at < events.length; at++) {
    if ((events[at]?.timestamp ?? 0) < (events[at - 1]?.timestamp ?? 0)) {
      throw invalidParameter('Log events in a single PutLogEvents request must be in chronological order.')
    }
  }
  const spanMs = (events.at(-1)?.timestamp ?? 0) - (events[0]?.timestamp ?? 0)
  if (spanMs > BATCH_SPAN_MS_MAX) {
    throw invalidParameter('The batch of log events in a single PutLogEvents request cannot span more than 24 hours.')
  }
}

interface AcceptedRange {
  readonly from: number
  readonly to: number
  readonly rejected: {
    tooOldLogEventEndIndex?: number
    expiredLogEventEndIndex?: number
    tooNewLogEventStartIndex?: number
  }
}

/** Events are sorted, so those that are too old come first and those of the future last. End indexes are exclusive. */
function acceptedRange(events: InputEvents, nowMs: number, expiredMs: number): AcceptedRange {
  const countBefore = (limitMs: number) => {
    const at = events.findIndex((event) => (event.timestamp ?? 0) >= limitMs)
    return at === -1 ? events.length : at
  }
  const expired = countBefore(expiredMs)
  const tooOld = countBefore(nowMs - AGE_MS_MAX)
  const tooNew = countBefore(nowMs + AHEAD_MS_MAX + 1)
  return {
    from: Math.max(expired, tooOld),
    to: tooNew,
    rejected: {
      ...(tooOld > 0 && { tooOldLogEventEndIndex: tooOld }),
      ...(expired > 0 && { expiredLogEventEndIndex: expired }),
      ...(tooNew < events.length && { tooNewLogEventStartIndex: tooNew }),
    },
  }
}
