import type { TemplateObject } from '../../../template/template.ts'
import { hideSecrets } from '../no-echo.ts'
import type { StackRun } from './run.ts'
import { secretsOf } from './secrets.ts'

/** Properties as events show them: JSON text in which secrets are masked, those of what the stack was before too. Null for none. */
export async function shownProperties(run: StackRun, properties: TemplateObject | undefined): Promise<string | null> {
  if (properties === undefined || run.stack.revision === null) return null
  return JSON.stringify(hideSecrets(properties, await secretsOf(run)))
}
