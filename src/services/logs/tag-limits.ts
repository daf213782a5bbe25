import { tooManyTags } from './errors.ts'

const TAGS_MAX = 50

/** Throws TooManyTagsException. */
export function checkTags(tags: Readonly<Record<string, string>>): void {
  if (Object.keys(tags).length > TAGS_MAX) throw tooManyTags()
}
