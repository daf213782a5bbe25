import type { TemplateObject } from '../../../template/template.ts'
import type { ResourceContext } from './resource-type.ts'

export const TAGS = [{ Key: 'text', Value: 'text' }] as const

export type TagList = readonly { readonly Key?: string; readonly Value?: string }[]
export type TagMap = Readonly<Record<string, string>>

/** Where CloudFormation marks what it makes, and where it does not. */
type Marking = 'marked' | 'unmarked'

/** The tags of the resource over those of its stack. Only CloudFormation writes those that begin with `aws:`. */
export function allTags(ctx: ResourceContext, own: TagMap, marking: Marking): TagMap {
  const ofStack = Object.entries(ctx.stackTags).filter(([key]) => marking === 'marked' || !isSystemTag(key))
  return { ...Object.fromEntries(ofStack), ...own }
}

export function tagMap(list: TagList | undefined): TagMap {
  return Object.fromEntries((list ?? []).map(({ Key = '', Value = '' }) => [Key, Value]))
}

export function tagList(tags: TagMap): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
}

export function isSystemTag(key: string): boolean {
  return /^aws:/i.test(key)
}

/** Keys that the resource had of its own or from its stack, and is not to have any more. What others have put there is theirs. */
export function goneKeys(ctx: ResourceContext, before: TagMap, wanted: TagMap): string[] {
  return [...new Set([...Object.keys(before), ...ctx.goneStackTags])].filter((key) => wanted[key] === undefined)
}

/** What to set and what to remove so that `before` becomes `after`. */
export function tagChanges(before: TagMap, after: TagMap): { set: TagMap; remove: string[] } {
  return {
    set: Object.fromEntries(Object.entries(after).filter(([key, value]) => before[key] !== value)),
    remove: Object.keys(before).filter((key) => after[key] === undefined),
  }
}

/** The tags of a resource as drift compares them: in the template's order, without those that come from its stack. */
export function ownTags(ctx: ResourceContext, actual: TagMap, written: TagMap): TagMap {
  const inOrder = Object.keys(written).filter((key) => actual[key] !== undefined)
  const others = Object.keys(actual).filter((key) => written[key] === undefined && !isOfStack(ctx, key))
  return Object.fromEntries([...inOrder, ...others].map((key) => [key, actual[key] ?? '']))
}

export function ownTagList(ctx: ResourceContext, actual: TagMap, written: TagList | undefined): TemplateObject[] {
  return tagList(ownTags(ctx, actual, tagMap(written)))
}

/** Whether the tags say that this very resource of this very stack was made with them. */
export function areOfThisResource(ctx: ResourceContext, tags: TagMap): boolean {
  const names = ['aws:cloudformation:stack-id', 'aws:cloudformation:logical-id']
  return names.every((name) => ctx.stackTags[name] !== undefined && tags[name] === ctx.stackTags[name])
}

function isOfStack(ctx: ResourceContext, key: string): boolean {
  return isSystemTag(key) || ctx.stackTags[key] !== undefined
}
