import { tooManyTags, validation } from './errors.ts'
import { requireLength } from './constraints.ts'
import type { Tags } from './tables.ts'

const TAG_COUNT_MAX = 50
const KEY_CHARACTERS_MAX = 128
const VALUE_CHARACTERS_MAX = 256

interface Tag {
  readonly Key?: string | undefined
  readonly Value?: string | undefined
}

/** `old` with these tags over it. Throws ValidationException and TooManyTagsError. */
export function tagsOf(old: Tags, tags: readonly Tag[] = []): Tags {
  for (const { Key = '', Value = '' } of tags) {
    requireLength('tags.key', Key, 1, KEY_CHARACTERS_MAX)
    requireLength('tags.value', Value, 0, VALUE_CHARACTERS_MAX)
    if (/^aws:/i.test(Key)) throw validation('Tag keys that begin with aws: are reserved for AWS.')
  }
  const merged = { ...old, ...Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value])) }
  if (Object.keys(merged).length > TAG_COUNT_MAX) throw tooManyTags(TAG_COUNT_MAX)
  return merged
}
