import { assert } from '../../../std/assert.ts'
import type { AwaitedAnswer, MadeResource, ResourceStep } from '../tables.ts'
import type { Changes, StackRun } from './run.ts'

/** Something with a step: a resource of the stack, or one that it gave up. */
export interface Subject {
  readonly kind: 'resource' | 'retired'
  /** Logical id, or the id among the retired. */
  readonly id: string
  readonly logicalId: string
  readonly type: string
  readonly made: MadeResource | null
  readonly step: ResourceStep
}

export function resourceSubject(run: StackRun, logicalId: string): Subject {
  const row = run.rows.get(logicalId)
  assert(row?.step !== undefined && row.step !== null, 'a step is written down before it is taken')
  return { kind: 'resource', id: logicalId, logicalId, type: row.type, made: row.made, step: row.step }
}

export function retiredSubject(run: StackRun, id: string): Subject {
  const row = run.retired.get(id)
  assert(row?.step !== undefined && row.step !== null, 'a step is written down before it is taken')
  return { kind: 'retired', id, logicalId: row.logicalId, type: row.made.type, made: row.made, step: row.step }
}

/** Writes down how far a step has got. */
export async function putAwaits(
  run: StackRun,
  changes: Changes,
  subject: Subject,
  awaits: AwaitedAnswer,
): Promise<void> {
  if (subject.kind === 'resource') {
    const row = run.rows.get(subject.id)
    assert(row?.step !== undefined && row.step !== null, 'a step goes on until it is settled')
    await changes.putResource({ ...row, step: { ...row.step, awaits } })
  } else {
    const row = run.retired.get(subject.id)
    assert(row?.step !== undefined && row.step !== null, 'a step goes on until it is settled')
    await changes.putRetired(subject.id, { ...row, step: { ...row.step, awaits } })
  }
}
