import type { Caller } from '../../../protocol/caller.ts'
import type { RevisionRow } from '../tables.ts'

/** What a client asks of the engine. Permission, capabilities, stack policies and termination protection have been looked at by the API. */
export type BeginOperation =
  | ReviewOperation
  | CreateOperation
  | UpdateOperation
  | DeleteOperation
  | RollbackOperation
  | ContinueUpdateRollbackOperation
  | CancelUpdateOperation

interface Asked {
  readonly caller: Caller
  readonly clientRequestToken?: string | undefined
}

/** What a new stack is, beside its template. */
export interface NewStack {
  /** Made by {@link newStackId}. */
  readonly stackId: string
  readonly roleArn: string | null
  readonly disableRollback: boolean
  readonly timeoutMinutes: number | null
  readonly isProtected: boolean
  readonly parentId?: string
  readonly rootId?: string
}

/** A stack that waits for its first change set to be executed: REVIEW_IN_PROGRESS, with its event. */
export interface ReviewOperation extends Asked {
  readonly kind: 'review'
  readonly stack: NewStack
  readonly revision: Pick<RevisionRow, 'processed' | 'tags' | 'notificationArns' | 'capabilities'>
}

/** Of a name that is free, or of a stack in REVIEW_IN_PROGRESS (by its id). */
export interface CreateOperation extends Asked {
  readonly kind: 'create'
  readonly stack: NewStack
  readonly revision: RevisionRow
  readonly onFailure: 'rollback' | 'delete' | 'keep'
  readonly changeSetId?: string
}

export interface UpdateOperation extends Asked {
  readonly kind: 'update'
  readonly stackId: string
  readonly revision: RevisionRow
  /** Undefined: the one that the stack has. */
  readonly roleArn?: string | undefined
  readonly disableRollback: boolean
  readonly changeSetId?: string
}

export interface DeleteOperation extends Asked {
  readonly kind: 'delete'
  readonly stackId: string
  readonly roleArn?: string | undefined
  /** Logical ids that are let be; only of a stack in DELETE_FAILED. */
  readonly retainResources: readonly string[]
}

/** RollbackStack: of a stack whose rollback was disabled. */
export interface RollbackOperation extends Asked {
  readonly kind: 'rollback'
  readonly stackId: string
  readonly roleArn?: string | undefined
}

export interface ContinueUpdateRollbackOperation extends Asked {
  readonly kind: 'continue-update-rollback'
  readonly stackId: string
  readonly roleArn?: string | undefined
  readonly resourcesToSkip: readonly string[]
}

export interface CancelUpdateOperation extends Asked {
  readonly kind: 'cancel-update'
  readonly stackId: string
}
