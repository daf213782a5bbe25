import type { TemplateObject } from '../../../template/template.ts'
import { hideSecrets, secretAttributes, secretParameters } from '../no-echo.ts'
import type { StackRun } from './run.ts'

/** Properties as events show them: JSON text in which secrets are masked, those of what the stack was before too. Null for none. */
export async function shownProperties(run: StackRun, properties: TemplateObject | undefined): Promise<string | null> {
  if (properties === undefined) return null
  const { revision, stableRevision } = run.stack
  if (revision === null) return null
  const secrets = [...run.rows.values()].flatMap(({ made }) => secretAttributes(made))
  for (const number of new Set([revision, stableRevision])) {
    if (number !== null) secrets.push(...secretParameters((await run.revision(number)).parameters))
  }
  return JSON.stringify(hideSecrets(properties, secrets))
}
