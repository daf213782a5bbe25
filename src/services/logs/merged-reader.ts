import type { Store } from '../../store/store.ts'
import { comparePositions } from './positions.ts'
import { type Bounds, readStream, type StoredEvent } from './stream-reader.ts'
import type { StreamRow } from './tables.ts'

export interface NamedStream {
  readonly name: string
  readonly row: StreamRow
}

export interface NamedEvent {
  readonly stream: string
  readonly event: StoredEvent
}

interface Source {
  readonly name: string
  readonly events: AsyncGenerator<StoredEvent>
  head: StoredEvent
}

/**
 * The events of several streams in the order of time. A stream is opened when its first event is due, so that the many streams of a
 * function do not all cost a read.
 */
export async function* mergeStreams(
  store: Store,
  streams: readonly NamedStream[],
  bounds: Bounds,
): AsyncGenerator<NamedEvent> {
  const unopened = streams
    .filter(({ row }) => row.lastEventMs !== null && row.lastEventMs >= bounds.from.timeMs)
    .sort((a, b) => firstMs(a) - firstMs(b))
  const open: Source[] = []
  let next = 0
  for (;;) {
    while (
      next < unopened.length &&
      firstMs(unopened[next] as NamedStream) <= (earliest(open)?.head.timeMs ?? Infinity)
    ) {
      const { name, row } = unopened[next++] as NamedStream
      const events = readStream(store, row.id, bounds)
      const first = await events.next()
      if (!first.done) open.push({ name, events, head: first.value })
    }
    const source = earliest(open)
    if (source === undefined) return
    yield { stream: source.name, event: source.head }
    const following = await source.events.next()
    if (following.done) open.splice(open.indexOf(source), 1)
    else source.head = following.value
  }
}

function firstMs({ row }: NamedStream): number {
  return row.firstEventMs ?? Infinity
}

/** Few streams are open at the same time, so looking at all beats keeping a heap. */
function earliest(open: readonly Source[]): Source | undefined {
  let best: Source | undefined
  for (const source of open) if (best === undefined || comparePositions(source.head, best.head) < 0) best = source
  return best
}
