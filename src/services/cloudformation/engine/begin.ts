import { assertNever } from '../../../std/assert.ts'
import { uuid } from '../../../std/ids.ts'
import { type Transaction, transact } from '../../../store/transaction.ts'
import { stackAlreadyExists, stackInState, stackNotFound, validationError } from '../errors.ts'
import {
  activeStacks,
  type OperationPhase,
  type OperationRow,
  operations,
  revisions,
  type RevisionRow,
  type StackRow,
  stackKey,
  stacks,
} from '../tables.ts'
import { EventWriter, stackEvent } from './events.ts'
import type { BeginOperation, CreateOperation, NewStack, ReviewOperation } from './operation.ts'
import { type EngineRoom, lookAt, requireKey } from './run.ts'

export interface BeginOptions {
  /** Adds to the commit. */
  readonly also?: ((tx: Transaction) => Promise<void>) | undefined
  /** A parent's step: its nested stack may be told what others may not tell it. */
  readonly parentToken?: string
}

const USER_INITIATED = 'User Initiated'

/** Statuses of a stack that is at rest and can be updated; after a failure it was told not to roll back, it is gone on with. */
export const UPDATABLE: readonly string[] = [
  'CREATE_COMPLETE',
  'CREATE_FAILED',
  'UPDATE_COMPLETE',
  'UPDATE_FAILED',
  'UPDATE_ROLLBACK_COMPLETE',
  'IMPORT_COMPLETE',
  'IMPORT_ROLLBACK_COMPLETE',
]

/** See {@link Engine.begin}. */
export async function beginOperation(
  room: EngineRoom,
  asked: BeginOperation,
  options: BeginOptions,
): Promise<StackRow> {
  const stackId = 'stack' in asked ? asked.stack.stackId : asked.stackId
  const key = stackKey(stackId)
  if (key === undefined) throw stackNotFound(stackId)
  const nowMs = room.clock.now()
  const operationId = uuid()
  const writer = new EventWriter(() => nowMs)
  await writer.load(room.store, stackId)
  return transact(room.store, async (tx) => {
    const begun = new Begun(tx, await stacks.get(tx, key), await operations.get(tx, [stackId]), {
      asked,
      options,
      operationId,
      nowMs,
    })
    const { stack, operation } = await begun.next()
    await stacks.put(tx, key, stack)
    if (operation !== undefined) await operations.put(tx, [stackId], operation)
    if (stack.status !== begun.before?.status) {
      await writer.write(tx, stack, { clientRequestToken: asked.clientRequestToken ?? null }, stackEvent(stack))
    }
    await options.also?.(tx)
    if (operation !== undefined) lookAt(room, tx, stackId)
    return stack
  })
}

interface Given {
  readonly asked: BeginOperation
  readonly options: BeginOptions
  readonly operationId: string
  readonly nowMs: number
}

interface Next {
  readonly stack: StackRow
  readonly operation?: OperationRow
}

/** Decides what an operation makes of a stack's rows. */
class Begun {
  readonly before: StackRow | undefined
  readonly #tx: Transaction
  readonly #inHand: OperationRow | undefined
  readonly #given: Given

  constructor(tx: Transaction, before: StackRow | undefined, inHand: OperationRow | undefined, given: Given) {
    this.#tx = tx
    this.before = before
    this.#inHand = inHand
    this.#given = given
  }

  async next(): Promise<Next> {
    const { asked } = this.#given
    switch (asked.kind) {
      case 'review':
        return { stack: await this.#review(asked) }
      case 'create':
        return this.#create(asked)
      case 'update':
        return this.#update(asked)
      case 'delete':
        return this.#delete(asked)
      case 'rollback':
        return this.#rollback(asked.roleArn)
      case 'continue-update-rollback':
        return this.#continue(asked.roleArn, asked.resourcesToSkip)
      case 'cancel-update':
        return this.#cancel()
      default:
        return assertNever(asked)
    }
  }

  async #review({ stack, revision }: ReviewOperation): Promise<StackRow> {
    await this.#takeName(stack)
    return { ...this.#newStack(stack, revision), status: 'REVIEW_IN_PROGRESS', statusReason: USER_INITIATED }
  }

  async #create(asked: CreateOperation): Promise<Next> {
    const { stack, revision, onFailure } = asked
    if (this.before === undefined) await this.#takeName(stack)
    else if (this.before.status !== 'REVIEW_IN_PROGRESS') throw stackAlreadyExists(this.before.name)
    await revisions.put(this.#tx, [stack.stackId, 1], revision)
    const made = this.#newStack(stack, revision)
    const { nowMs } = this.#given
    return {
      stack: {
        ...made,
        createdMs: this.before?.createdMs ?? made.createdMs,
        isProtected: this.before?.isProtected ?? made.isProtected,
        updatedMs: this.before === undefined ? null : nowMs,
        revision: 1,
        status: 'CREATE_IN_PROGRESS',
        statusReason: USER_INITIATED,
        changeSetId: asked.changeSetId ?? null,
      },
      operation: {
        ...this.#operation('create', 'deploy', stack.roleArn),
        deadlineMs: stack.timeoutMinutes === null ? null : nowMs + stack.timeoutMinutes * 60_000,
        onFailure: stack.disableRollback ? 'keep' : onFailure,
      },
    }
  }

  async #update(asked: Extract<BeginOperation, { kind: 'update' }>): Promise<Next> {
    const stack = this.#require()
    const isHeld = this.#given.options.parentToken !== undefined && this.#inHand?.phase === 'hold'
    if (!isHeld) this.#requireRest(stack, UPDATABLE, 'updated')
    const number = (stack.revision ?? 0) + 1
    await revisions.put(this.#tx, [stack.stackId, number], asked.revision)
    // A failed update that was left as it is: what it was told to be is of no use any more.
    if (stack.revision !== null && stack.revision !== stack.stableRevision) {
      await revisions.delete(this.#tx, [stack.stackId, stack.revision])
    }
    const roleArn = asked.roleArn ?? stack.roleArn
    return {
      stack: {
        ...withRevision(stack, number, asked.revision),
        ...this.#parentToken(stack),
        roleArn,
        disableRollback: asked.disableRollback,
        updatedMs: this.#given.nowMs,
        status: 'UPDATE_IN_PROGRESS',
        statusReason: USER_INITIATED,
        changeSetId: asked.changeSetId ?? stack.changeSetId,
      },
      operation: {
        ...this.#operation('update', 'deploy', roleArn),
        onFailure: asked.disableRollback ? 'keep' : 'rollback',
      },
    }
  }

  #delete(asked: Extract<BeginOperation, { kind: 'delete' }>): Next {
    const stack = this.#require()
    if (stack.status === 'DELETE_COMPLETE') return { stack }
    const roleArn = asked.roleArn ?? stack.roleArn
    const deleting = {
      ...stack,
      ...this.#parentToken(stack),
      roleArn,
      status: 'DELETE_IN_PROGRESS',
      statusReason: USER_INITIATED,
    } as const
    const inHand = this.#inHand
    if (inHand !== undefined && inHand.phase !== 'hold') {
      if (stack.status === 'DELETE_IN_PROGRESS') return { stack }
      // A create may be given up for a delete: it first comes to rest.
      if (inHand.kind !== 'create') throw stackInState(stack.stackId, stack.status, 'deleted')
      const { caller, clientRequestToken } = this.#operation('delete', 'delete', roleArn)
      return {
        stack: deleting,
        operation: {
          ...inHand,
          kind: 'delete',
          caller,
          clientRequestToken,
          roleArn,
          cancelled: 'Stack is being deleted',
          onFailure: 'delete',
        },
      }
    }
    return {
      stack: deleting,
      operation: { ...this.#operation('delete', 'delete', roleArn), retainResources: asked.retainResources },
    }
  }

  #rollback(asked: string | undefined): Next {
    const stack = this.#require()
    this.#requireRest(stack, ['CREATE_FAILED', 'UPDATE_FAILED'], 'rolled back')
    const roleArn = asked ?? stack.roleArn
    const isCreate = stack.stableRevision === null
    return {
      stack: {
        ...stack,
        ...this.#parentToken(stack),
        roleArn,
        status: isCreate ? 'ROLLBACK_IN_PROGRESS' : 'UPDATE_ROLLBACK_IN_PROGRESS',
        statusReason: USER_INITIATED,
      },
      operation: this.#operation('rollback', isCreate ? 'undo' : 'restore', roleArn),
    }
  }

  #continue(asked: string | undefined, resourcesToSkip: readonly string[]): Next {
    const stack = this.#require()
    this.#requireRest(stack, ['UPDATE_ROLLBACK_FAILED'], 'continued to roll back')
    const roleArn = asked ?? stack.roleArn
    return {
      stack: {
        ...stack,
        ...this.#parentToken(stack),
        roleArn,
        status: 'UPDATE_ROLLBACK_IN_PROGRESS',
        statusReason: USER_INITIATED,
      },
      operation: { ...this.#operation('continue-update-rollback', 'restore', roleArn), resourcesToSkip },
    }
  }

  #cancel(): Next {
    const stack = this.#require()
    if (stack.status !== 'UPDATE_IN_PROGRESS' || this.#inHand === undefined) {
      throw validationError('CancelUpdateStack cannot be called from current stack status')
    }
    const operation = { ...this.#inHand, cancelled: USER_INITIATED, onFailure: 'rollback' as const }
    return { stack, operation }
  }

  async #takeName({ stackId }: NewStack): Promise<void> {
    const [accountId, region, name] = requireKey(stackId)
    const taken = await activeStacks.get(this.#tx, [accountId, region, name])
    if (taken !== undefined && taken.stackId !== stackId) throw stackAlreadyExists(name)
    activeStacks.put(this.#tx, [accountId, region, name], { stackId })
  }

  #require(): StackRow {
    const { before } = this
    const { asked } = this.#given
    if (before === undefined || (before.status === 'DELETE_COMPLETE' && asked.kind !== 'delete')) {
      throw stackNotFound('stackId' in asked ? asked.stackId : asked.stack.stackId)
    }
    return before
  }

  #requireRest(stack: StackRow, statuses: readonly string[], what: string): void {
    if (this.#inHand !== undefined || !statuses.includes(stack.status)) {
      throw stackInState(stack.stackId, stack.status, what)
    }
  }

  #parentToken(stack: StackRow): Pick<StackRow, 'parentToken'> {
    return { parentToken: this.#given.options.parentToken ?? stack.parentToken }
  }

  #operation(kind: OperationRow['kind'], phase: OperationPhase, roleArn: string | null): OperationRow {
    const { asked, operationId, nowMs } = this.#given
    return {
      operationId,
      kind,
      phase,
      caller: asked.caller,
      roleArn,
      clientRequestToken: asked.clientRequestToken ?? null,
      startedMs: nowMs,
      deadlineMs: null,
      onFailure: 'rollback',
      cancelled: null,
      isParents: this.#given.options.parentToken !== undefined,
      resourcesToSkip: [],
      retainResources: [],
      failure: null,
      runner: null,
    }
  }

  #newStack(stack: NewStack, revision: Pick<RevisionRow, 'processed' | 'tags' | 'notificationArns' | 'capabilities'>) {
    const [accountId, region, name] = requireKey(stack.stackId)
    return {
      stackId: stack.stackId,
      name,
      accountId,
      region,
      description: revision.processed.Description ?? null,
      createdMs: this.#given.nowMs,
      updatedMs: null,
      deletedMs: null,
      roleArn: stack.roleArn,
      notificationArns: revision.notificationArns,
      capabilities: revision.capabilities,
      tags: revision.tags,
      disableRollback: stack.disableRollback,
      timeoutMinutes: stack.timeoutMinutes,
      isProtected: stack.isProtected,
      parentId: stack.parentId ?? null,
      rootId: stack.rootId ?? null,
      parentToken: this.#given.options.parentToken ?? null,
      revision: null,
      stableRevision: null,
      age: 1,
      outputs: [],
      failure: null,
      changeSetId: null,
      drift: null,
    } satisfies Omit<StackRow, 'status' | 'statusReason'>
  }
}

/** What a stack's row repeats of its revision. */
export function withRevision(stack: StackRow, number: number, revision: RevisionRow): StackRow {
  const { processed, tags, notificationArns, capabilities } = revision
  return {
    ...stack,
    revision: number,
    description: processed.Description ?? null,
    tags,
    notificationArns,
    capabilities,
  }
}
