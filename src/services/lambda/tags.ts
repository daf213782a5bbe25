import { Constraints } from './constraints.ts'
import { invalidParameterValue } from './errors.ts'

export const TAGS_MAX = 50

type Tags = Readonly<Record<string, string>>

/** Whether CloudFormation has put it there; nobody else may. */
export function isSystemTag(key: string): boolean {
  return /^aws:/i.test(key)
}

/** Throws for tags that no resource may be given; `isByClient`: not by a service that marks what it makes for one. */
export function checkTags(tags: Tags, isByClient = true): void {
  const constraints = new Constraints()
  for (const [key, value] of Object.entries(tags)) {
    constraints.length('tags', key, 1, 128).length('tags', value, 0, 256)
  }
  constraints.check()
  if (isByClient) refuseSystemTags(Object.keys(tags))
  checkTagCount(tags)
}

export function refuseSystemTags(keys: readonly string[]): void {
  if (keys.some(isSystemTag)) {
    throw invalidParameterValue('aws: prefixed tag key names are not allowed for external use.')
  }
}

/** Those of CloudFormation do not count. */
export function checkTagCount(tags: Tags): void {
  if (Object.keys(tags).filter((key) => !isSystemTag(key)).length > TAGS_MAX) {
    throw invalidParameterValue('Number of tags exceeds resource tag limit.')
  }
}

/** Condition keys of a request that carries tags. */
export function tagContext(tags: Tags): Record<string, string | string[]> {
  const context: Record<string, string | string[]> = { 'aws:TagKeys': Object.keys(tags) }
  for (const [key, value] of Object.entries(tags)) context[`aws:RequestTag/${key}`] = value
  return context
}
