import type { Call } from '../../protocol/operation.ts'
import type { Reader } from '../../store/table.ts'
import { groupNotFound } from './errors.ts'
import { type GroupRow, groups } from './tables.ts'

type Home = Pick<Call, 'accountId' | 'region'>

export const DEFAULT_GROUP = 'default'
const DEFAULT_ROW: GroupRow = { createdMs: null, modifiedMs: null, tags: {} }

export async function findGroup(reader: Reader, home: Home, name: string): Promise<GroupRow | undefined> {
  const row = await groups.get(reader, [home.accountId, home.region, name])
  return row ?? (name === DEFAULT_GROUP ? DEFAULT_ROW : undefined)
}

/** Throws ResourceNotFoundException. */
export async function requireGroup(reader: Reader, home: Home, name: string): Promise<GroupRow> {
  const row = await findGroup(reader, home, name)
  if (row === undefined) throw groupNotFound(name)
  return row
}

export function groupArn({ accountId, region }: Home, name: string): string {
  return `arn:aws:scheduler:${region}:${accountId}:schedule-group/${name}`
}

export function scheduleArn({ accountId, region }: Home, group: string, name: string): string {
  return `arn:aws:scheduler:${region}:${accountId}:schedule/${group}/${name}`
}

/** The group of an ARN; undefined for anything else. Schedules carry no tags. */
export function groupOfArn({ accountId, region }: Home, arn: string): string | undefined {
  const begin = groupArn({ accountId, region }, '')
  return arn.startsWith(begin) ? arn.slice(begin.length) : undefined
}
