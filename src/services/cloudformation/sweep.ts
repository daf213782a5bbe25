import type { KeyTuple } from '../../store/keys.ts'
import type { Row } from '../../store/table.ts'
import type { Store } from '../../store/store.ts'
import { transact } from '../../store/transaction.ts'
import { detections, drifts } from './drift/tables.ts'
import type { LargeTable } from './large-table.ts'
import { changeSets, events, resources, retired, revisions, stackPolicies, stacks } from './tables.ts'

/** How long a deleted stack can be asked for by its id, and its detections of drift, in ms. AWS: 90 days. */
export const DELETED_KEPT_MS = 90 * 24 * 3_600_000

/** Rows of one commit. */
const BATCH = 100

/** Removes stacks that were deleted long ago, with all that is kept of them, the stack's own row last. */
export async function sweepStacks(store: Store, nowMs: number, signal: AbortSignal): Promise<void> {
  const beforeMs = nowMs - DELETED_KEPT_MS
  for await (const { key, value } of stacks.scan(store)) {
    if (signal.aborted) return
    if (value.status !== 'DELETE_COMPLETE' || value.deletedMs === null || value.deletedMs >= beforeMs) continue
    const prefix = [value.stackId]
    await clear(store, events, prefix, signal)
    await clear(store, changeSets, prefix, signal)
    await clear(store, revisions, prefix, signal)
    await clear(store, resources, prefix, signal)
    await clear(store, retired, prefix, signal)
    await clear(store, drifts, prefix, signal)
    await clear(store, stackPolicies, prefix, signal)
    if (signal.aborted) return
    await transact(store, (tx) => stacks.delete(tx, key))
  }
  await sweepDetections(store, beforeMs, signal)
}

async function clear<K extends KeyTuple, V>(
  store: Store,
  table: LargeTable<K, V>,
  prefix: KeyTuple,
  signal: AbortSignal,
): Promise<void> {
  let rows: Row<K, V>[]
  do {
    rows = await table.list(store, { prefix, limit: BATCH })
    if (rows.length > 0) {
      await transact(store, async (tx) => {
        for (const { key } of rows) await table.delete(tx, key)
      })
    }
  } while (rows.length === BATCH && !signal.aborted)
}

async function sweepDetections(store: Store, beforeMs: number, signal: AbortSignal): Promise<void> {
  for await (const { key, value } of detections.scan(store)) {
    if (signal.aborted) return
    if (value.timeMs < beforeMs) await transact(store, async (tx) => detections.delete(tx, key))
  }
}
