/** Several events of one stream in one row, sorted by time. */
export interface Chunk {
  readonly ingestionMs: number
  readonly events: readonly ChunkEvent[]
}

export interface ChunkEvent {
  readonly timeMs: number
  /** Undefined when the text is in slices of its own. */
  readonly text: Buffer | undefined
  /** Bytes of the text, wherever it is. */
  readonly textBytes: number
}

/** Leaves room below the store's 64 KiB for the heads of events. */
export const CHUNK_BYTES_MAX = 48 * 1024
/** Longest time between the first and the last event of a chunk: how far a reader must look back from a point in time. */
export const CHUNK_SPAN_MS_MAX = 10_000
/** Texts above this are kept in slices. */
export const CHUNK_TEXT_BYTES_MAX = 32 * 1024
/** What CloudWatch counts for an event beside its text, in sizes and in limits. */
export const COUNTED_HEAD_BYTES = 26
/** What an event costs beside its text. */
export const EVENT_HEAD_BYTES = 12

const FORMAT = 1
const CHUNK_HEAD_BYTES = 9
const ELSEWHERE = 0x8000_0000

/** Layout: format, ingestion time, then for each event its time, the length of its text (top bit: kept elsewhere) and the text. */
export function encodeChunk(chunk: Chunk): Buffer {
  const size = chunk.events.reduce((sum, event) => sum + EVENT_HEAD_BYTES + (event.text?.length ?? 0), CHUNK_HEAD_BYTES)
  const buffer = Buffer.allocUnsafe(size)
  buffer[0] = FORMAT
  buffer.writeDoubleBE(chunk.ingestionMs, 1)
  let at = CHUNK_HEAD_BYTES
  for (const { timeMs, text, textBytes } of chunk.events) {
    buffer.writeDoubleBE(timeMs, at)
    buffer.writeUInt32BE(text === undefined ? (ELSEWHERE | textBytes) >>> 0 : textBytes, at + 8)
    at += EVENT_HEAD_BYTES
    if (text !== undefined) at += text.copy(buffer, at)
  }
  return buffer
}

export function decodeChunk(bytes: Buffer): Chunk {
  if (bytes[0] !== FORMAT) throw new Error(`chunk of format ${bytes[0]}, this version knows ${FORMAT}`)
  const events: ChunkEvent[] = []
  let at = CHUNK_HEAD_BYTES
  while (at < bytes.length) {
    const timeMs = bytes.readDoubleBE(at)
    const length = bytes.readUInt32BE(at + 8)
    at += EVENT_HEAD_BYTES
    const isElsewhere = (length & ELSEWHERE) !== 0
    const textBytes = (length & ~ELSEWHERE) >>> 0
    events.push({ timeMs, text: isElsewhere ? undefined : bytes.subarray(at, at + textBytes), textBytes })
    if (!isElsewhere) at += textBytes
  }
  return { ingestionMs: bytes.readDoubleBE(1), events }
}
