import { validation } from './errors.ts'
import type { Tags } from './tables.ts'

const TAG_COUNT_MAX = 50

interface Tag {
  readonly Key?: string | undefined
  readonly Value?: string | undefined
}

/** `old` with these tags over it. Throws ValidationException. */
export function tagsOf(old: Tags, tags: readonly Tag[] = []): Tags {
  for (const { Key = '' } of tags) {
    if (Key === '' || /^aws:/i.test(Key)) throw validation('Tag keys must not be empty or begin with aws:.')
  }
  const merged = { ...old, ...Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value])) }
  if (Object.keys(merged).length > TAG_COUNT_MAX) throw validation(`A resource can have ${TAG_COUNT_MAX} tags.`)
  return merged
}

export function tagContext(tags: readonly Tag[] | undefined): Record<string, string | string[]> | undefined {
  if (tags === undefined || tags.length === 0) return undefined
  return {
    'aws:TagKeys': tags.map(({ Key = '' }) => Key),
    ...Object.fromEntries(tags.map(({ Key, Value }) => [`aws:RequestTag/${Key}`, Value ?? ''])),
  }
}
