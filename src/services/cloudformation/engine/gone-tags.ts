import type { Tags } from '../tables.ts'
import type { StackRun } from './run.ts'

/** Keys of the stack's tags that its resources may have from what it was, or was being made, and that are not among those it has now. */
export async function goneTags(run: StackRun, now: Tags): Promise<string[]> {
  const { stack } = run
  const keys = new Set<string>()
  for (const number of [stack.revision, stack.stableRevision]) {
    if (number === null) continue
    for (const key of Object.keys((await run.revision(number)).tags)) if (!Object.hasOwn(now, key)) keys.add(key)
  }
  return [...keys]
}
