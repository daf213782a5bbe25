import type { TemplateObject, TemplateValue } from '../../../template/template.ts'
import type { StackRun } from './run.ts'

const MASK = '****'

/** Properties as events show them: JSON text in which values of NoEcho parameters are masked. Null for none. */
export async function shownProperties(run: StackRun, properties: TemplateObject | undefined): Promise<string | null> {
  if (properties === undefined) return null
  const { revision } = run.stack
  if (revision === null) return null
  const { parameters } = await run.revision(revision)
  const secrets = Object.values(parameters)
    .filter(({ noEcho }) => noEcho)
    .flatMap(({ value }) => (typeof value === 'string' ? [value] : [...value]))
    .filter((secret) => secret !== '')
  return JSON.stringify(secrets.length === 0 ? properties : masked(properties, secrets))
}

function masked(value: TemplateValue, secrets: readonly string[]): TemplateValue {
  if (typeof value === 'string') return secrets.reduce((text, secret) => text.replaceAll(secret, MASK), value)
  if (typeof value === 'number') return secrets.includes(String(value)) ? MASK : value
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return (value as readonly TemplateValue[]).map((item) => masked(item, secrets))
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, masked(member, secrets)]))
}
