import type { Clock, Timer } from '../std/clock.ts'
import type { FunctionSpec, LogStream } from './execution.ts'
import type { Telemetry } from './telemetry/telemetry.ts'

/** Longest one event may be, in bytes; CloudWatch's limit since 2025. Longer lines become several events. */
export const EVENT_BYTES_MAX = 1024 * 1024
/** What X-Amz-Log-Result gives, in bytes. */
export const TAIL_BYTES_MAX = 4096
/** Events wait so long for company, in ms: a run of a millisecond is written at once, a long one can be watched. */
const FLUSH_MS = 100
const BUFFERED_BYTES_MAX = 256 * 1024

/** The log stream of one environment: passes events on in batches and keeps the tail of the invocation that runs. */
export class EnvironmentLog {
  readonly #stream: LogStream
  readonly #clock: Clock
  #events: { timestampMs: number; message: string }[] = []
  #bufferedBytes = 0
  #timer: Timer | undefined
  /** Newest last; undefined between invocations. */
  #tail: string[] | undefined
  #tailLength = 0
  /** Where extensions listen, what the function and they say goes there too. */
  telemetry: Telemetry | undefined

  constructor(stream: LogStream, clock: Clock) {
    this.#stream = stream
    this.#clock = clock
  }

  /** One event of a process, with its line end. */
  writeOf(source: 'function' | 'extension', message: string): void {
    this.telemetry?.line(source, message)
    this.write(message)
  }

  /** One event, with its line end. Nothing for undefined. */
  write(message: string | undefined): void {
    if (message === undefined) return
    this.#events.push({ timestampMs: this.#clock.now(), message })
    this.#bufferedBytes += message.length
    this.#keepTail(message)
    if (this.#bufferedBytes >= BUFFERED_BYTES_MAX) this.flush()
    else this.#timer ??= this.#clock.setTimer(FLUSH_MS, () => this.flush())
  }

  flush(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    if (this.#events.length === 0) return
    const events = this.#events
    this.#events = []
    this.#bufferedBytes = 0
    this.#stream.write(events)
  }

  /** From here on events are kept for {@link endTail}. */
  beginTail(): void {
    this.#tail = []
    this.#tailLength = 0
  }

  endTail(): Buffer {
    const text = Buffer.from(this.#tail?.join('') ?? '')
    this.#tail = undefined
    return text.length > TAIL_BYTES_MAX ? text.subarray(text.length - TAIL_BYTES_MAX) : text
  }

  #keepTail(message: string): void {
    if (this.#tail === undefined) return
    const kept = message.length > TAIL_BYTES_MAX ? message.slice(-TAIL_BYTES_MAX) : message
    this.#tail.push(kept)
    this.#tailLength += kept.length
    while (this.#tailLength - (this.#tail[0] as string).length >= TAIL_BYTES_MAX) {
      this.#tailLength -= (this.#tail.shift() as string).length
    }
  }
}

/** `YYYY/MM/DD/[version]id`; in a log group of one's own, which functions may share, with the function's name. */
export function streamNameOf(spec: FunctionSpec, nowMs: number, id: string): string {
  const date = new Date(nowMs).toISOString().slice(0, 10).replaceAll('-', '/')
  const name = spec.logGroup === `/aws/lambda/${spec.functionName}` ? '' : spec.functionName
  return `${date}/${name}[${spec.version}]${id}`
}

/** Cuts a raw output stream into lines; one line is one event. */
export class LineReader {
  readonly #write: (message: string) => void
  #parts: Buffer[] = []
  #partBytes = 0

  constructor(write: (message: string) => void) {
    this.#write = write
  }

  take(chunk: Buffer): void {
    let from = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      this.#add(chunk.subarray(from, end + 1))
      this.end()
      from = end + 1
    }
    if (from < chunk.length) this.#add(chunk.subarray(from))
  }

  /** Writes what has no line end yet. */
  end(): void {
    if (this.#partBytes === 0) return
    const line = Buffer.concat(this.#parts).toString()
    this.#parts = []
    this.#partBytes = 0
    // Some programs write an empty line to flush; an event needs at least a character (CloudWatch refuses empty ones).
    if (line !== '\n') this.#write(line.endsWith('\n') ? line : `${line}\n`)
  }

  #add(part: Buffer): void {
    if (this.#partBytes + part.length > EVENT_BYTES_MAX) this.end()
    this.#parts.push(part)
    this.#partBytes += part.length
  }
}

/** Cuts the framed log channel into events: four bytes of length, then the text. Ends at the first frame that is none. */
export class FrameReader {
  readonly #write: (message: string) => void
  readonly #notice: (text: string) => void
  #input: Buffer = Buffer.alloc(0)
  #isBroken = false

  /** `notice` gets short frames that are no log events: those whose length has its highest bit set. */
  constructor(write: (message: string) => void, notice: (text: string) => void = () => undefined) {
    this.#write = write
    this.#notice = notice
  }

  take(chunk: Buffer): void {
    if (this.#isBroken) return
    this.#input = this.#input.length === 0 ? chunk : Buffer.concat([this.#input, chunk])
    let from = 0
    while (this.#input.length - from >= 4) {
      const first = this.#input.readUInt32BE(from)
      const isNotice = first >= NOTICE && first <= NOTICE + NOTICE_BYTES_MAX
      const length = isNotice ? first - NOTICE : first
      if (length > FRAME_BYTES_MAX) {
        // The function wrote into the descriptor itself; nothing after this could be trusted.
        this.#isBroken = true
        this.#input = Buffer.alloc(0)
        this.#write('[the log channel was damaged by the function; its further log calls are lost]\n')
        return
      }
      if (this.#input.length - from - 4 < length) break
      const text = this.#input.toString('utf8', from + 4, from + 4 + length)
      if (isNotice) this.#notice(text)
      else this.#write(text.endsWith('\n') ? text : `${text}\n`)
      from += 4 + length
    }
    if (from > 0) this.#input = this.#input.subarray(from)
  }
}

/** Longest frame, in bytes. Our bootstraps cut their messages at a million characters. */
const FRAME_BYTES_MAX = 4 * 1024 * 1024
const NOTICE = 0x8000_0000
const NOTICE_BYTES_MAX = 255
