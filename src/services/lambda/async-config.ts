import type { Store } from '../../store/store.ts'
import type { FunctionRef } from './arn.ts'
import { type AsyncConfig, DEFAULT_ASYNC_CONFIG } from './invoke/after-attempt.ts'
import { type EventInvokeConfigRow, eventInvokeConfigs, LATEST, type QualifiedKey } from './tables.ts'

/** The configuration of exactly the qualifier that was invoked: an alias inherits nothing from `$LATEST`. */
export async function asyncConfigOf(store: Store, ref: FunctionRef): Promise<AsyncConfig> {
  const row = await eventInvokeConfigs.get(store, asyncConfigKey(ref))
  return row === undefined ? DEFAULT_ASYNC_CONFIG : effectiveConfig(row)
}

export function asyncConfigKey(ref: FunctionRef): QualifiedKey {
  return [ref.accountId, ref.region, ref.name, ref.qualifier ?? LATEST]
}

function effectiveConfig(row: EventInvokeConfigRow): AsyncConfig {
  const { maximumRetryAttempts, maximumEventAgeSeconds } = row
  return {
    maximumRetryAttempts: maximumRetryAttempts ?? DEFAULT_ASYNC_CONFIG.maximumRetryAttempts,
    eventAgeMaxMs: maximumEventAgeSeconds === null ? DEFAULT_ASYNC_CONFIG.eventAgeMaxMs : maximumEventAgeSeconds * 1000,
  }
}
