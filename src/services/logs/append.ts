import type { Store } from '../../store/store.ts'
import { type Transaction, transact } from '../../store/transaction.ts'
import {
  CHUNK_BYTES_MAX,
  CHUNK_SPAN_MS_MAX,
  CHUNK_TEXT_BYTES_MAX,
  type Chunk,
  type ChunkEvent,
  COUNTED_HEAD_BYTES,
  EVENT_HEAD_BYTES,
} from './chunk.ts'
import { groupNotFound, streamNotFound } from './errors.ts'
import { chunks, type GroupKey, groups, longTexts, type StreamRow, streams } from './tables.ts'

const SLICE_BYTES = 48 * 1024

export interface NewEvent {
  readonly timeMs: number
  readonly message: string
}

/** Appends events, sorted by time, to a stream in one commit. Throws ResourceNotFoundException. */
export async function appendEvents(
  store: Store,
  groupKey: GroupKey,
  streamName: string,
  events: readonly NewEvent[],
  ingestionMs: number,
): Promise<void> {
  if (events.length === 0) return
  const texts = events.map(({ timeMs, message }) => ({ timeMs, bytes: Buffer.from(message, 'utf8') }))
  const pieces = splitIntoChunks(texts, ingestionMs)
  await transact(store, async (tx) => {
    // Both rows are checked by the commit, so nothing is written into a group or stream that is just being deleted.
    const group = await groups.get(tx, groupKey)
    if (group === undefined) throw groupNotFound()
    const row = await streams.get(tx, [group.id, streamName])
    if (row === undefined) throw streamNotFound()
    let seq = row.nextSeq
    for (const piece of pieces) writeChunk(tx, row.id, seq++, piece)
    streams.put(tx, [group.id, streamName], grown(row, texts, ingestionMs, seq))
  })
}

interface Text {
  readonly timeMs: number
  readonly bytes: Buffer
}

interface Piece {
  readonly chunk: Chunk
  readonly long: readonly { readonly index: number; readonly text: Text }[]
}

function splitIntoChunks(texts: readonly Text[], ingestionMs: number): Piece[] {
  const pieces: Piece[] = []
  let events: ChunkEvent[] = []
  let long: { index: number; text: Text }[] = []
  let bytes = 0
  const finish = () => {
    if (events.length > 0) pieces.push({ chunk: { ingestionMs, events }, long })
    events = []
    long = []
    bytes = 0
  }
  for (const text of texts) {
    const isLong = text.bytes.length > CHUNK_TEXT_BYTES_MAX
    const cost = EVENT_HEAD_BYTES + (isLong ? 0 : text.bytes.length)
    const first = events[0]
    const isFull =
      bytes + cost > CHUNK_BYTES_MAX || (first !== undefined && text.timeMs - first.timeMs > CHUNK_SPAN_MS_MAX)
    if (isFull) finish()
    if (isLong) long.push({ index: events.length, text })
    events.push({ timeMs: text.timeMs, text: isLong ? undefined : text.bytes, textBytes: text.bytes.length })
    bytes += cost
  }
  finish()
  return pieces
}

function writeChunk(tx: Transaction, streamId: string, seq: number, { chunk, long }: Piece): void {
  const firstMs = (chunk.events[0] as ChunkEvent).timeMs
  chunks.put(tx, [streamId, firstMs, seq], chunk)
  for (const { index, text } of long) {
    for (let at = 0, slice = 0; at < text.bytes.length; at += SLICE_BYTES, slice++) {
      longTexts.put(tx, [streamId, text.timeMs, seq, index, slice], text.bytes.subarray(at, at + SLICE_BYTES))
    }
  }
}

function grown(row: StreamRow, texts: readonly Text[], ingestionMs: number, nextSeq: number): StreamRow {
  const firstMs = (texts[0] as Text).timeMs
  const lastMs = (texts.at(-1) as Text).timeMs
  return {
    ...row,
    firstEventMs: Math.min(row.firstEventMs ?? firstMs, firstMs),
    lastEventMs: Math.max(row.lastEventMs ?? lastMs, lastMs),
    lastIngestionMs: ingestionMs,
    nextSeq,
    storedBytes: row.storedBytes + texts.reduce((sum, text) => sum + text.bytes.length + COUNTED_HEAD_BYTES, 0),
  }
}
