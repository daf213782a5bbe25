import type { Call, Grant } from '../../../protocol/operation.ts'
import { type Transaction, transact } from '../../../store/transaction.ts'
import { conflict, scheduleNotFound, validation } from '../errors.ts'
import { DEFAULT_GROUP, requireGroup, scheduleArn } from '../groups.ts'
import type { Input, SchedulerOperation } from '../model.ts'
import { readPage } from '../page.ts'
import type { Scheduler } from '../service.ts'
import { dueAfter, NAME, settingsOf, shownTarget } from '../settings.ts'
import { dues, groups, type ScheduleKey, type ScheduleRow, schedules } from '../tables.ts'

const PRINCIPAL = 'scheduler.amazonaws.com'

interface Named {
  readonly Name: string
  readonly GroupName?: string | undefined
}

export const CreateSchedule: SchedulerOperation<'CreateSchedule'> = {
  authorize: (call) => [...grantOn(call, 'CreateSchedule'), ...passRole(call.input)],
  async handle(call, scheduler) {
    const { ClientToken = null } = call.input
    const key = keyOf(call)
    if (!NAME.test(key[3])) throw validation(`Invalid Name ${key[3]}.`)
    const settings = settingsOf(call.input)
    await requireTrust(call, scheduler)
    await transact(scheduler.store, async (tx) => {
      const group = await requireGroup(tx, call, key[2])
      const old = await schedules.get(tx, key)
      if (old !== undefined) {
        if (ClientToken !== null && old.clientToken === ClientToken) return
        throw conflict(`Schedule ${key[3]} already exists.`)
      }
      // So that a DeleteScheduleGroup at the same time fails, or this does.
      if (key[2] !== DEFAULT_GROUP) groups.put(tx, [key[0], key[1], key[2]], group)
      const times = { createdMs: call.nowMs, modifiedMs: call.nowMs }
      put(tx, key, undefined, { ...settings, ...times, clientToken: ClientToken }, call.nowMs)
      tx.afterCommit(() => scheduler.wake())
    })
    return { ScheduleArn: arnOf(key) }
  },
}

export const UpdateSchedule: SchedulerOperation<'UpdateSchedule'> = {
  authorize: (call) => [...grantOn(call, 'UpdateSchedule'), ...passRole(call.input)],
  async handle(call, scheduler) {
    const key = keyOf(call)
    const settings = settingsOf(call.input)
    await requireTrust(call, scheduler)
    await transact(scheduler.store, async (tx) => {
      const old = await requireSchedule(tx, key)
      const { createdMs, clientToken } = old
      put(tx, key, old, { ...settings, createdMs, modifiedMs: call.nowMs, clientToken }, call.nowMs)
      tx.afterCommit(() => scheduler.wake())
    })
    return { ScheduleArn: arnOf(key) }
  },
}

export const GetSchedule: SchedulerOperation<'GetSchedule'> = {
  authorize: (call) => grantOn(call, 'GetSchedule'),
  async handle(call, { store }) {
    const key = keyOf(call)
    const row = await requireSchedule(store, key)
    return {
      ...summary(key, row),
      ScheduleExpression: row.expression,
      ScheduleExpressionTimezone: row.timeZone ?? 'UTC',
      FlexibleTimeWindow:
        row.windowMinutes === null
          ? { Mode: 'OFF' as const }
          : { Mode: 'FLEXIBLE' as const, MaximumWindowInMinutes: row.windowMinutes },
      ActionAfterCompletion: row.isDeletedAfter ? ('DELETE' as const) : ('NONE' as const),
      Target: shownTarget(row.target),
      ...(row.startMs !== null && { StartDate: new Date(row.startMs) }),
      ...(row.endMs !== null && { EndDate: new Date(row.endMs) }),
      ...(row.description !== null && { Description: row.description }),
    }
  },
}

export const DeleteSchedule: SchedulerOperation<'DeleteSchedule'> = {
  authorize: (call) => grantOn(call, 'DeleteSchedule'),
  async handle(call, { store }) {
    const key = keyOf(call)
    await transact(store, async (tx) => removeSchedule(tx, key, await requireSchedule(tx, key)))
    return {}
  },
}

export const ListSchedules: SchedulerOperation<'ListSchedules'> = {
  authorize(call) {
    const resource = scheduleArn(call, call.input.GroupName ?? '*', '*')
    return [{ action: 'scheduler:ListSchedules', resource }]
  },
  async handle(call, { store }) {
    const { GroupName, NamePrefix = '', State } = call.input
    if (GroupName !== undefined) await requireGroup(store, call, GroupName)
    const prefix = [call.accountId, call.region, ...(GroupName === undefined ? [] : [GroupName])]
    const { rows, nextToken } = await readPage(store, schedules, prefix, call.input, ({ key, value }) => {
      const state = value.isEnabled ? 'ENABLED' : 'DISABLED'
      return key[3].startsWith(NamePrefix) && (State === undefined || State === state)
    })
    return {
      Schedules: rows.map(({ key, value }) => ({ ...summary(key, value), Target: { Arn: value.target.arn } })),
      ...(nextToken !== undefined && { NextToken: nextToken }),
    }
  },
}

export function removeSchedule(tx: Transaction, key: ScheduleKey, row: ScheduleRow): void {
  schedules.delete(tx, key)
  if (row.dueMs !== null) dues.delete(tx, [row.dueMs, ...key])
}

/** Writes the schedule, and where it stands among those that are due. */
function put(
  tx: Transaction,
  key: ScheduleKey,
  old: ScheduleRow | undefined,
  row: Omit<ScheduleRow, 'dueMs'>,
  nowMs: number,
): void {
  // One that is due now is still to come.
  const dueMs = dueAfter(row, nowMs - 1)
  if (old !== undefined && old.dueMs !== null) dues.delete(tx, [old.dueMs, ...key])
  if (dueMs !== null) dues.put(tx, [dueMs, ...key], 0)
  schedules.put(tx, key, { ...row, dueMs })
}

async function requireSchedule(reader: Parameters<typeof schedules.get>[0], key: ScheduleKey): Promise<ScheduleRow> {
  const row = await schedules.get(reader, key)
  if (row === undefined) throw scheduleNotFound(key[3])
  return row
}

/** As AWS does, so that a wrong role is known before it is needed. */
async function requireTrust(call: Call<Pick<Input<'CreateSchedule'>, 'Target'> & Named>, scheduler: Scheduler) {
  const source = { sourceArn: arnOf(keyOf(call)), sourceAccount: call.accountId }
  if (typeof (await scheduler.asRole(call.input.Target.RoleArn ?? '', source)) === 'string') {
    throw validation('The execution role you provide must allow AWS EventBridge Scheduler to assume the role.')
  }
}

function passRole({ Target }: Pick<Input<'CreateSchedule'>, 'Target'>): Grant[] {
  const resource = Target.RoleArn ?? '*'
  return [{ action: 'iam:PassRole', resource, context: { 'iam:PassedToService': PRINCIPAL } }]
}

function grantOn(call: Call<Named>, action: string): Grant[] {
  return [{ action: `scheduler:${action}`, resource: arnOf(keyOf(call)) }]
}

function keyOf({ accountId, region, input }: Call<Named>): ScheduleKey {
  return [accountId, region, input.GroupName ?? DEFAULT_GROUP, input.Name]
}

function arnOf([accountId, region, group, name]: ScheduleKey): string {
  return scheduleArn({ accountId, region }, group, name)
}

function summary(key: ScheduleKey, row: ScheduleRow) {
  return {
    Arn: arnOf(key),
    Name: key[3],
    GroupName: key[2],
    State: row.isEnabled ? ('ENABLED' as const) : ('DISABLED' as const),
    CreationDate: new Date(row.createdMs),
    LastModificationDate: new Date(row.modifiedMs),
  }
}
