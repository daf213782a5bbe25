import { isDeepStrictEqual } from 'node:util'
import { assert } from '../../../std/assert.ts'
import { uuid } from '../../../std/ids.ts'
import type { MadeResource, ResourceRow } from '../tables.ts'
import { isCustomResource } from './custom-resource.ts'
import { NESTED_STACK_TYPE } from './kinds.ts'
import type { PhaseLook, ReadyStep } from './phase.ts'
import type { StackRun } from './run.ts'
import { adopt, beginStep, isSame, retire, retiredId, rowEvent } from './steps.ts'
import { resourceSubject, type Subject } from './subject.ts'

/** Takes every resource that was touched since the stack was whole back to what it was then, in the order it was made in. */
export function lookAtRestore(run: StackRun): PhaseLook {
  const touched = [...run.rows.values()].filter((row) => wholeOf(run, row) !== undefined)
  const open = new Set(
    touched.filter((row) => !(row.mark === run.mark && row.outcome === 'done')).map(({ logicalId }) => logicalId),
  )
  const running: Subject[] = []
  const ready: ReadyStep[] = []
  for (const row of touched) {
    const { logicalId } = row
    if (row.mark === run.mark) {
      if (row.outcome === 'running') running.push(resourceSubject(run, logicalId))
      continue
    }
    const before = wholeOf(run, row)
    assert(before !== undefined, 'what is restored was there')
    // What needs a resource that could not be restored cannot be restored either.
    if (before.dependencies.some((id) => id !== logicalId && open.has(id))) continue
    ready.push({ key: logicalId, begin: () => restore(run, row, before) })
  }
  return { running, ready, isWaiting: false }
}

/** What a resource was when the stack was whole; undefined when it was not, or has not been touched since. */
export function wholeOf(run: StackRun, { before }: ResourceRow): MadeResource | undefined {
  return before?.age === run.stack.age ? (before.made ?? undefined) : undefined
}

/** Resources that did not exist when the stack was whole. */
export function newcomers(run: StackRun): readonly ResourceRow[] {
  return [...run.rows.values()].filter(({ before }) => before?.age === run.stack.age && before.made === null)
}

async function restore(run: StackRun, row: ResourceRow, before: MadeResource): Promise<void> {
  assert(row.made !== null, 'what was there when the stack was whole is deleted only in a cleanup')
  const isSkipped = run.operation.resourcesToSkip.includes(row.logicalId)
  if (!isSkipped && needsUpdate(run, row, before)) return beginUpdate(run, row, before)
  await run.commit(async (changes) => {
    const { made } = row
    assert(made !== null, 'a resource that is restored is there')
    const isNews = !isSame(made, before) || row.status.endsWith('_FAILED')
    const next: ResourceRow = {
      ...row,
      made: isSkipped ? { ...before } : { ...before, ...(isSame(made, before) && keptOf(made)) },
      physicalId: before.physicalId,
      type: before.type,
      ...(isNews && { status: 'UPDATE_COMPLETE', statusReason: null, updatedMs: run.now }),
      step: null,
      mark: run.mark,
      outcome: 'done',
    }
    // A replacement is taken back: the old one, which is still there, is the resource again.
    if (!isSame(made, before)) {
      await retire(run, changes, row.logicalId, made, 'undone')
      await adopt(run, changes, row.logicalId, before)
    }
    await changes.putResource(next)
    if (isNews) await changes.event(await rowEvent(run, next))
  })
}

function needsUpdate(run: StackRun, row: ResourceRow, before: MadeResource): boolean {
  const { made, outcome, step } = row
  assert(made !== null, 'a resource that is restored is there')
  // Both answer for what they did: only they know what it takes to undo it.
  if (row.type === NESTED_STACK_TYPE && isSame(made, before)) return true
  if (isCustomResource(before.type) && made.type === before.type && !isSame(made, before)) return true
  if (isSame(made, before)) {
    // A failed update may have got somewhere; a failed replacement did not touch it.
    const isTorn = outcome === 'failed' && step !== null && step.action === 'update'
    return isTorn || !isDeepStrictEqual(made.properties, before.properties) || made.tagsDigest !== before.tagsDigest
  }
  // It was changed first, and replaced in a later attempt.
  const old = run.retired.get(retiredId(row.logicalId, before))?.made
  return old !== undefined && !isDeepStrictEqual(old.properties, before.properties)
}

async function beginUpdate(run: StackRun, row: ResourceRow, before: MadeResource): Promise<void> {
  const { logicalId, made, step } = row
  assert(made !== null, 'a resource that is restored is there')
  const old = run.retired.get(retiredId(logicalId, before))?.made
  const isSwap = !isSame(made, before) && !isCustomResource(before.type)
  if (isSwap && old !== undefined) {
    await run.commit(async (changes) => {
      await retire(run, changes, logicalId, made, 'undone')
      await adopt(run, changes, logicalId, old)
      await changes.putResource({ ...row, made: old, physicalId: old.physicalId, type: old.type, step: null })
    })
  } else if (row.outcome === 'failed' && step !== null && step.action === 'update' && step.target !== null) {
    const { properties } = step.target
    // As far as anybody knows it is what the failed update made of it. What an earlier attempt to restore it did not get done is still to do.
    const isRestored = isDeepStrictEqual(properties, before.properties)
    if (!isRestored) await run.commit((changes) => changes.putResource({ ...row, made: { ...made, properties } }))
  }
  const { physicalId: _, attributes: __, isNoEcho: ___, ...target } = before
  const source = { Type: before.type, ...(row.metadata !== null && { Metadata: row.metadata }) }
  const next = {
    action: 'update',
    token: uuid(),
    target,
    isReplacement: false,
    startedMs: run.now,
    awaits: null,
  } as const
  await beginStep(run, logicalId, source, next, null, run.rows.get(logicalId)?.made ?? null)
}

function keptOf({ attributes, isNoEcho }: MadeResource): Pick<MadeResource, 'attributes' | 'isNoEcho'> {
  return { attributes, isNoEcho }
}
