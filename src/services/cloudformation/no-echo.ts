import type { ResolvedParameters } from '../../template/parameters.ts'
import type { TemplateObject, TemplateValue } from '../../template/template.ts'
import type { MadeResource } from './tables.ts'

/** What is shown of a value that nobody shall see. */
export const HIDDEN = '****'

/** The values of NoEcho parameters. */
export function secretParameters(parameters: ResolvedParameters): readonly string[] {
  return Object.values(parameters)
    .filter(({ noEcho }) => noEcho)
    .flatMap(({ value }) => (typeof value === 'string' ? [value] : [...value]))
    .filter((secret) => secret !== '')
}

/** What a custom resource answered and asked not to show. */
export function secretAttributes(made: MadeResource | null): readonly string[] {
  return made?.isNoEcho === true ? textsIn(made.attributes) : []
}

/** The value with every secret in its texts masked. */
export function hideSecrets<T extends TemplateValue>(value: T, secrets: readonly string[]): T {
  // Longer ones first: one may be a part of another.
  const ordered = [...new Set(secrets)].sort((a, b) => b.length - a.length)
  return (ordered.length === 0 ? value : masked(value, ordered)) as T
}

function masked(value: TemplateValue, secrets: readonly string[]): TemplateValue {
  if (typeof value === 'string') return secrets.reduce((text, secret) => text.replaceAll(secret, HIDDEN), value)
  if (typeof value === 'number') return secrets.includes(String(value)) ? HIDDEN : value
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return (value as readonly TemplateValue[]).map((item) => masked(item, secrets))
  return mapMembers(value as TemplateObject, (member) => masked(member, secrets))
}

function textsIn(value: TemplateValue): readonly string[] {
  if (typeof value === 'string') return value === '' ? [] : [value]
  if (typeof value === 'number') return [String(value)]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value as TemplateObject).flatMap(textsIn)
}

function mapMembers(value: TemplateObject, map: (member: TemplateValue) => TemplateValue): TemplateObject {
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, map(member)]))
}
