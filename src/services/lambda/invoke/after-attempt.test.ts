import { describe, expect, it } from 'vitest'
import { type AsyncConfig, type AttemptOutcome, afterAttempt, DEFAULT_ASYNC_CONFIG } from './after-attempt.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const config = (more: Partial<AsyncConfig> = {}): AsyncConfig => ({ ...DEFAULT_ASYNC_CONFIG, ...more })
const retry = (delayMs: number) => ({ kind: 'retry', delayMs })
const failed = (condition: string) => ({ kind: 'failed', condition })

describe('afterAttempt', () => {
  it.each<[string, AttemptOutcome, { runs?: number; backoffs?: number }, number, AsyncConfig, object]>([
    ['success ends', 'success', { runs: 1 }, 0, config(), { kind: 'succeeded' }],
    ['the first failure waits a minute', 'function-error', { runs: 1 }, 0, config(), retry(MINUTE)],
    ['the second waits two', 'function-error', { runs: 2 }, MINUTE, config(), retry(2 * MINUTE)],
    ['the third is the last', 'function-error', { runs: 3 }, 3 * MINUTE, config(), failed('RetriesExhausted')],
    [
      'no retries: one run',
      'function-error',
      { runs: 1 },
      0,
      config({ maximumRetryAttempts: 0 }),
      failed('RetriesExhausted'),
    ],
    [
      'one retry: two runs',
      'function-error',
      { runs: 2 },
      MINUTE,
      config({ maximumRetryAttempts: 1 }),
      failed('RetriesExhausted'),
    ],
    [
      'a retry at the age limit is not waited for',
      'function-error',
      { runs: 1 },
      0,
      config({ eventAgeMaxMs: MINUTE }),
      failed('EventAgeExceeded'),
    ],
    ['90 s allow the first retry', 'function-error', { runs: 1 }, 10, config({ eventAgeMaxMs: 90_000 }), retry(MINUTE)],
    [
      '90 s do not allow the second',
      'function-error',
      { runs: 2 },
      MINUTE + 20,
      config({ eventAgeMaxMs: 90_000 }),
      failed('EventAgeExceeded'),
    ],
    ['exhausted wins over too old', 'function-error', { runs: 3 }, 7 * HOUR, config(), failed('RetriesExhausted')],
    ['the first throttle waits a second', 'throttled', { backoffs: 1 }, 0, config(), retry(1000)],
    ['then doubles', 'throttled', { backoffs: 4 }, 0, config(), retry(8000)],
    ['up to five minutes', 'system-error', { backoffs: 10 }, 0, config(), retry(5 * MINUTE)],
    ['however often', 'throttled', { backoffs: 5000 }, 0, config(), retry(5 * MINUTE)],
    [
      'throttles are no runs',
      'throttled',
      { runs: 2, backoffs: 9 },
      0,
      config({ maximumRetryAttempts: 0 }),
      retry(256_000),
    ],
    ['until the age limit', 'throttled', { backoffs: 80 }, 6 * HOUR - MINUTE, config(), failed('EventAgeExceeded')],
    ['switched off fails at once', 'zero-concurrency', {}, 0, config(), failed('ZeroReservedConcurrency')],
    ['waited too long', 'too-old', {}, 7 * HOUR, config(), failed('EventAgeExceeded')],
    ['a loop is stopped', 'recursive', {}, 0, config(), failed('RecursiveInvocationLimitExceeded')],
    ['a deleted function drops', 'gone', {}, 0, config(), { kind: 'dropped' }],
  ])('%s', (_what, outcome, attempt, ageMs, asyncConfig, expected) => {
    expect(afterAttempt(outcome, { runs: 0, backoffs: 0, ...attempt }, ageMs, asyncConfig)).toEqual(expected)
  })
})
