import { type Format, json, raw, Table } from '../../store/table.ts'
import { type Chunk, decodeChunk, encodeChunk } from './chunk.ts'

export interface GroupRow {
  /** Tells a group from one of the same name that was deleted before; what belongs to it is found by this. */
  readonly id: string
  readonly createdMs: number
  /** `null`: events are kept for ever. */
  readonly retentionDays: number | null
  readonly tags: Readonly<Record<string, string>>
  /** As the last sweep counted it; AWS too says it is an estimate. */
  readonly storedBytes: number
}

export interface StreamRow {
  /** 16 hex digits; part of event ids. */
  readonly id: string
  readonly createdMs: number
  /** Of the earliest and the latest event; `null` while there is none. */
  readonly firstEventMs: number | null
  readonly lastEventMs: number | null
  readonly lastIngestionMs: number | null
  /** Sequence number of the next chunk. */
  readonly nextSeq: number
  readonly storedBytes: number
}

const chunkFormat: Format<Chunk> = { encode: encodeChunk, decode: decodeChunk }

export type GroupKey = readonly [accountId: string, region: string, group: string]

export const groups = new Table<GroupKey, GroupRow>('logs-group', json<GroupRow>())
export const streams = new Table<readonly [groupId: string, stream: string], StreamRow>(
  'logs-stream',
  json<StreamRow>(),
)
/** Events, several to a row. `firstMs` is the time of the earliest of them. */
export const chunks = new Table<readonly [streamId: string, firstMs: number, seq: number], Chunk>(
  'logs-chunk',
  chunkFormat,
)
/** Texts of events that are too long for a chunk, in slices. */
export const longTexts = new Table<
  readonly [streamId: string, timeMs: number, seq: number, index: number, slice: number],
  Uint8Array
>('logs-long-text', raw)
/** Groups and streams that were deleted and whose rows are still to be: invisible at once, gone soon. */
export const trash = new Table<readonly [kind: 'group' | 'stream', id: string], null>('logs-trash', json<null>())
