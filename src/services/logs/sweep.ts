import { encodeKey } from '../../store/keys.ts'
import type { Key, Store } from '../../store/store.ts'
import { type Transaction, transact } from '../../store/transaction.ts'
import { CHUNK_SPAN_MS_MAX, COUNTED_HEAD_BYTES } from './chunk.ts'
import { chunks, type GroupKey, groups, longTexts, streams, trash } from './tables.ts'

const DAY_MS = 86_400_000
/** Rows removed by one commit. */
const ROWS_PER_COMMIT = 500

/** Removes what was deleted and what is older than its group's retention, and counts what is left. */
export async function sweepLogs(store: Store, nowMs: number, signal: AbortSignal): Promise<void> {
  await emptyTrash(store, signal)
  for await (const { key } of groups.scan(store)) {
    if (signal.aborted) return
    await sweepGroup(store, key, nowMs, signal)
  }
}

/** Events before this time are expired; 0 where they are kept for ever. */
export function expiredBeforeMs(retentionDays: number | null, nowMs: number): number {
  return retentionDays === null ? 0 : Math.max(0, nowMs - retentionDays * DAY_MS)
}

async function emptyTrash(store: Store, signal: AbortSignal): Promise<void> {
  for await (const { key } of trash.scan(store)) {
    if (signal.aborted) return
    const [kind, id] = key
    if (kind === 'stream') await removeEventsBefore(store, id, Number.MAX_SAFE_INTEGER, signal)
    else {
      for await (const stream of streams.scan(store, [id])) {
        if (signal.aborted) return
        await removeEventsBefore(store, stream.value.id, Number.MAX_SAFE_INTEGER, signal)
        await transact(store, async (tx) => streams.delete(tx, stream.key))
      }
    }
    if (!signal.aborted) await transact(store, async (tx) => trash.delete(tx, key))
  }
}

async function sweepGroup(store: Store, key: GroupKey, nowMs: number, signal: AbortSignal): Promise<void> {
  const group = await groups.get(store, key)
  if (group === undefined) return
  const beforeMs = expiredBeforeMs(group.retentionDays, nowMs)
  let storedBytes = 0
  for await (const { key: streamKey, value } of streams.scan(store, [group.id])) {
    if (signal.aborted) return
    const removedBytes = beforeMs === 0 ? 0 : await removeEventsBefore(store, value.id, beforeMs, signal)
    storedBytes += value.storedBytes - removedBytes
    if (removedBytes === 0) continue
    await transact(store, async (tx) => {
      const row = await streams.get(tx, streamKey)
      if (row === undefined) return
      const firstEventMs =
        row.lastEventMs !== null && row.lastEventMs >= beforeMs ? Math.max(row.firstEventMs ?? 0, beforeMs) : null
      const lastEventMs = firstEventMs === null ? null : row.lastEventMs
      const left = Math.max(0, row.storedBytes - removedBytes)
      streams.put(tx, streamKey, { ...row, firstEventMs, lastEventMs, storedBytes: left })
    })
  }
  if (storedBytes === group.storedBytes) return
  await transact(store, async (tx) => {
    const row = await groups.get(tx, key)
    if (row?.id === group.id) groups.put(tx, key, { ...row, storedBytes })
  })
}

/** Removes whole chunks whose events are all older, and answers how many bytes they counted. */
async function removeEventsBefore(
  store: Store,
  streamId: string,
  beforeMs: number,
  signal: AbortSignal,
): Promise<number> {
  let removedBytes = 0
  await removeRange(store, longTexts.name, streamId, beforeMs, signal, () => {})
  await removeRange(store, chunks.name, streamId, beforeMs - CHUNK_SPAN_MS_MAX, signal, (entry) => {
    for (const event of chunks.decode(entry).value.events) removedBytes += event.textBytes + COUNTED_HEAD_BYTES
  })
  return removedBytes
}

type Entry = Awaited<ReturnType<Store['list']>>[number]

async function removeRange(
  store: Store,
  table: string,
  streamId: string,
  beforeMs: number,
  signal: AbortSignal,
  onRow: (entry: Entry) => void,
): Promise<void> {
  if (beforeMs <= 0) return
  const gte = encodeKey([table, streamId])
  const lt = encodeKey([table, streamId, beforeMs])
  while (!signal.aborted) {
    const entries = await store.list({ gte, lt, limit: ROWS_PER_COMMIT })
    if (entries.length === 0) return
    await transact(store, async (tx) =>
      deleteAll(
        tx,
        entries.map((entry) => entry.key),
      ),
    )
    for (const entry of entries) onRow(entry)
  }
}

function deleteAll(tx: Transaction, keys: readonly Key[]): void {
  for (const key of keys) tx.delete(key)
}
