import { invalidInput, quotaExceeded } from './errors.ts'
import type { Tags } from './tables.ts'

export const TAGS_MAX = 50

interface TagInput {
  readonly Key: string | undefined
  readonly Value: string | undefined
}

/** Throws for two keys that differ at most in case, and for more than the quota. */
export function parseTags(list: readonly TagInput[] | undefined): Tags {
  return mergeTags({}, list ?? [])
}

/** Tag keys are compared without regard to case and keep the case of the last writer. */
export function mergeTags(tags: Tags, list: readonly TagInput[]): Tags {
  const seen = new Set<string>()
  const merged = new Map(Object.entries(tags).map(([key, value]) => [key.toLowerCase(), [key, value] as const]))
  for (const { Key, Value } of list) {
    const key = Key ?? ''
    if (seen.has(key.toLowerCase())) {
      throw invalidInput('Duplicate tag keys found. Please note that Tag keys are case insensitive.')
    }
    seen.add(key.toLowerCase())
    merged.set(key.toLowerCase(), [key, Value ?? ''])
  }
  if (merged.size > TAGS_MAX) throw quotaExceeded('TagsPerResource', TAGS_MAX)
  return Object.fromEntries(merged.values())
}

export function withoutTags(tags: Tags, keys: readonly string[]): Tags {
  const gone = new Set(keys.map((key) => key.toLowerCase()))
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !gone.has(key.toLowerCase())))
}

export function tagList(tags: Tags): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
}

/** What conditions may ask of a call that sets these tags. */
export function requestTagContext(list: readonly TagInput[] | undefined): Record<string, string | string[]> {
  if (list === undefined || list.length === 0) return {}
  const context: Record<string, string | string[]> = { 'aws:TagKeys': list.map((tag) => tag.Key ?? '') }
  for (const tag of list) context[`aws:RequestTag/${tag.Key ?? ''}`] = tag.Value ?? ''
  return context
}

export function resourceTagContext(tags: Tags): Record<string, string> {
  const context: Record<string, string> = {}
  for (const [key, value] of Object.entries(tags)) {
    context[`aws:ResourceTag/${key}`] = value
    context[`iam:ResourceTag/${key}`] = value
  }
  return context
}
