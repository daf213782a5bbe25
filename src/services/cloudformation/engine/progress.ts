import type { StepOutcome } from './outcome.ts'

/** A step that answers later: when a row changes, or (ms since 1970; null: never) by the clock. */
export interface Waiting {
  readonly ok: 'waiting'
  readonly untilMs: number | null
}

export type StepProgress = StepOutcome | Waiting

export const waiting = (untilMs: number | null): Waiting => ({ ok: 'waiting', untilMs })
