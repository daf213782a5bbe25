import { isTemplateList, isTemplateObject } from './functions.ts'
import type { TemplatePath } from './read.ts'
import type { TemplateObject, TemplateValue } from './template.ts'
import { TemplateError } from './template.ts'

export type DynamicReference = {
  /** `{{resolve:ssm:/a/b:3}}`, the key for {@link substituteDynamicReferences}. */
  readonly text: string
  /** Where it was found. */
  readonly path: TemplatePath
} & (
  | { readonly service: 'ssm' | 'ssm-secure'; readonly name: string; readonly version: string | undefined }
  | {
      readonly service: 'secretsmanager'
      readonly secretId: string
      readonly jsonKey: string | undefined
      readonly versionStage: string | undefined
      readonly versionId: string | undefined
    }
)

const REFERENCE = /\{\{resolve:([^{}]*)\}\}/g
const SSM = /^(ssm|ssm-secure):([A-Za-z0-9_.\-/]+)(?::(\d+))?$/
const SECRET = /^secretsmanager:(arn:[^:]+:secretsmanager:[^:]*:[^:]*:secret:[^:]+|[^:]+)(?::(.*))?$/

/** All dynamic references in the strings of a value (names of members are not looked at). Throws TemplateError for ones that are malformed. */
export function findDynamicReferences(value: TemplateValue, path: TemplatePath = []): readonly DynamicReference[] {
  if (typeof value === 'string')
    return [...value.matchAll(REFERENCE)].map((match) => parseReference(match[0], match[1] ?? '', path))
  if (isTemplateList(value)) return value.flatMap((item, index) => findDynamicReferences(item, [...path, index]))
  if (!isTemplateObject(value)) return []
  return Object.entries(value).flatMap(([name, member]) => findDynamicReferences(member, [...path, name]))
}

/** The value with each reference replaced by `values[reference.text]`; references without a value stay. What is put in is not looked at again. */
export function substituteDynamicReferences(
  value: TemplateObject,
  values: Readonly<Record<string, string>>,
): TemplateObject {
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, substitute(member, values)]))
}

function substitute(value: TemplateValue, values: Readonly<Record<string, string>>): TemplateValue {
  if (typeof value === 'string')
    return value.replace(REFERENCE, (text) => (Object.hasOwn(values, text) ? (values[text] ?? text) : text))
  if (isTemplateList(value)) return value.map((item) => substitute(item, values))
  return isTemplateObject(value) ? substituteDynamicReferences(value, values) : value
}

function parseReference(text: string, inner: string, path: TemplatePath): DynamicReference {
  const ssm = SSM.exec(inner)
  if (ssm !== null) return { text, path, service: ssm[1] as 'ssm' | 'ssm-secure', name: ssm[2] ?? '', version: ssm[3] }
  const secret = SECRET.exec(inner)
  const [kind, jsonKey, versionStage, versionId, ...more] = secret?.[2]?.split(':') ?? []
  const isSecret =
    secret !== null && (kind === undefined || kind === '' || kind === 'SecretString') && more.length === 0
  if (!isSecret || (given(versionStage) !== undefined && given(versionId) !== undefined))
    throw new TemplateError(
      `Template format error: Incorrect format is used in the following dynamic reference: ${text}`,
    )
  return {
    text,
    path,
    service: 'secretsmanager',
    secretId: secret[1] ?? '',
    jsonKey: given(jsonKey),
    versionStage: given(versionStage),
    versionId: given(versionId),
  }
}

/** `SecretString::AWSCURRENT` leaves the key out by saying nothing. */
function given(part: string | undefined): string | undefined {
  return part === '' ? undefined : part
}
