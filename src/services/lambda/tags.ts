import { Constraints } from './constraints.ts'
import { invalidParameterValue } from './errors.ts'

export const TAGS_MAX = 50

/** Throws for tags that no resource may carry. */
export function checkTags(tags: Readonly<Record<string, string>>): void {
  const constraints = new Constraints()
  for (const [key, value] of Object.entries(tags)) {
    constraints.length('tags', key, 1, 128).length('tags', value, 0, 256)
  }
  constraints.check()
  if (Object.keys(tags).some((key) => /^aws:/i.test(key))) {
    throw invalidParameterValue('aws: prefixed tag key names are not allowed for external use.')
  }
  if (Object.keys(tags).length > TAGS_MAX) throw invalidParameterValue('Number of tags exceeds resource tag limit.')
}

/** Condition keys of a request that carries tags. */
export function tagContext(tags: Readonly<Record<string, string>>): Record<string, string | string[]> {
  const context: Record<string, string | string[]> = { 'aws:TagKeys': Object.keys(tags) }
  for (const [key, value] of Object.entries(tags)) context[`aws:RequestTag/${key}`] = value
  return context
}
