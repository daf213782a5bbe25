import type { TemplatePosition, TemplateValue } from './template.ts'

/** Names of members and indexes of lists, from the root of the template. */
export type TemplatePath = readonly (string | number)[]

export interface ReadTemplate {
  readonly value: TemplateValue
  /** Where the value (or, for members, its name) is written; undefined when the path is not in the text. */
  positionOf(path: TemplatePath): TemplatePosition | undefined
}

/**
 * Reads a template: JSON when the text begins with `{`, else YAML with CloudFormation's short tags, which come out in their long form
 * (`!Ref X` → `{Ref: 'X'}`). Throws TemplateError "Template format error: …" with line and column.
 */
export function readTemplate(text: string): ReadTemplate {
  throw new Error(`not read yet: ${text.length}`)
}
