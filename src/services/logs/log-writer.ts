import type { LogStream } from '../../execution/execution.ts'
import type { RoleCaller } from '../../protocol/caller.ts'
import { AwsError } from '../../protocol/errors.ts'
import type { Clock, Timer } from '../../std/clock.ts'
import type { CallDoor } from '../door.ts'
import { COUNTED_HEAD_BYTES } from './chunk.ts'
import { groupNotFound } from './errors.ts'

/** How long lines wait for others, in ms: short for whoever follows a log, long enough that a burst is one commit. */
export const FLUSH_DELAY_MS = 100
/** Waiting bytes that are written at once. */
const FLUSH_BYTES = 256 * 1024
/** Waiting bytes of one stream; what comes while the store does not keep up is lost, and the log says so. */
const BUFFER_BYTES_MAX = 4 * 1024 * 1024
/** PutLogEvents takes 10,000 events and 1,048,576 bytes, 26 of them for the head of each event. */
const BATCH_EVENTS_MAX = 10_000
const BATCH_BYTES_MAX = 1_000_000
/** A batch spans less than 24 hours. */
const BATCH_SPAN_MS_MAX = 23 * 3_600_000
const MESSAGE_BYTES_MAX = 1_000_000 - COUNTED_HEAD_BYTES

export interface LogWriterOptions {
  readonly clock: Clock
  readonly call: CallDoor
  readonly caller: RoleCaller
  readonly logGroup: string
  readonly streamName: string
  readonly region: string
  /** Told of failures that are ours: the store's. */
  readonly onFailure: (error: unknown) => void
  /** The writer has lines that wait, or none any more. */
  readonly onDirty: (writer: LogWriter, isDirty: boolean) => void
}

type Line = { readonly timestampMs: number; readonly message: string }

/**
 * Writes the lines of one execution environment as the function's role would: through PutLogEvents, creating group and stream when
 * they are missing. Lines are gathered, so that many of them are one commit. A role that may not write loses its lines.
 */
export class LogWriter implements LogStream {
  readonly #options: LogWriterOptions
  #waiting: Line[] = []
  #waitingBytes = 0
  #droppedCount = 0
  #timer: Timer | undefined
  #flushing: Promise<void> | undefined

  constructor(options: LogWriterOptions) {
    this.#options = options
  }

  write(events: readonly Line[]): void {
    for (const event of events) {
      const bytes = Buffer.byteLength(event.message) + COUNTED_HEAD_BYTES
      if (this.#waitingBytes + bytes > BUFFER_BYTES_MAX) {
        this.#droppedCount++
        continue
      }
      // CloudWatch refuses events without a text.
      if (event.message === '') continue
      this.#waiting.push(event)
      this.#waitingBytes += bytes
    }
    if (this.#waiting.length === 0) return
    this.#options.onDirty(this, true)
    if (this.#waitingBytes >= FLUSH_BYTES) void this.flush()
    else this.#timer ??= this.#options.clock.setTimer(FLUSH_DELAY_MS, () => void this.flush())
  }

  /** Resolves when everything written so far is stored, or lost for good. Never rejects. */
  async flush(): Promise<void> {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#flushing ??= this.#writeAll().finally(() => {
      this.#flushing = undefined
    })
    await this.#flushing
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#takeBatch()
      try {
        await this.#put(batch)
      } catch (error) {
        // Lines of a role that may not write are lost, as on AWS. https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
        if (!(error instanceof AwsError && error.status < 500)) this.#options.onFailure(error)
      }
    }
    this.#options.onDirty(this, false)
  }

  /** As many of the waiting lines as one call takes, in the order of time. */
  #takeBatch(): Line[] {
    if (this.#droppedCount > 0) {
      this.#waiting.push({
        timestampMs: this.#options.clock.now(),
        message: `[millrace] ${this.#droppedCount} log events were lost: they came faster than they could be stored`,
      })
      this.#droppedCount = 0
    }
    const sorted = this.#waiting.sort((a, b) => a.timestampMs - b.timestampMs)
    const firstMs = (sorted[0] as Line).timestampMs
    let count = 0
    let bytes = 0
    for (const line of sorted) {
      const lineBytes = Math.min(Buffer.byteLength(line.message), MESSAGE_BYTES_MAX) + COUNTED_HEAD_BYTES
      const isFull = count === BATCH_EVENTS_MAX || (count > 0 && bytes + lineBytes > BATCH_BYTES_MAX)
      if (isFull || line.timestampMs - firstMs > BATCH_SPAN_MS_MAX) break
      count++
      bytes += lineBytes
    }
    this.#waiting = sorted.slice(count)
    this.#waitingBytes = this.#waiting.reduce(
      (sum, line) => sum + Buffer.byteLength(line.message) + COUNTED_HEAD_BYTES,
      0,
    )
    return sorted.slice(0, count)
  }

  async #put(batch: readonly Line[]): Promise<void> {
    const { call, caller, logGroup: logGroupName, streamName: logStreamName, region } = this.#options
    const logEvents = batch.map(({ timestampMs, message }) => ({ timestamp: timestampMs, message: shortened(message) }))
    const put = () => call('logs', 'PutLogEvents', { logGroupName, logStreamName, logEvents }, caller, { region })
    try {
      await put()
    } catch (error) {
      if (!isNotFound(error)) throw error
      if (error.message === groupNotFound().message) {
        await ignoreExisting(call('logs', 'CreateLogGroup', { logGroupName }, caller, { region }))
      }
      await ignoreExisting(call('logs', 'CreateLogStream', { logGroupName, logStreamName }, caller, { region }))
      await put()
    }
  }
}

/** Cut at a character, never inside one. */
function shortened(message: string): string {
  if (Buffer.byteLength(message) <= MESSAGE_BYTES_MAX) return message
  const bytes = Buffer.from(message, 'utf8')
  let end = MESSAGE_BYTES_MAX
  while (((bytes[end] as number) & 0xc0) === 0x80) end--
  return bytes.toString('utf8', 0, end)
}

function isNotFound(error: unknown): error is AwsError {
  return error instanceof AwsError && error.code === 'ResourceNotFoundException'
}

/** Another environment of the function may have been first. */
async function ignoreExisting(creation: Promise<unknown>): Promise<void> {
  try {
    await creation
  } catch (error) {
    if (!(error instanceof AwsError && error.code === 'ResourceAlreadyExistsException')) throw error
  }
}
