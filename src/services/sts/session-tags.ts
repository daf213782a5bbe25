import type { Caller } from '../../protocol/caller.ts'
import { invalidParameterValue } from './errors.ts'
import type { Input } from './model.ts'

/** The tags a role session starts with because the session before it made them transitive. */
export function inheritedTags(caller: Caller): Readonly<Record<string, string>> {
  if (caller.kind !== 'role') return {}
  const keys = caller.transitiveTagKeys ?? []
  return Object.fromEntries(keys.map((key) => [key, caller.tags[key] ?? '']))
}

/** The tags of a new session and which of them go on. Throws InvalidParameterValue. */
export function sessionTags(
  input: Input<'AssumeRole'>,
  caller: Caller,
): { readonly tags: Readonly<Record<string, string>>; readonly transitiveTagKeys: readonly string[] } {
  const inherited = inheritedTags(caller)
  const inheritedKeys = new Set(Object.keys(inherited).map((key) => key.toLowerCase()))
  const seen = new Set<string>()
  const tags: Record<string, string> = { ...inherited }
  for (const { Key = '', Value = '' } of input.Tags ?? []) {
    const key = Key.toLowerCase()
    if (seen.has(key)) {
      throw invalidParameterValue('Duplicate tag keys found. Please note that Tag keys are case insensitive.')
    }
    if (inheritedKeys.has(key)) {
      throw invalidParameterValue(
        "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
      )
    }
    seen.add(key)
    tags[Key] = Value
  }
  for (const key of input.TransitiveTagKeys ?? []) {
    if (!seen.has(key.toLowerCase())) {
      throw invalidParameterValue('The specified transitive tag key must be included in the requested tags.')
    }
  }
  const asked = new Set((input.TransitiveTagKeys ?? []).map((key) => key.toLowerCase()))
  const transitiveTagKeys = Object.keys(tags).filter(
    (key) => asked.has(key.toLowerCase()) || inheritedKeys.has(key.toLowerCase()),
  )
  return { tags, transitiveTagKeys }
}
