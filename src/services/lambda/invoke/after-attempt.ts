import { assertNever } from '../../../std/assert.ts'

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
/** Waits before the second and the third run of an event whose function failed. */
const FUNCTION_RETRY_MS = [MINUTE_MS, 2 * MINUTE_MS] as const
/** Waits after throttles and system errors: doubling between these two. */
const BACKOFF_MIN_MS = SECOND_MS
const BACKOFF_MAX_MS = 5 * MINUTE_MS

/** How an attempt ended. Only `success` and `function-error` mean that the function ran. */
export type AttemptOutcome =
  | 'success'
  | 'function-error'
  | 'throttled'
  | 'system-error'
  | 'zero-concurrency'
  | 'recursive'
  | 'gone'
  /** The event was already too old when its turn came. */
  | 'too-old'

export interface AttemptState {
  /** Runs of the function so far, this one included; throttles and system errors are no runs. */
  readonly runs: number
  /** Throttles and system errors so far, this one included. */
  readonly backoffs: number
}

/** What the event invoke config of the invoked qualifier says. */
export interface AsyncConfig {
  /** 0–2, default 2. */
  readonly maximumRetryAttempts: number
  /** Default 6 h. */
  readonly eventAgeMaxMs: number
}

export const DEFAULT_ASYNC_CONFIG: AsyncConfig = { maximumRetryAttempts: 2, eventAgeMaxMs: 6 * 60 * MINUTE_MS }

/** Shortest maximum age that can be configured (MaximumEventAgeInSeconds 60). */
export const EVENT_AGE_MIN_MS = MINUTE_MS

export type FailedCondition =
  | 'RetriesExhausted'
  | 'EventAgeExceeded'
  | 'ZeroReservedConcurrency'
  // AWS's name for a stopped loop is not known.
  | 'RecursiveInvocationLimitExceeded'

export type Consequence =
  | { readonly kind: 'succeeded' }
  | { readonly kind: 'retry'; readonly delayMs: number }
  | { readonly kind: 'failed'; readonly condition: FailedCondition }
  /** The function is gone, and with it the configuration of where failures go. */
  | { readonly kind: 'dropped' }

/** What follows from an attempt that ended when the event was `ageMs` old. */
export function afterAttempt(
  outcome: AttemptOutcome,
  attempt: AttemptState,
  ageMs: number,
  config: AsyncConfig,
): Consequence {
  switch (outcome) {
    case 'success':
      return { kind: 'succeeded' }
    case 'gone':
      return { kind: 'dropped' }
    case 'zero-concurrency':
      return { kind: 'failed', condition: 'ZeroReservedConcurrency' }
    case 'recursive':
      return { kind: 'failed', condition: 'RecursiveInvocationLimitExceeded' }
    case 'too-old':
      return { kind: 'failed', condition: 'EventAgeExceeded' }
    case 'function-error': {
      const delayMs = FUNCTION_RETRY_MS[attempt.runs - 1]
      if (delayMs === undefined || attempt.runs > config.maximumRetryAttempts) {
        return { kind: 'failed', condition: 'RetriesExhausted' }
      }
      return retryWithin(delayMs, ageMs, config)
    }
    case 'throttled':
    case 'system-error':
      return retryWithin(
        Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** Math.min(attempt.backoffs - 1, 20)),
        ageMs,
        config,
      )
    default:
      return assertNever(outcome)
  }
}

/** A next try that would come too late is not waited for: the failure is told at once. */
function retryWithin(delayMs: number, ageMs: number, config: AsyncConfig): Consequence {
  if (ageMs + delayMs >= config.eventAgeMaxMs) return { kind: 'failed', condition: 'EventAgeExceeded' }
  return { kind: 'retry', delayMs }
}
