import type { ResourceContext } from './resource-type.ts'
import { allTags, goneKeys, type TagMap } from './resource-tags.ts'

/**
 * What an update sets and removes so that a resource has its tags and its stack's: all are set again, for an earlier attempt may have set
 * only some. For services that keep `aws:` for themselves.
 */
export function tagUpdate(ctx: ResourceContext, before: TagMap, after: TagMap): { set: TagMap; remove: string[] } {
  const set = allTags(ctx, after, 'unmarked')
  return { set, remove: goneKeys(ctx, before, set) }
}
