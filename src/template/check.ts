import type { Template, TemplateValue } from './template.ts'

/**
 * A template whose sections, resources and references are sound. While it still names transforms (`Transform`, `Fn::Transform`) only the
 * shapes of its sections are checked, because the transforms will rewrite the rest: call it again with their result, which has no `Transform`.
 * Throws TemplateError in CloudFormation's words.
 */
export function checkTemplate(value: TemplateValue): Template {
  throw new Error(`not checked yet: ${typeof value}`)
}
