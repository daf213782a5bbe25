import { assert, assertNever } from '../../../std/assert.ts'
import { AwsError } from '../../../protocol/errors.ts'
import { importsOf } from '../../../template/outputs.ts'
import { TemplateError } from '../../../template/template.ts'
import { activeStacks, exports, type OutputRow, type ResourceRow, revisions, type StackRow } from '../tables.ts'
import { withRevision } from './begin.ts'
import { type DeployPlan, removedResources } from './deploy.ts'
import { keepImports, outputsOf, publish, withdrawExports } from './exports.ts'
import { newcomers } from './restore.ts'
import type { Changes, StackRun } from './run.ts'
import { scopeOf } from './scope.ts'
import { retire, rowEvent } from './steps.ts'

/** Nothing is left to do or to wait for in the phase: what the stack comes to next. One commit. */
export async function endPhase(run: StackRun, plan: DeployPlan | undefined): Promise<void> {
  const { phase } = run.operation
  switch (phase) {
    case 'deploy': {
      const reason = deployFailure(run)
      if (reason !== null || plan === undefined) return abandonDeployment(run, reason ?? '')
      return completeDeployment(run, plan)
    }
    case 'undo':
      return endUndo(run)
    case 'restore':
      return endRestore(run)
    case 'cleanup':
      return endCleanup(run)
    case 'delete':
      return endDelete(run)
    case 'release':
      assert(plan !== undefined, 'what was deployed can be planned again')
      return release(run, plan)
    case 'hold':
      return
    default:
      assertNever(phase)
  }
}

/** Why the deployment is to be given up; null: it is not. */
function deployFailure(run: StackRun): string | null {
  const failed = [...run.rows.values()].filter(({ mark, outcome }) => mark === run.mark && outcome === 'failed')
  const named = (status: string, verb: string) => {
    const ids = failed.filter((row) => row.status === status).map(({ logicalId }) => logicalId)
    return ids.length === 0 ? '' : `The following resource(s) failed to ${verb}: [${ids.join(', ')}]. `
  }
  const { cancelled, failure } = run.operation
  const text = `${named('CREATE_FAILED', 'create')}${named('UPDATE_FAILED', 'update')}${failure === null ? '' : `${failure} `}`
  if (text !== '') return text
  return cancelled
}

async function completeDeployment(run: StackRun, plan: DeployPlan): Promise<void> {
  try {
    const outputs = outputsOf(run, plan.scope)
    const imported = importsOf(plan.scope)
    await run.commit(async (changes) => {
      await publish(changes, outputs, imported)
      if (run.operation.kind === 'create') await completeCreate(changes, outputs)
      else await completeUpdate(run, changes, plan, outputs)
    })
  } catch (error) {
    if (!(error instanceof TemplateError) && !(error instanceof AwsError)) throw error
    // The next look finds a deployment that failed.
    await run.commit((changes) => changes.putOperation({ ...changes.operation, failure: error.message }))
  }
}

async function completeCreate(changes: Changes, outputs: readonly OutputRow[]): Promise<void> {
  await changes.putStack({
    ...whole(changes.stack),
    outputs,
    status: 'CREATE_COMPLETE',
    statusReason: null,
    failure: null,
  })
  await changes.endOperation()
}

async function completeUpdate(
  run: StackRun,
  changes: Changes,
  plan: DeployPlan,
  outputs: readonly OutputRow[],
): Promise<void> {
  const { stack } = changes
  // Only its parent knows whether a nested stack's update stays.
  const isHeld = changes.operation.isParents
  // A rollback would want to have them back.
  if (!isHeld) await giveUpOld(run, changes, plan)
  await changes.putStack({
    ...(isHeld ? stack : whole(stack)),
    outputs,
    status: 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS',
    statusReason: null,
    failure: null,
  })
  await changes.putOperation({ ...changes.operation, phase: isHeld ? 'hold' : 'cleanup' })
  if (isHeld) changes.tellParent()
}

/** The parent says that a nested stack's update stays. */
async function release(run: StackRun, plan: DeployPlan): Promise<void> {
  await run.commit(async (changes) => {
    await giveUpOld(run, changes, plan)
    await changes.putStack(whole(changes.stack))
    await changes.putOperation({ ...changes.operation, phase: 'cleanup' })
  })
}

/** Gives up what the stack is not told to have any more, and what it was told before. */
async function giveUpOld(run: StackRun, changes: Changes, plan: DeployPlan): Promise<void> {
  for (const { logicalId, made } of removedResources(run, plan)) {
    if (made !== null) await retire(run, changes, logicalId, made, 'removed')
    await changes.deleteResource(logicalId)
  }
  const { stackId, stableRevision } = changes.stack
  if (stableRevision !== null) await revisions.delete(changes.tx, [stackId, stableRevision])
}

/** The stack is what it was told to be: notes of what was before are void. */
function whole(stack: StackRow): StackRow {
  return { ...stack, stableRevision: stack.revision, age: stack.age + 1 }
}

async function abandonDeployment(run: StackRun, reason: string): Promise<void> {
  const { onFailure } = run.operation
  await run.commit(async (changes) => {
    const { stack, operation } = changes
    const isCreate = stack.stableRevision === null
    const failing = { ...stack, failure: reason.trim(), statusReason: reason }
    if (onFailure === 'keep') {
      await changes.putStack({ ...failing, status: operation.kind === 'create' ? 'CREATE_FAILED' : 'UPDATE_FAILED' })
      return changes.endOperation()
    }
    if (onFailure === 'delete') {
      // DeleteStack has said so already.
      const statusReason = operation.kind === 'delete' ? stack.statusReason : `${reason}Delete requested by user.`
      await changes.putStack({ ...failing, status: 'DELETE_IN_PROGRESS', statusReason })
      return changes.putOperation({ ...operation, phase: 'delete', cancelled: null, failure: null })
    }
    if (isCreate) {
      const statusReason = `${ending(reason)}Rollback requested by user.`
      await changes.putStack({ ...failing, status: 'ROLLBACK_IN_PROGRESS', statusReason })
      return changes.putOperation({ ...operation, phase: 'undo', cancelled: null, failure: reason.trim() })
    }
    await changes.putStack({ ...failing, status: 'UPDATE_ROLLBACK_IN_PROGRESS' })
    return changes.putOperation({ ...operation, phase: 'restore', cancelled: null, failure: reason.trim() })
  })
}

/** A sentence that another may follow. */
function ending(reason: string): string {
  return reason === '' || reason.endsWith(' ') ? reason : `${reason}${reason.endsWith('.') ? ' ' : '. '}`
}

async function endUndo(run: StackRun): Promise<void> {
  const isLeft = isAnythingLeft(run)
  await run.commit(async (changes) => {
    await settleNeverMade(run, changes)
    const isDelete = changes.operation.onFailure === 'delete'
    if (isDelete) return changes.putOperation({ ...changes.operation, phase: 'delete', cancelled: null })
    if (!isLeft) await keepImports(changes, [])
    await changes.putStack({
      ...changes.stack,
      status: isLeft ? 'ROLLBACK_FAILED' : 'ROLLBACK_COMPLETE',
      statusReason: isLeft ? failedToDelete(run) : null,
    })
    await changes.endOperation()
  })
}

async function endRestore(run: StackRun): Promise<void> {
  const failed = [...run.rows.values()].filter(({ mark, outcome }) => mark === run.mark && outcome === 'failed')
  const stable = run.stack.stableRevision ?? 0
  const revision = await run.revision(stable)
  try {
    if (failed.length > 0) {
      const ids = failed.map(({ logicalId }) => logicalId)
      throw new TemplateError(`The following resource(s) failed to update: [${ids.join(', ')}]. `)
    }
    const imports = await importedValues(run, revision)
    const scope = scopeOf(run.stack, revision, imports)
    const outputs = outputsOf(run, scope)
    const imported = importsOf(scope)
    await run.commit(async (changes) => {
      await publish(changes, outputs, imported)
      for (const { logicalId, made } of newcomers(run)) {
        if (made !== null) await retire(run, changes, logicalId, made, 'undone')
        await changes.deleteResource(logicalId)
      }
      const { stack } = changes
      if (stack.revision !== null && stack.revision !== stable)
        await revisions.delete(changes.tx, [stack.stackId, stack.revision])
      await changes.putStack({
        ...whole(withRevision(stack, stable, revision)),
        outputs,
        failure: changes.operation.failure,
        status: 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS',
        statusReason: null,
      })
      await changes.putOperation({ ...changes.operation, phase: 'cleanup' })
    })
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    await run.commit(async (changes) => {
      const { message } = error
      await changes.putStack({
        ...changes.stack,
        status: 'UPDATE_ROLLBACK_FAILED',
        statusReason: message,
        failure: message,
      })
      await changes.endOperation()
    })
  }
}

/** What the stack imported when it was whole: it is still locked. */
async function importedValues(
  run: StackRun,
  revision: Parameters<typeof scopeOf>[1],
): Promise<Readonly<Record<string, string>>> {
  const { accountId, region } = run.stack
  const values: Record<string, string> = {}
  for (const name of importsOf(scopeOf(run.stack, revision, undefined))) {
    const row = await exports.get(run.room.store, [accountId, region, name])
    if (row !== undefined) values[name] = row.value
  }
  return values
}

async function endCleanup(run: StackRun): Promise<void> {
  await run.commit(async (changes) => {
    const isRollback = changes.stack.status === 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS'
    await changes.putStack({
      ...changes.stack,
      status: isRollback ? 'UPDATE_ROLLBACK_COMPLETE' : 'UPDATE_COMPLETE',
      statusReason: null,
    })
    await changes.endOperation()
  })
}

async function endDelete(run: StackRun): Promise<void> {
  const isLeft = isAnythingLeft(run)
  try {
    if (isLeft) throw new TemplateError(failedToDelete(run))
    await run.commit(async (changes) => {
      await settleNeverMade(run, changes)
      await withdrawExports(changes)
      await keepImports(changes, [])
      const { stack } = changes
      activeStacks.delete(changes.tx, [stack.accountId, stack.region, stack.name])
      await changes.putStack({
        ...stack,
        status: 'DELETE_COMPLETE',
        statusReason: null,
        deletedMs: run.now,
        outputs: [],
      })
      await changes.endOperation()
    })
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    await failDelete(run, error.message)
  }
}

/** Ends a delete that cannot be done. */
export async function failDelete(run: StackRun, statusReason: string): Promise<void> {
  await run.commit(async (changes) => {
    await changes.putStack({ ...changes.stack, status: 'DELETE_FAILED', statusReason, failure: statusReason })
    await changes.endOperation()
  })
}

function isAnythingLeft(run: StackRun): boolean {
  return run.retired.size > 0 || [...run.rows.values()].some(({ made }) => made !== null)
}

function failedToDelete(run: StackRun): string {
  const isFailed = ({ mark, outcome }: Pick<ResourceRow, 'mark' | 'outcome'>) =>
    mark === run.mark && outcome === 'failed'
  const ids = [...run.rows.values(), ...run.retired.values()].filter(isFailed).map(({ logicalId }) => logicalId)
  return `The following resource(s) failed to delete: [${[...new Set(ids)].join(', ')}]. `
}

/** Resources whose create failed before there was anything. */
async function settleNeverMade(run: StackRun, changes: Changes): Promise<void> {
  for (const row of run.rows.values()) {
    if (row.made !== null || row.status === 'DELETE_COMPLETE' || row.status === 'DELETE_SKIPPED') continue
    const next = { ...row, status: 'DELETE_COMPLETE', statusReason: null, updatedMs: run.now, step: null } as const
    await changes.putResource(next)
    await changes.event(await rowEvent(run, next))
  }
}
