import type { Call, Grant } from '../../../protocol/operation.ts'
import { transact } from '../../../store/transaction.ts'
import { conflict, validation } from '../errors.ts'
import { DEFAULT_GROUP, findGroup, groupArn, requireGroup } from '../groups.ts'
import type { SchedulerOperation } from '../model.ts'
import { readPage } from '../page.ts'
import { NAME } from '../settings.ts'
import { type GroupRow, groups, schedules } from '../tables.ts'
import { tagContext, tagsOf } from '../tags.ts'
import { removeSchedule } from './schedules.ts'

const BATCH = 100

export const CreateScheduleGroup: SchedulerOperation<'CreateScheduleGroup'> = {
  authorize: (call) => grantOn(call, 'CreateScheduleGroup', tagContext(call.input.Tags)),
  async handle(call, { store }) {
    const { Name, Tags } = call.input
    if (!NAME.test(Name)) throw validation(`Invalid Name ${Name}.`)
    const tags = tagsOf({}, Tags)
    await transact(store, async (tx) => {
      if ((await findGroup(tx, call, Name)) !== undefined) throw conflict(`Schedule group ${Name} already exists.`)
      groups.put(tx, [call.accountId, call.region, Name], { createdMs: call.nowMs, modifiedMs: call.nowMs, tags })
    })
    return { ScheduleGroupArn: groupArn(call, Name) }
  },
}

export const GetScheduleGroup: SchedulerOperation<'GetScheduleGroup'> = {
  authorize: (call) => grantOn(call, 'GetScheduleGroup'),
  async handle(call, { store }) {
    return view(call, call.input.Name, await requireGroup(store, call, call.input.Name))
  },
}

/** With all of its schedules. */
export const DeleteScheduleGroup: SchedulerOperation<'DeleteScheduleGroup'> = {
  authorize: (call) => grantOn(call, 'DeleteScheduleGroup'),
  async handle(call, { store }) {
    const { Name } = call.input
    if (Name === DEFAULT_GROUP) throw validation('The default schedule group cannot be deleted.')
    const key = [call.accountId, call.region, Name] as const
    for (let isEmpty = false; !isEmpty; ) {
      isEmpty = await transact(store, async (tx) => {
        // Whoever creates a schedule writes the row of its group, so one that comes at the same time is seen.
        await requireGroup(tx, call, Name)
        const rows = await schedules.list(tx, { prefix: key, limit: BATCH })
        for (const row of rows) {
          const schedule = await schedules.get(tx, row.key)
          if (schedule !== undefined) removeSchedule(tx, row.key, schedule)
        }
        if (rows.length < BATCH) groups.delete(tx, key)
        return rows.length < BATCH
      })
    }
    return {}
  },
}

export const ListScheduleGroups: SchedulerOperation<'ListScheduleGroups'> = {
  authorize: (call) => [{ action: 'scheduler:ListScheduleGroups', resource: groupArn(call, '*') }],
  async handle(call, { store }) {
    const { NamePrefix = '', NextToken } = call.input
    const prefix = [call.accountId, call.region]
    const fits = ({ key }: { readonly key: readonly string[] }) => key[2]?.startsWith(NamePrefix) === true
    const { rows, nextToken } = await readPage(store, groups, prefix, call.input, fits)
    const found = rows.map(({ key, value }) => view(call, key[2], value))
    // The default group is there without a row.
    const hasRow = (await groups.get(store, [call.accountId, call.region, DEFAULT_GROUP])) !== undefined
    if (!hasRow && NextToken === undefined && DEFAULT_GROUP.startsWith(NamePrefix)) {
      found.unshift(view(call, DEFAULT_GROUP, await requireGroup(store, call, DEFAULT_GROUP)))
    }
    return { ScheduleGroups: found, ...(nextToken !== undefined && { NextToken: nextToken }) }
  },
}

function grantOn(call: Call<{ readonly Name: string }>, action: string, context?: Grant['context']): Grant[] {
  return [{ action: `scheduler:${action}`, resource: groupArn(call, call.input.Name), ...(context && { context }) }]
}

function view(call: Call, name: string, { createdMs, modifiedMs }: GroupRow) {
  return {
    Arn: groupArn(call, name),
    Name: name,
    State: 'ACTIVE' as const,
    ...(createdMs !== null && { CreationDate: new Date(createdMs) }),
    ...(modifiedMs !== null && { LastModificationDate: new Date(modifiedMs) }),
  }
}
