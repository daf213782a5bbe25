import { transact } from '../../../store/transaction.ts'
import { groupArn, tagContext } from '../access.ts'
import { groupNotFound, invalidParameter, resourceNotFound } from '../errors.ts'
import { groupKey, nameInArn } from '../groups.ts'
import type { LogsOperation } from '../model.ts'
import type { Logs } from '../service.ts'
import { checkTags } from '../tag-limits.ts'
import { type GroupKey, groups } from '../tables.ts'
import type { AwsError } from '../../../protocol/errors.ts'
import type { Call, Grant } from '../../../protocol/operation.ts'

type Tags = Readonly<Record<string, string>>

/** The older operations name a group, the newer ones its ARN; the tags are the same. */

export const TagResource: LogsOperation<'TagResource'> = {
  authorize: (call) => tagGrant(call, 'logs:TagResource', nameOf(call.input), tagContext(call.input.tags)),
  async handle(call, logs) {
    const { tags } = call.input
    await changeTags(logs, groupKey(call, nameOf(call.input)), resourceNotFound, (old) => ({ ...old, ...tags }))
    return {}
  },
}

export const UntagResource: LogsOperation<'UntagResource'> = {
  authorize: (call) => tagGrant(call, 'logs:UntagResource', nameOf(call.input), keysContext(call.input.tagKeys)),
  async handle(call, logs) {
    const { tagKeys } = call.input
    await changeTags(logs, groupKey(call, nameOf(call.input)), resourceNotFound, (old) => without(old, tagKeys))
    return {}
  },
}

export const ListTagsForResource: LogsOperation<'ListTagsForResource'> = {
  authorize: (call) => tagGrant(call, 'logs:ListTagsForResource', nameOf(call.input)),
  async handle(call, logs) {
    const row = await groups.get(logs.store, groupKey(call, nameOf(call.input)))
    if (row === undefined) throw resourceNotFound()
    return { tags: row.tags }
  },
}

export const TagLogGroup: LogsOperation<'TagLogGroup'> = {
  authorize: (call) => tagGrant(call, 'logs:TagLogGroup', call.input.logGroupName, tagContext(call.input.tags)),
  async handle(call, logs) {
    const { logGroupName, tags } = call.input
    await changeTags(logs, groupKey(call, logGroupName), groupNotFound, (old) => ({ ...old, ...tags }))
    return {}
  },
}

export const UntagLogGroup: LogsOperation<'UntagLogGroup'> = {
  authorize: (call) => tagGrant(call, 'logs:UntagLogGroup', call.input.logGroupName, keysContext(call.input.tags)),
  async handle(call, logs) {
    const { logGroupName, tags } = call.input
    await changeTags(logs, groupKey(call, logGroupName), groupNotFound, (old) => without(old, tags))
    return {}
  },
}

export const ListTagsLogGroup: LogsOperation<'ListTagsLogGroup'> = {
  authorize: (call) => tagGrant(call, 'logs:ListTagsLogGroup', call.input.logGroupName),
  async handle(call, logs) {
    const row = await groups.get(logs.store, groupKey(call, call.input.logGroupName))
    if (row === undefined) throw groupNotFound()
    return { tags: row.tags }
  },
}

function tagGrant(call: Call, action: string, group: string | undefined, context: Grant['context'] = {}): Grant[] {
  return [{ action, resource: groupArn(call, group ?? '*'), context }]
}

/** Throws for the ARN of something that is no log group. */
function nameOf({ resourceArn }: { readonly resourceArn?: string | undefined }): string {
  if (resourceArn === undefined) return '*'
  const name = nameInArn(resourceArn)
  if (name === resourceArn) throw invalidParameter('The resource ARN is not the ARN of a log group.')
  return name
}

async function changeTags(
  logs: Logs,
  key: GroupKey,
  missing: () => AwsError,
  update: (tags: Tags) => Tags,
): Promise<void> {
  await transact(logs.store, async (tx) => {
    const row = await groups.get(tx, key)
    if (row === undefined) throw missing()
    const tags = update(row.tags)
    checkTags(tags)
    groups.put(tx, key, { ...row, tags })
  })
}

function without(tags: Tags, keys: readonly string[]): Tags {
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !keys.includes(key)))
}

function keysContext(keys: readonly string[] | undefined): NonNullable<Grant['context']> {
  return keys === undefined ? {} : { 'aws:TagKeys': keys }
}
