import { secretAttributes, secretParameters } from '../no-echo.ts'
import type { StackRun } from './run.ts'

/** What nobody shall see of a stack: of what it is told to be and of what it was before, and what its steps have read of secret parameters. */
export async function secretsOf(run: StackRun): Promise<readonly string[]> {
  const { revision, stableRevision } = run.stack
  const made = [...run.rows.values(), ...run.retired.values()]
  const secrets = [...run.resolvedSecrets, ...made.flatMap((row) => secretAttributes(row.made))]
  for (const number of new Set([revision, stableRevision])) {
    if (number !== null) secrets.push(...secretParameters((await run.revision(number)).parameters))
  }
  return secrets
}
