import { isDeepStrictEqual } from 'node:util'
import { assert } from '../../../std/assert.ts'
import type { TemplateResource } from '../../../template/template.ts'
import {
  type MadeResource,
  type ResourceRow,
  type ResourceStep,
  type ResourceTarget,
  responses,
  type RetiredRow,
} from '../tables.ts'
import type { NewEvent } from './events.ts'
import type { StepOutcome, StepSuccess } from './outcome.ts'
import type { Changes, StackRun } from './run.ts'
import { shownProperties } from './shown-properties.ts'
import type { Subject } from './subject.ts'
import { tornUpdate } from './torn.ts'

type Source = Pick<TemplateResource, 'Type' | 'Metadata'>

/** Writes down what is about to be done to a resource, which is taken for `made`, and says so. */
export async function beginStep(
  run: StackRun,
  logicalId: string,
  source: Source,
  step: ResourceStep,
  reason: string | null,
  made: MadeResource | null,
): Promise<void> {
  const status = step.action === 'create' && !step.isReplacement ? 'CREATE_IN_PROGRESS' : 'UPDATE_IN_PROGRESS'
  run.begun.add(step.token)
  await run.commit(async (changes) => {
    const row = touched(run, logicalId, source, { status, statusReason: reason, step, outcome: 'running' })
    await changes.putResource({ ...row, made })
    await changes.event(await rowEvent(run, row))
  })
}

/** A resource that cannot be begun: its properties cannot be computed. */
export async function recordFailure(run: StackRun, logicalId: string, source: Source, reason: string): Promise<void> {
  const before = run.rows.get(logicalId)
  // How far the update before it got is still not known.
  const step = tornUpdate(before)
  const status = before?.made ? 'UPDATE_FAILED' : 'CREATE_FAILED'
  await run.commit(async (changes) => {
    const row = touched(run, logicalId, source, { status, statusReason: reason, step, outcome: 'failed' })
    await changes.putResource(row)
    await changes.event(await rowEvent(run, row))
  })
}

/** A resource that is as it should be; what only the stack knows of it may have changed. */
export async function recordUnchanged(
  run: StackRun,
  row: ResourceRow,
  target: ResourceTarget,
  source: Source,
): Promise<void> {
  assert(row.made !== null, 'what is unchanged is there')
  const { physicalId, attributes, isNoEcho } = row.made
  const made = { ...target, physicalId, attributes, isNoEcho }
  await run.commit((changes) =>
    changes.putResource({
      ...row,
      // Only what a rollback has to take back is noted.
      ...(!isDeepStrictEqual(made, row.made) && noted(run, row)),
      made,
      step: null,
      metadata: source.Metadata ?? null,
      mark: run.mark,
      outcome: 'done',
    }),
  )
}

/** Writes down what came of a create or an update. */
export async function settleStep(run: StackRun, { id, step }: Subject, outcome: StepOutcome): Promise<void> {
  const row = run.rows.get(id)
  assert(row !== undefined && step.target !== null, 'a step is settled where it was written down')
  await run.commit(async (changes) => {
    closeDoor(changes, row.step)
    await (outcome.ok ? succeed(run, changes, row, step, outcome) : fail(run, changes, row, step, outcome))
  })
}

async function succeed(
  run: StackRun,
  changes: Changes,
  row: ResourceRow,
  step: ResourceStep,
  { physicalId, attributes, isNoEcho }: StepSuccess,
): Promise<void> {
  assert(step.target !== null, 'what succeeds has a target')
  const made: MadeResource = { ...step.target, physicalId, attributes, isNoEcho }
  const isCreate = step.action === 'create' && !step.isReplacement
  const next: ResourceRow = {
    ...row,
    physicalId,
    made,
    type: made.type,
    status: isCreate ? 'CREATE_COMPLETE' : 'UPDATE_COMPLETE',
    statusReason: null,
    updatedMs: run.now,
    step: null,
    outcome: 'done',
  }
  if (row.made !== null && !isSame(row.made, made)) {
    await retire(run, changes, row.logicalId, row.made, run.operation.phase === 'restore' ? 'undone' : 'replaced')
  }
  await adopt(run, changes, row.logicalId, made)
  if (step.action === 'create') {
    const status = isCreate ? 'CREATE_IN_PROGRESS' : 'UPDATE_IN_PROGRESS'
    const initiated = { ...(await rowEvent(run, next)), status, statusReason: 'Resource creation Initiated' }
    await changes.event(initiated)
  }
  await changes.putResource(next)
  await changes.event(await rowEvent(run, next))
}

async function fail(
  run: StackRun,
  changes: Changes,
  row: ResourceRow,
  step: ResourceStep,
  { reason, left }: Extract<StepOutcome, { ok: false }>,
): Promise<void> {
  assert(step.target !== null, 'what failed had a target')
  const isCreate = step.action === 'create' && !step.isReplacement
  const behind = left === undefined ? null : { ...step.target, ...left, isNoEcho: false }
  // What a failed replacement left is nobody's; what a failed create left is the resource, as far as there is one.
  if (behind !== null && row.made !== null) await retire(run, changes, row.logicalId, behind, 'undone')
  const made = row.made ?? behind
  const next: ResourceRow = {
    ...row,
    made,
    physicalId: made?.physicalId ?? row.physicalId,
    status: isCreate ? 'CREATE_FAILED' : 'UPDATE_FAILED',
    statusReason: reason,
    updatedMs: run.now,
    outcome: 'failed',
  }
  await changes.putResource(next)
  await changes.event(await rowEvent(run, next))
}

/** Gives a physical resource up: the cleanup deletes it. */
export async function retire(
  run: StackRun,
  changes: Changes,
  logicalId: string,
  made: MadeResource,
  why: RetiredRow['why'],
): Promise<void> {
  const row: RetiredRow = { logicalId, made, why, step: null, mark: '', outcome: 'running', attempts: 0 }
  await changes.putRetired(retiredId(logicalId, made), row)
}

/** A physical resource that was given up and is the stack's again must not be deleted. */
export async function adopt(run: StackRun, changes: Changes, logicalId: string, made: MadeResource): Promise<void> {
  const id = retiredId(logicalId, made)
  if (run.retired.has(id)) await changes.deleteRetired(id)
}

/** An answer that comes too late finds no door. */
export function closeDoor({ tx }: Changes, step: ResourceStep | null): void {
  if (step?.awaits?.kind === 'response') responses.delete(tx, [step.awaits.token])
}

export function retiredId(logicalId: string, { type, physicalId }: Pick<MadeResource, 'type' | 'physicalId'>): string {
  return `${logicalId}/${type}/${physicalId}`
}

export function isSame(a: MadeResource, b: MadeResource): boolean {
  return a.type === b.type && a.physicalId === b.physicalId
}

/** The note of what a resource was when the stack was whole; the first of an age counts. */
export function noted(run: StackRun, row: ResourceRow | undefined): Pick<ResourceRow, 'before'> {
  const { age } = run.stack
  if (row?.before?.age === age) return { before: row.before }
  return { before: { age, made: row?.made ?? null } }
}

function touched(
  run: StackRun,
  logicalId: string,
  source: Source,
  next: Pick<ResourceRow, 'status' | 'statusReason' | 'step' | 'outcome'>,
): ResourceRow {
  const row = run.rows.get(logicalId)
  const made = row?.made ?? null
  return {
    logicalId,
    type: source.Type,
    made,
    physicalId: made?.physicalId ?? null,
    metadata: source.Metadata ?? null,
    description: null,
    drift: null,
    updatedMs: run.now,
    mark: run.mark,
    ...noted(run, row),
    ...next,
  }
}

/** The event of a resource's own status. */
export async function rowEvent(run: StackRun, row: ResourceRow): Promise<NewEvent> {
  const target = row.step?.target ?? row.made
  return {
    logicalId: row.logicalId,
    physicalId: row.physicalId,
    type: row.type,
    status: row.status,
    statusReason: row.statusReason,
    properties: await shownProperties(run, target?.properties),
  }
}
