import { AwsError } from '../../protocol/errors.ts'
import { invalidArgument, malformedXml } from './errors.ts'
import type { Tags } from './tables.ts'

export const OBJECT_TAGS_MAX = 10
export const BUCKET_TAGS_MAX = 50
const KEY_LENGTH_MAX = 128
const VALUE_LENGTH_MAX = 256
const CHARACTERS = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u

export interface TagSetInput {
  readonly TagSet: readonly { readonly Key: string | undefined; readonly Value: string | undefined }[] | undefined
}

/** `mayMark`: CloudFormation marks what it makes with `aws:` tags, clients may not. Throws InvalidTag and BadRequest. */
export function parseTagSet(input: TagSetInput | undefined, kind: 'object' | 'bucket', mayMark = false): Tags {
  if (input?.TagSet === undefined) throw malformedXml()
  const tags = input.TagSet.map(({ Key, Value }): readonly [string, string] => {
    if (Key === undefined || Value === undefined) throw malformedXml()
    return [Key, Value]
  })
  checkTags(tags, kind, mayMark)
  return tags
}

export function isSystemTag(key: string): boolean {
  return /^aws:/i.test(key)
}

/** The tags of a bucket that a client puts, beside those that CloudFormation has put: these it may repeat, not change. Throws InvalidTag. */
export function withSystemTags(input: TagSetInput | undefined, existing: Tags): Tags {
  const system = existing.filter(([key]) => isSystemTag(key))
  const isRepeated = ({ Key, Value }: { readonly Key: string | undefined; readonly Value: string | undefined }) =>
    system.some(([key, value]) => key === Key && value === Value)
  const TagSet = input?.TagSet?.filter((tag) => !isRepeated(tag))
  return [...system, ...parseTagSet({ TagSet }, 'bucket')]
}

/** Reads `x-amz-tagging`: `a=1&b=two+words`. */
export function parseTaggingHeader(text: string | undefined): Tags | undefined {
  if (text === undefined || text === '') return undefined
  const tags = text.split('&').map((pair): readonly [string, string] => {
    const equals = pair.indexOf('=')
    const key = decode(equals === -1 ? pair : pair.slice(0, equals), text)
    return [key, equals === -1 ? '' : decode(pair.slice(equals + 1), text)]
  })
  if (new Set(tags.map(([key]) => key)).size < tags.length) throw badHeader(text)
  checkTags(tags, 'object', false)
  return tags
}

export function tagSetOutput(tags: Tags | undefined): { Key: string; Value: string }[] {
  return (tags ?? []).map(([Key, Value]) => ({ Key, Value }))
}

function checkTags(tags: Tags, kind: 'object' | 'bucket', mayMark: boolean): void {
  const limit = kind === 'object' ? OBJECT_TAGS_MAX : BUCKET_TAGS_MAX
  // Those of CloudFormation do not count.
  if (tags.filter(([key]) => !isSystemTag(key)).length > limit) {
    throw new AwsError(
      'BadRequest',
      400,
      `${kind === 'object' ? 'Object' : 'Bucket'} tags cannot be greater than ${limit}`,
    )
  }
  const seen = new Set<string>()
  for (const [key, value] of tags) {
    if (seen.has(key)) throw invalidTag('Cannot provide multiple Tags with the same key', { TagKey: key })
    seen.add(key)
    if (isSystemTag(key) && !mayMark) {
      if (kind === 'bucket') throw invalidTag('System tags cannot be added/updated by requester', {})
      throw invalidTag('Your TagKey cannot be prefixed with aws:', { TagKey: key })
    }
    if (key === '' || key.length > KEY_LENGTH_MAX || !CHARACTERS.test(key)) {
      throw invalidTag('The TagKey you have provided is invalid', { TagKey: key })
    }
    if (value.length > VALUE_LENGTH_MAX || !CHARACTERS.test(value)) {
      throw invalidTag('The TagValue you have provided is invalid', { TagKey: key, TagValue: value })
    }
  }
}

function decode(text: string, header: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw badHeader(header)
  }
}

const badHeader = (value: string): AwsError =>
  invalidArgument(
    "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
    'x-amz-tagging',
    value,
  )

const invalidTag = (message: string, fields: Record<string, string>): AwsError =>
  new AwsError('InvalidTag', 400, message, fields)
