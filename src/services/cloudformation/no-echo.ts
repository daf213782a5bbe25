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

/**
 * A sentence with every secret in it masked, also where it is written as JSON and where it was cut. A secret of a few characters is masked only
 * where it stands alone: a part of a word is none, and the sentence has to stay readable.
 */
export function hideSecretsInText(text: string, secrets: readonly string[]): string {
  const written = secrets.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)])
  const ordered = [...new Set(written)].sort((a, b) => b.length - a.length)
  return ordered.reduce((masked, secret) => {
    if (secret.length < ALONE_CHARACTERS_MAX) return maskedAlone(masked, secret)
    return secret.length < CUT_CHARACTERS_MIN ? masked.replaceAll(secret, HIDDEN) : maskedFromHead(masked, secret)
  }, text)
}

/** Secrets shorter than this may be a part of any word. */
const ALONE_CHARACTERS_MAX = 4
/** The beginning of a secret that gives it away. */
const CUT_CHARACTERS_MIN = 16

function maskedAlone(text: string, secret: string): string {
  const literal = [...secret].map((character) => `\\u{${character.codePointAt(0)?.toString(16)}}`).join('')
  const pattern = new RegExp(`(?<![A-Za-z0-9])${literal}(?![A-Za-z0-9])`, 'gu')
  return text.replace(pattern, HIDDEN)
}

/** Messages cut long values: from its beginning on, as much of the secret as is there. */
function maskedFromHead(text: string, secret: string): string {
  const head = secret.slice(0, CUT_CHARACTERS_MIN)
  let shown = ''
  let from = 0
  for (let at = text.indexOf(head); at >= 0; at = text.indexOf(head, from)) {
    let length = head.length
    while (length < secret.length && text[at + length] === secret[length]) length++
    shown += text.slice(from, at) + HIDDEN
    from = at + length
  }
  return shown + text.slice(from)
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
