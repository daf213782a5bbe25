import type { Queue } from '../../../queue/queue.ts'
import { Worker } from '../../../queue/worker.ts'
import type { Clock } from '../../../std/clock.ts'
import type { Store } from '../../../store/store.ts'
import type { Transaction } from '../../../store/transaction.ts'
import type { TemplateObject } from '../../../template/template.ts'
import type { StackRow } from '../tables.ts'
import type { EngineDoors } from './doors.ts'
import type { BeginOperation } from './operation.ts'
import { Responses } from './responses.ts'

/** "Look at this stack": says nothing of what there is to do, the rows do. */
export interface StackLook {
  readonly stackId: string
}

export interface EngineOptions extends EngineDoors {
  readonly store: Store
  readonly clock: Clock
  /** Stacks are looked at by jobs: see {@link StackLook}. Lease: a minute. */
  readonly queue: Queue<StackLook>
  readonly onFailure: (error: unknown) => void
}

/** Makes, changes and removes stacks, durably: what is asked and every step is a row before it is done. */
export declare class Engine {
  readonly worker: Worker<StackLook>
  /** The door that answers of custom resources and signals of wait conditions come in by. */
  readonly responses: Responses
  constructor(options: EngineOptions)
  /**
   * Writes the stack's row, its operation and its first events in one commit, and returns the stack's row. `also` adds to the same commit.
   * Throws AwsError: a name that is taken, a status that does not allow it.
   */
  begin(operation: BeginOperation, also?: (tx: Transaction) => Promise<void>): Promise<StackRow>
  /** The stack's row once nothing goes on any more, or when `waitMs` of the clock have passed or `signal` aborts. Throws when there is no such stack. */
  settled(stackId: string, options: { readonly waitMs: number; readonly signal: AbortSignal }): Promise<StackRow>
  /** For tests: runs what can run now, and resolves when nothing is left but waiting. */
  settle(): Promise<void>
  /** The properties of a resource as they are now, for drift detection; undefined when it does not exist, 'unsupported' for types without. */
  readResource(
    stackId: string,
    logicalId: string,
    as: { readonly caller: import('../../../protocol/caller.ts').Caller },
  ): Promise<TemplateObject | undefined | 'unsupported'>
}
