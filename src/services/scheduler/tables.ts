import { json, Table } from '../../store/table.ts'

export type Tags = Readonly<Record<string, string>>

export interface TargetRow {
  readonly arn: string
  readonly roleArn: string
  readonly input: string | null
  /** FIFO queues only. */
  readonly messageGroupId: string | null
  /** Event buses only. */
  readonly event: { readonly source: string; readonly detailType: string } | null
  readonly deadLetterArn: string | null
  readonly attemptsMax: number | null
  readonly ageMaxSeconds: number | null
}

export interface ScheduleRow {
  readonly expression: string
  readonly timeZone: string | null
  readonly startMs: number | null
  readonly endMs: number | null
  readonly description: string | null
  readonly isEnabled: boolean
  /** How long after its time it may be invoked; `null`: it may not. */
  readonly windowMinutes: number | null
  readonly target: TargetRow
  readonly isDeletedAfter: boolean
  readonly createdMs: number
  readonly modifiedMs: number
  /** Where it stands in {@link dues}; `null`: nowhere. */
  readonly dueMs: number | null
  /** The token of the request that created it. */
  readonly clientToken: string | null
}

export type ScheduleKey = readonly [accountId: string, region: string, group: string, name: string]
export const schedules = new Table<ScheduleKey, ScheduleRow>('scheduler-schedule', json<ScheduleRow>())

export interface GroupRow {
  /** `null`: the default group, which nobody created. */
  readonly createdMs: number | null
  readonly modifiedMs: number | null
  readonly tags: Tags
}

export type GroupKey = readonly [accountId: string, region: string, name: string]
/** Creating a schedule writes the row of its group, so that deleting the group sees it. The default group may have none. */
export const groups = new Table<GroupKey, GroupRow>('scheduler-group', json<GroupRow>())

/** Schedules in the order in which they are due. */
export type DueKey = readonly [dueMs: number, accountId: string, region: string, group: string, name: string]
export const dues = new Table<DueKey, 0>('scheduler-due', json<0>())

/** One invocation of a target that is owed. */
export interface OwedInvocation {
  readonly id: string
  readonly scheduleArn: string
  readonly accountId: string
  readonly region: string
  readonly target: TargetRow
  readonly dueMs: number
}
