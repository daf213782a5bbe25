import type { Store } from '../../store/store.ts'
import { transact } from '../../store/transaction.ts'
import { DEDUPLICATION_MS } from './publish.ts'
import { deduplications } from './tables.ts'

export async function forgetDeduplications(store: Store, nowMs: number, signal: AbortSignal): Promise<void> {
  for await (const { key, value } of deduplications.scan(store)) {
    if (signal.aborted) return
    if (value.atMs + DEDUPLICATION_MS > nowMs) continue
    await transact(store, async (tx) => {
      const current = await deduplications.get(tx, key)
      if (current?.atMs === value.atMs) deduplications.delete(tx, key)
    })
  }
}
