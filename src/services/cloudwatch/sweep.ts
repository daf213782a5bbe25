import type { Store } from '../../store/store.ts'
import { transact } from '../../store/transaction.ts'
import { cells, LEVELS, metrics } from './tables.ts'

/** Rows of one commit. */
const BATCH = 500

/** Removes cells that are older than their level is kept, and metrics that have none any more. */
export async function sweepMetrics(store: Store, nowMs: number, signal: AbortSignal): Promise<void> {
  for await (const { key, value } of metrics.scan(store)) {
    const id = key[4]
    for (const { seconds, keptSeconds } of LEVELS) {
      await sweepLevel(store, [id, seconds], Math.floor(nowMs / 1000) - keptSeconds, signal)
      if (signal.aborted) return
    }
    const longestMs = Math.max(...LEVELS.map(({ keptSeconds }) => keptSeconds)) * 1000
    if (value.lastMs >= nowMs - longestMs) continue
    await transact(store, async (tx) => {
      const row = await metrics.get(tx, key)
      if (row?.lastMs === value.lastMs) metrics.delete(tx, key)
    })
  }
}

async function sweepLevel(
  store: Store,
  prefix: readonly [string, number],
  beforeSeconds: number,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const rows = await cells.list(store, { prefix, limit: BATCH })
    const old = rows.filter(({ key }) => key[2] < beforeSeconds)
    if (old.length > 0) {
      await transact(store, async (tx) => {
        for (const { key } of old) cells.delete(tx, key)
      })
    }
    if (old.length < BATCH) return
  }
}
