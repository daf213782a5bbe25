import type { Store } from '../../store/store.ts'
import type { FunctionRef } from './arn.ts'
import { type AsyncConfig, DEFAULT_ASYNC_CONFIG } from './invoke/after-attempt.ts'
import { type EventInvokeConfigRow, eventInvokeConfigs, LATEST, type QualifiedKey } from './tables.ts'

/** What an event invoke config says, with AWS's values for what it leaves out. */
export interface EventConfig extends AsyncConfig {
  readonly onSuccess: string | null
  readonly onFailure: string | null
}

/** The configuration of exactly the qualifier that was invoked: an alias inherits nothing from `$LATEST`. */
export async function asyncConfigOf(store: Store, ref: FunctionRef): Promise<EventConfig> {
  const row = await eventInvokeConfigs.get(store, asyncConfigKey(ref))
  return row === undefined ? DEFAULT_EVENT_CONFIG : effectiveConfig(row)
}

export function asyncConfigKey(ref: FunctionRef): QualifiedKey {
  return [ref.accountId, ref.region, ref.name, ref.qualifier ?? LATEST]
}

const DEFAULT_EVENT_CONFIG: EventConfig = { ...DEFAULT_ASYNC_CONFIG, onSuccess: null, onFailure: null }

function effectiveConfig(row: EventInvokeConfigRow): EventConfig {
  const { maximumRetryAttempts, maximumEventAgeSeconds, onSuccess, onFailure } = row
  return {
    maximumRetryAttempts: maximumRetryAttempts ?? DEFAULT_ASYNC_CONFIG.maximumRetryAttempts,
    eventAgeMaxMs: maximumEventAgeSeconds === null ? DEFAULT_ASYNC_CONFIG.eventAgeMaxMs : maximumEventAgeSeconds * 1000,
    onSuccess,
    onFailure,
  }
}
