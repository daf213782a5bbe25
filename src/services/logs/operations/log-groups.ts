import { randomHex } from '../../../std/ids.ts'
import { transact } from '../../../store/transaction.ts'
import { stringPrefixRange } from '../../../store/keys.ts'
import { groupArn, groupGrant, streamArn, tagContext } from '../access.ts'
import { groupAlreadyExists, invalidParameter, unsupportedMember } from '../errors.ts'
import { groupKey, requireGroup } from '../groups.ts'
import type { Input, LogsOperation } from '../model.ts'
import { readToken, writeToken } from '../page-token.ts'
import { type GroupRow, groups, trash } from '../tables.ts'
import { checkTags } from '../tag-limits.ts'

const PAGE_DEFAULT = 50

export const CreateLogGroup: LogsOperation<'CreateLogGroup'> = {
  authorize(call) {
    const { logGroupName, tags } = call.input
    const context = tagContext(tags)
    return [
      ...groupGrant(call, 'logs:CreateLogGroup', logGroupName, context),
      ...(Object.keys(tags ?? {}).length > 0
        ? [{ action: 'logs:TagResource', resource: groupArn(call, logGroupName ?? '*'), context }]
        : []),
    ]
  },
  async handle(call, logs) {
    const { logGroupName, tags = {}, kmsKeyId, logGroupClass, deletionProtectionEnabled } = call.input
    if (kmsKeyId !== undefined) throw unsupportedMember('kmsKeyId')
    if (logGroupClass !== undefined && logGroupClass !== 'STANDARD')
      throw unsupportedMember(`logGroupClass ${logGroupClass}`)
    if (deletionProtectionEnabled === true) throw unsupportedMember('deletionProtectionEnabled')
    checkTags(tags)
    const key = groupKey(call, logGroupName)
    const id = randomHex(8)
    await transact(logs.store, async (tx) => {
      if ((await groups.get(tx, key)) !== undefined) throw groupAlreadyExists()
      groups.put(tx, key, { id, createdMs: call.nowMs, retentionDays: null, tags, storedBytes: 0 })
    })
    return {}
  },
}

export const DeleteLogGroup: LogsOperation<'DeleteLogGroup'> = {
  authorize: (call) => groupGrant(call, 'logs:DeleteLogGroup', call.input.logGroupName),
  async handle(call, logs) {
    const key = groupKey(call, call.input.logGroupName)
    await transact(logs.store, async (tx) => {
      const row = await requireGroup(tx, key)
      groups.delete(tx, key)
      trash.put(tx, ['group', row.id], null)
      tx.afterCommit(() => logs.wakeSweeper())
    })
    return {}
  },
}

export const DescribeLogGroups: LogsOperation<'DescribeLogGroups'> = {
  authorize: (call) => [{ action: 'logs:DescribeLogGroups', resource: streamArn(call, '', '') }],
  async handle(call, logs) {
    refuseUnsupported(call.input)
    const { logGroupNamePrefix, logGroupNamePattern, logGroupClass, limit = PAGE_DEFAULT, nextToken } = call.input
    if (logGroupNamePrefix !== undefined && logGroupNamePattern !== undefined) {
      throw invalidParameter('LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.')
    }
    // All groups here are of the standard class.
    if (logGroupClass !== undefined && logGroupClass !== 'STANDARD') return { logGroups: [] }
    const found: { name: string; row: GroupRow }[] = []
    let { gte, lt } = stringPrefixRange([groups.name, call.accountId, call.region], logGroupNamePrefix ?? '')
    if (nextToken !== undefined)
      gte = Buffer.concat([groups.key(groupKey(call, String(readToken(nextToken)[0]))), Buffer.of(0)])
    while (found.length <= limit) {
      const entries = await logs.store.list({ gte, lt, limit: limit + 1 })
      for (const entry of entries) {
        const { key, value } = groups.decode(entry)
        if (logGroupNamePattern === undefined || key[2].includes(logGroupNamePattern))
          found.push({ name: key[2], row: value })
      }
      const last = entries.at(-1)
      if (last === undefined || entries.length <= limit) break
      gte = Buffer.concat([last.key, Buffer.of(0)])
    }
    const page = found.slice(0, limit)
    const lastName = page.at(-1)?.name
    return {
      logGroups: page.map(({ name, row }) => view(call, name, row)),
      ...(found.length > limit && lastName !== undefined && { nextToken: writeToken([lastName]) }),
    }
  },
}

function refuseUnsupported(input: Input<'DescribeLogGroups'>): void {
  if (input.includeLinkedAccounts === true) throw unsupportedMember('includeLinkedAccounts')
  if (input.accountIdentifiers !== undefined) throw unsupportedMember('accountIdentifiers')
  if (input.logGroupIdentifiers !== undefined) throw unsupportedMember('logGroupIdentifiers')
}

function view(call: Parameters<typeof groupArn>[0], name: string, row: GroupRow) {
  const arn = groupArn(call, name)
  return {
    logGroupName: name,
    creationTime: row.createdMs,
    ...(row.retentionDays !== null && { retentionInDays: row.retentionDays }),
    metricFilterCount: 0,
    arn: `${arn}:*`,
    storedBytes: row.storedBytes,
    logGroupClass: 'STANDARD' as const,
    logGroupArn: arn,
  }
}
