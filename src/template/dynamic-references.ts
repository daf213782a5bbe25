import type { TemplatePath } from './read.ts'
import type { TemplateObject, TemplateValue } from './template.ts'

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

/** All dynamic references in the strings of a value. Throws TemplateError for ones that are malformed. */
export function findDynamicReferences(value: TemplateValue): readonly DynamicReference[] {
  throw new Error(`not found yet: ${typeof value}`)
}

/** The value with each reference replaced by `values[reference.text]`; references without a value stay. */
export function substituteDynamicReferences(
  value: TemplateObject,
  values: Readonly<Record<string, string>>,
): TemplateObject {
  throw new Error(`not found yet: ${typeof value} ${typeof values}`)
}
