import type { Call } from '../../protocol/operation.ts'
import type { Reader } from '../../store/table.ts'
import { groupNotFound, invalidParameter, streamNotFound } from './errors.ts'
import { type GroupKey, type GroupRow, groups, type StreamRow, streams } from './tables.ts'

export function groupKey(call: Pick<Call, 'accountId' | 'region'>, name: string): GroupKey {
  return [call.accountId, call.region, name]
}

export async function requireGroup(reader: Reader, key: GroupKey): Promise<GroupRow> {
  const row = await groups.get(reader, key)
  if (row === undefined) throw groupNotFound()
  return row
}

export async function requireStream(reader: Reader, group: GroupRow, name: string): Promise<StreamRow> {
  const row = await streams.get(reader, [group.id, name])
  if (row === undefined) throw streamNotFound()
  return row
}

interface Named {
  readonly logGroupName?: string | undefined
  readonly logGroupIdentifier?: string | undefined
}

/** The group a call names, by name or by ARN. Throws InvalidParameterException for both and for none. */
export function groupNameOf({ logGroupName, logGroupIdentifier }: Named): string {
  if (logGroupName !== undefined && logGroupIdentifier !== undefined) {
    throw invalidParameter('LogGroupName and LogGroupIdentifier are mutually exclusive: give one of the two.')
  }
  const name = logGroupName ?? (logGroupIdentifier === undefined ? undefined : nameInArn(logGroupIdentifier))
  if (name === undefined) throw invalidParameter('Either LogGroupName or LogGroupIdentifier is required.')
  return name
}

/** The name in `arn:aws:logs:R:A:log-group:NAME[:*]`; a text that is no ARN is the name. */
export function nameInArn(text: string): string {
  return /^arn:[^:]+:logs:[^:]*:\d*:log-group:([^:]+)(:\*)?$/.exec(text)?.[1] ?? text
}
