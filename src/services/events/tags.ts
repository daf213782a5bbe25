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
    if (/^aws:/i.test(Key)) throw validation('Tag keys starting with aws: are reserved for system use.')
  }
  const merged = { ...old, ...Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value])) }
  if (Object.keys(merged).length > TAG_COUNT_MAX) {
    throw validation(`A resource can have no more than ${TAG_COUNT_MAX} tags.`)
  }
  return merged
}
