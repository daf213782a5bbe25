import type { Call, Grant } from '../../../protocol/operation.ts'
import { transact } from '../../../store/transaction.ts'
import { validation } from '../errors.ts'
import { groupOfArn, requireGroup } from '../groups.ts'
import type { SchedulerOperation } from '../model.ts'
import type { Scheduler } from '../service.ts'
import { groups, type Tags } from '../tables.ts'
import { tagContext, tagsOf } from '../tags.ts'

type OnResource = Call<{ readonly ResourceArn: string }>

export const TagResource: SchedulerOperation<'TagResource'> = {
  authorize: (call) => grantOn(call, 'TagResource', tagContext(call.input.Tags)),
  async handle(call, scheduler) {
    await change(call, scheduler, (tags) => tagsOf(tags, call.input.Tags))
    return {}
  },
}

export const UntagResource: SchedulerOperation<'UntagResource'> = {
  authorize: (call) => grantOn(call, 'UntagResource', { 'aws:TagKeys': [...call.input.TagKeys] }),
  async handle(call, scheduler) {
    const gone = new Set(call.input.TagKeys)
    await change(call, scheduler, (tags) => Object.fromEntries(Object.entries(tags).filter(([key]) => !gone.has(key))))
    return {}
  },
}

export const ListTagsForResource: SchedulerOperation<'ListTagsForResource'> = {
  authorize: (call) => grantOn(call, 'ListTagsForResource'),
  async handle(call, { store }) {
    const { tags } = await requireGroup(store, call, groupName(call))
    return { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }
  },
}

function grantOn(call: OnResource, action: string, context?: Grant['context']): Grant[] {
  return [{ action: `scheduler:${action}`, resource: call.input.ResourceArn, ...(context && { context }) }]
}

/** Only groups carry tags. */
function groupName(call: OnResource): string {
  const name = groupOfArn(call, call.input.ResourceArn)
  if (name === undefined) throw validation(`${call.input.ResourceArn} is not the ARN of a schedule group.`)
  return name
}

async function change(call: OnResource, { store }: Scheduler, update: (tags: Tags) => Tags): Promise<void> {
  const name = groupName(call)
  await transact(store, async (tx) => {
    const row = await requireGroup(tx, call, name)
    groups.put(tx, [call.accountId, call.region, name], { ...row, tags: update(row.tags) })
  })
}
