import type { Subject } from './subject.ts'

/** What a phase finds when it looks at the rows. */
export interface PhaseLook {
  /** Steps that are written down and not settled. */
  readonly running: readonly Subject[]
  readonly ready: readonly ReadyStep[]
  /** Something else must happen first; its commit tells the stack to look. */
  readonly isWaiting: boolean
}

export interface ReadyStep {
  readonly key: string
  /** Writes the step down, or settles it where there is nothing to do. */
  begin(): Promise<void>
}
