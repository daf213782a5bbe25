import type { Store } from '../../store/store.ts'
import { transact } from '../../store/transaction.ts'
import { endSubscription } from './confirm.ts'
import { DEDUPLICATION_MS } from './publish.ts'
import { deduplications, subscriptions } from './tables.ts'

/** How long an endpoint may take to confirm. AWS: two days. https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html */
const PENDING_MS = 2 * 24 * 3_600_000

/** Forgets what was published to FIFO topics long ago, and ends subscriptions that nobody confirmed. */
export async function upkeep(store: Store, nowMs: number, signal: AbortSignal): Promise<void> {
  for await (const { key, value } of deduplications.scan(store)) {
    if (signal.aborted) return
    if (value.atMs + DEDUPLICATION_MS > nowMs) continue
    await transact(store, async (tx) => {
      const current = await deduplications.get(tx, key)
      if (current?.atMs === value.atMs) deduplications.delete(tx, key)
    })
  }
  for await (const { key, value } of subscriptions.scan(store)) {
    if (signal.aborted) return
    if (value.pendingToken === null || value.createdMs + PENDING_MS > nowMs) continue
    const [accountId, region, name, id] = key
    await transact(store, async (tx) => {
      const current = await subscriptions.get(tx, key)
      if (current?.pendingToken === value.pendingToken) await endSubscription(tx, { accountId, region, name, id })
    })
  }
}
