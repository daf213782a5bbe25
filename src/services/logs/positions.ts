/** Where an event stands: by time, then by the order in which it came. Comparable over all streams of a group. */
export interface Position {
  readonly timeMs: number
  readonly streamId: string
  readonly seq: number
  readonly index: number
}

/** Before everything of this time. */
export const startOf = (timeMs: number): Position => ({ timeMs, streamId: '0000000000000000', seq: 0, index: 0 })

export function comparePositions(a: Position, b: Position): number {
  if (a.timeMs !== b.timeMs) return a.timeMs - b.timeMs
  if (a.streamId !== b.streamId) return a.streamId < b.streamId ? -1 : 1
  return a.seq - b.seq || a.index - b.index
}

/** The position right after an event: what comes before it includes the event. */
export const after = (position: Position): Position => ({ ...position, index: position.index + 1 })

const DIGITS = { time: 15, stream: 20, seq: 15, index: 6 } as const
const POSITION = /^(\d{15})(\d{20})(\d{15})(\d{6})$/

/** 56 decimal digits that sort as positions do: the ids that AWS gives to events look like this. */
export function formatPosition({ timeMs, streamId, seq, index }: Position): string {
  const stream = BigInt(`0x${streamId}`).toString()
  return (
    String(timeMs).padStart(DIGITS.time, '0') +
    stream.padStart(DIGITS.stream, '0') +
    String(seq).padStart(DIGITS.seq, '0') +
    String(index).padStart(DIGITS.index, '0')
  )
}

export function parsePosition(text: string): Position | undefined {
  const match = POSITION.exec(text)
  if (match === null) return undefined
  const [, time, stream, seq, index] = match as unknown as [string, string, string, string, string]
  const streamId = BigInt(stream).toString(16).padStart(16, '0')
  return { timeMs: Number(time), streamId, seq: Number(seq), index: Number(index) }
}
