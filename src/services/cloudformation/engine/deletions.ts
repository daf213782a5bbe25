import { assert } from '../../../std/assert.ts'
import { uuid } from '../../../std/ids.ts'
import type { MadeResource, ResourceStep } from '../tables.ts'
import { NESTED_STACK_TYPE } from './kinds.ts'
import { releaseNestedStack } from './nested-stack.ts'
import type { StepOutcome } from './outcome.ts'
import type { PhaseLook, ReadyStep } from './phase.ts'
import type { Changes, StackRun } from './run.ts'
import { closeDoor, rowEvent } from './steps.ts'
import { resourceSubject, retiredSubject, type Subject } from './subject.ts'

/** How often a cleanup tries to delete a resource before it lets it be, as CloudFormation does. */
export const CLEANUP_ATTEMPTS_MAX = 3

/** A physical resource that has to go. */
interface Condemned {
  readonly kind: 'resource' | 'retired'
  readonly id: string
  readonly logicalId: string
  readonly made: MadeResource
  readonly state: 'pending' | 'running' | 'failed'
}

/** Deletes everything that the stack has, dependents first. */
export function lookAtDeletions(run: StackRun): PhaseLook {
  return look(run, [...condemnedResources(run), ...condemnedRetired(run)])
}

/** Deletes what the stack gave up, dependents first; nested stacks that wait for it do the same. */
export async function lookAtCleanup(run: StackRun): Promise<PhaseLook> {
  const found = look(run, condemnedRetired(run))
  let isWaiting = false
  for (const { type, made } of run.rows.values()) {
    if (type !== NESTED_STACK_TYPE || made === null) continue
    isWaiting = (await releaseNestedStack(run.room, made.physicalId)) === 'working' || isWaiting
  }
  return { ...found, isWaiting }
}

function condemnedResources(run: StackRun): Condemned[] {
  return [...run.rows.values()].flatMap(({ logicalId, made, mark, outcome }) =>
    made === null
      ? []
      : [{ kind: 'resource', id: logicalId, logicalId, made, state: mark === run.mark ? asState(outcome) : 'pending' }],
  )
}

function condemnedRetired(run: StackRun): Condemned[] {
  return [...run.retired].map(([id, { logicalId, made, mark, outcome }]) => ({
    kind: 'retired',
    id,
    logicalId,
    made,
    state: mark === run.mark ? asState(outcome) : 'pending',
  }))
}

function asState(outcome: 'running' | 'done' | 'failed'): Condemned['state'] {
  return outcome === 'done' ? 'pending' : outcome
}

function look(run: StackRun, condemned: readonly Condemned[]): PhaseLook {
  const needed = new Set(condemned.flatMap(({ made }) => made.dependencies))
  // A resource that is there twice, the old and the new, does not hold itself.
  const isHeld = ({ logicalId }: Condemned) =>
    needed.has(logicalId) &&
    condemned.some((other) => other.logicalId !== logicalId && other.made.dependencies.includes(logicalId))
  const pending = condemned.filter(({ state }) => state === 'pending')
  const running = condemned
    .filter(({ state }) => state === 'running')
    .map(({ kind, id }) => (kind === 'resource' ? resourceSubject(run, id) : retiredSubject(run, id)))
  let free = pending.filter((one) => !isHeld(one))
  // Old and new dependencies together may go in a circle: begin anywhere. What failed holds what it needs, though.
  const hasFailed = condemned.some(({ state }) => state === 'failed')
  if (free.length === 0 && running.length === 0 && !hasFailed) free = pending.slice(0, 1)
  return { running, ready: free.map((one) => readyToDelete(run, one)), isWaiting: false }
}

function readyToDelete(run: StackRun, one: Condemned): ReadyStep {
  const begin = () => (isKept(run, one) ? skip(run, one) : beginDelete(run, one))
  return { key: `${one.kind} ${one.id}`, begin }
}

function isKept(run: StackRun, { kind, id, logicalId, made }: Condemned): boolean {
  const { phase, kind: operation, retainResources, onFailure } = run.operation
  const why = kind === 'retired' ? run.retired.get(id)?.why : undefined
  if (why === 'replaced') return made.updateReplacePolicy === 'Retain'
  // What a failed create or update made goes, unless it is to be kept at all events.
  const isUndo =
    phase === 'undo' || why === 'undone' || (phase === 'delete' && onFailure === 'delete' && operation !== 'delete')
  if (isUndo) return made.deletionPolicy === 'Retain'
  if (phase === 'delete' && retainResources.includes(logicalId)) return true
  return made.deletionPolicy === 'Retain' || made.deletionPolicy === 'RetainExceptOnCreate'
}

async function beginDelete(run: StackRun, { kind, id, logicalId, made }: Condemned): Promise<void> {
  const step: ResourceStep = {
    action: 'delete',
    token: uuid(),
    target: null,
    isReplacement: false,
    startedMs: run.now,
    awaits: null,
  }
  run.begun.add(step.token)
  await run.commit(async (changes) => {
    if (kind === 'resource') {
      const row = run.rows.get(id)
      assert(row !== undefined, 'what is deleted is there')
      const next = {
        ...row,
        status: 'DELETE_IN_PROGRESS' as const,
        statusReason: null,
        updatedMs: run.now,
        step,
        mark: run.mark,
        outcome: 'running' as const,
      }
      await changes.putResource(next)
      await changes.event(await rowEvent(run, next))
    } else {
      const row = run.retired.get(id)
      assert(row !== undefined, 'what is cleaned up is there')
      await changes.putRetired(id, { ...row, step, mark: run.mark, outcome: 'running' })
      await changes.event(retiredEvent(logicalId, made, 'DELETE_IN_PROGRESS', null))
    }
  })
}

/** The resource stays, and is not the stack's any more. */
async function skip(run: StackRun, { kind, id, logicalId, made }: Condemned): Promise<void> {
  await run.commit((changes) => settleGone(run, changes, { kind, id, logicalId, made }, 'DELETE_SKIPPED'))
}

/** Writes down what came of a delete. */
export async function settleDeletion(
  run: StackRun,
  { kind, id, logicalId, made, step }: Subject,
  outcome: StepOutcome,
): Promise<void> {
  assert(made !== null, 'what is deleted was there')
  await run.commit(async (changes) => {
    closeDoor(changes, (kind === 'resource' ? run.rows.get(id)?.step : run.retired.get(id)?.step) ?? step)
    if (outcome.ok) return settleGone(run, changes, { kind, id, logicalId, made }, 'DELETE_COMPLETE')
    if (kind === 'resource') {
      const row = run.rows.get(id)
      assert(row !== undefined, 'what is deleted is there')
      const next = {
        ...row,
        status: 'DELETE_FAILED' as const,
        statusReason: outcome.reason,
        updatedMs: run.now,
        step: null,
        outcome: 'failed' as const,
      }
      await changes.putResource(next)
      return changes.event(await rowEvent(run, next))
    }
    const row = run.retired.get(id)
    assert(row !== undefined, 'what is cleaned up is there')
    await changes.event(retiredEvent(logicalId, made, 'DELETE_FAILED', outcome.reason))
    const attempts = row.attempts + 1
    if (run.operation.phase !== 'cleanup')
      return changes.putRetired(id, { ...row, step: null, outcome: 'failed', attempts })
    // A stack does not fail for what it could not tidy up; the event says what stayed.
    if (attempts >= CLEANUP_ATTEMPTS_MAX) return changes.deleteRetired(id)
    return changes.putRetired(id, { ...row, step: null, mark: '', outcome: 'running', attempts })
  })
}

async function settleGone(
  run: StackRun,
  changes: Changes,
  { kind, id, logicalId, made }: Pick<Condemned, 'kind' | 'id' | 'logicalId' | 'made'>,
  status: 'DELETE_COMPLETE' | 'DELETE_SKIPPED',
): Promise<void> {
  if (kind === 'retired') {
    await changes.deleteRetired(id)
    await changes.event(retiredEvent(logicalId, made, status, null))
    return
  }
  const row = run.rows.get(id)
  assert(row !== undefined, 'what is deleted is there')
  const next = {
    ...row,
    status,
    statusReason: null,
    updatedMs: run.now,
    made: null,
    step: null,
    mark: run.mark,
    outcome: 'done',
  } as const
  await changes.putResource(next)
  await changes.event(await rowEvent(run, next))
}

export function retiredEvent(
  logicalId: string,
  { physicalId, type }: MadeResource,
  status: string,
  statusReason: string | null,
) {
  return { logicalId, physicalId, type, status, statusReason }
}
