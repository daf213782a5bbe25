import type { Tag } from '@aws-sdk/client-sns'
import { AwsError } from '../../protocol/errors.ts'
import type { Grant } from '../../protocol/operation.ts'
import { invalidParameter } from './errors.ts'

const TAG_COUNT_MAX = 50

/** Throws for tags that no topic may carry. */
export function readTags(tags: readonly Tag[] | undefined): Record<string, string> {
  const read: Record<string, string> = {}
  for (const { Key = '', Value = '' } of tags ?? []) {
    if (Key.length < 1 || Key.length > 128 || Value.length > 256) throw invalidParameter('Tags Reason: Invalid length')
    if (/^aws:/i.test(Key)) throw invalidParameter('Tags Reason: Tag keys must not begin with aws:')
    if (Object.hasOwn(read, Key)) throw invalidParameter('Tags Reason: Duplicated keys are not allowed.')
    read[Key] = Value
  }
  return checkTagCount(read)
}

export function checkTagCount<T extends Readonly<Record<string, string>>>(tags: T): T {
  if (Object.keys(tags).length <= TAG_COUNT_MAX) return tags
  throw new AwsError('TagLimitExceeded', 400, 'Could not complete request: tag quota of per resource exceeded')
}

export function tagContext(tags: readonly Tag[] | undefined): Grant['context'] {
  if (tags === undefined || tags.length === 0) return undefined
  return {
    'aws:TagKeys': tags.map(({ Key = '' }) => Key),
    ...Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [`aws:RequestTag/${Key}`, Value])),
  }
}
