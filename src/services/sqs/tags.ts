import { invalidParameterValue } from './errors.ts'

const TAG_COUNT_MAX = 50

/** Throws for tags that no queue may carry. */
export function checkTags(tags: Readonly<Record<string, string>>): void {
  const entries = Object.entries(tags)
  if (entries.length > TAG_COUNT_MAX)
    throw invalidParameterValue(`Too many tags: at most ${TAG_COUNT_MAX} are allowed.`)
  for (const [key, value] of entries) {
    if (key.length < 1 || key.length > 128 || value.length > 256) {
      throw invalidParameterValue('Tag keys must be between 1 and 128 characters long, and tag values at most 256.')
    }
    if (/^aws:/i.test(key)) throw invalidParameterValue('Tag keys must not begin with aws:.')
    if (!/^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u.test(key + value)) {
      throw invalidParameterValue('Tag keys and values may only contain letters, spaces, digits and _ . : / = + - @.')
    }
  }
}
