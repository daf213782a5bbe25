import { encodeKey } from '../../store/keys.ts'
import type { Store } from '../../store/store.ts'
import { CHUNK_SPAN_MS_MAX } from './chunk.ts'
import { comparePositions, type Position } from './positions.ts'
import { chunks, longTexts } from './tables.ts'

/** An event as it is stored; its text may still have to be fetched. */
export interface StoredEvent extends Position {
  readonly ingestionMs: number
  readonly text: Buffer | undefined
  readonly textBytes: number
}

/** Events with `from` ≤ position < `to`. */
export interface Bounds {
  readonly from: Position
  readonly to: Position
}

/** Up to 768 KiB of a stream at a time. */
const CHUNKS_PER_READ = 16

/**
 * The events of a stream in the order of their positions, or against it. Chunks lie in the order of their first events and may overlap by
 * {@link CHUNK_SPAN_MS_MAX}, because events may arrive late; so an event is given out as soon as no chunk to come can precede it.
 */
export async function* readStream(
  store: Store,
  streamId: string,
  { from, to }: Bounds,
  reverse = false,
): AsyncGenerator<StoredEvent> {
  let waiting: StoredEvent[] = []
  const order = reverse ? (a: Position, b: Position) => comparePositions(b, a) : comparePositions
  for await (const { firstMs, events } of readChunks(store, streamId, { from, to }, reverse)) {
    const isSafe = reverse
      ? (event: StoredEvent) => event.timeMs > firstMs + CHUNK_SPAN_MS_MAX
      : (event: StoredEvent) => event.timeMs < firstMs
    const held = waiting.findIndex((event) => !isSafe(event))
    const safeCount = held === -1 ? waiting.length : held
    for (let at = 0; at < safeCount; at++) yield waiting[at] as StoredEvent
    waiting = [...waiting.slice(safeCount), ...events].sort(order)
  }
  yield* waiting
}

async function* readChunks(
  store: Store,
  streamId: string,
  { from, to }: Bounds,
  reverse: boolean,
): AsyncGenerator<{ firstMs: number; events: StoredEvent[] }> {
  let gte = encodeKey([chunks.name, streamId, Math.max(0, from.timeMs - CHUNK_SPAN_MS_MAX)])
  let lt = encodeKey([chunks.name, streamId, to.timeMs + 1])
  for (;;) {
    const entries = await store.list({ gte, lt, limit: CHUNKS_PER_READ, reverse })
    for (const entry of entries) {
      const { key, value } = chunks.decode(entry)
      const [, firstMs, seq] = key
      const events = value.events
        .map(({ timeMs, text, textBytes }, index) => {
          return { timeMs, streamId, seq, index, ingestionMs: value.ingestionMs, text, textBytes }
        })
        .filter((event) => comparePositions(event, from) >= 0 && comparePositions(event, to) < 0)
      yield { firstMs, events }
    }
    const last = entries.at(-1)
    if (last === undefined || entries.length < CHUNKS_PER_READ) return
    if (reverse) lt = Buffer.from(last.key)
    else gte = Buffer.concat([last.key, Buffer.of(0)])
  }
}

/** Slices of the longest text: 1 MiB in 48 KiB. */
const SLICES_MAX = 32

export async function textOf(store: Store, event: StoredEvent): Promise<string> {
  if (event.text !== undefined) return event.text.toString('utf8')
  const { streamId, timeMs, seq, index } = event
  const rows = await longTexts.list(store, { prefix: [streamId, timeMs, seq, index], limit: SLICES_MAX })
  return Buffer.concat(rows.map((row) => row.value)).toString('utf8')
}
