import type { TemplateValue } from '../../../../template/template.ts'
import { documentOf, documentText } from '../documents.ts'
import { finishOrUndo, isCode, unlessGone } from '../outcomes.ts'
import type { ResourceContext } from '../resource-type.ts'
import { allTags, ownTagList, TAGS, tagList, tagMap } from '../resource-tags.ts'
import { defineResourceType } from '../shaped-type.ts'
import { tagUpdate } from '../tag-update.ts'

export const NO_BUS = 'ResourceNotFoundException'

export const eventsEventBus = defineResourceType({
  name: 'AWS::Events::EventBus',
  shape: { Name: 'text', Description: 'text', Policy: 'json', Tags: TAGS },

  async create(ctx, { Name = '', Description, Policy, Tags }) {
    try {
      await ctx.call('events', 'CreateEventBus', {
        Name,
        ...(Description !== undefined && { Description }),
        Tags: tagList(allTags(ctx, tagMap(Tags), 'unmarked')),
      })
    } catch (error) {
      if (!ctx.isRepeat || !isCode(error, 'ResourceAlreadyExistsException')) throw error
    }
    await finishOrUndo(
      () => setPolicy(ctx, Name, Policy),
      () => ctx.call('events', 'DeleteEventBus', { Name }),
    )
    return stateOf(ctx, Name, Policy)
  },

  async update(ctx, { physicalId: Name, properties: before, attributes }, { Description, Policy, Tags }) {
    await ctx.call('events', 'UpdateEventBus', { Name, ...(Description !== undefined && { Description }) })
    if (Policy === undefined && before.Policy !== undefined) {
      await ctx.call('events', 'RemovePermission', { EventBusName: Name, RemoveAllPermissions: true })
    }
    await setPolicy(ctx, Name, Policy)
    const ResourceARN = String(attributes.Arn)
    const { set, remove } = tagUpdate(ctx, tagMap(before.Tags), tagMap(Tags))
    if (Object.keys(set).length > 0) await ctx.call('events', 'TagResource', { ResourceARN, Tags: tagList(set) })
    if (remove.length > 0) await ctx.call('events', 'UntagResource', { ResourceARN, TagKeys: remove })
    return stateOf(ctx, Name, Policy)
  },

  async delete(ctx, { physicalId: Name }) {
    await unlessGone(ctx.call('events', 'DeleteEventBus', { Name }), NO_BUS)
  },

  async read(ctx, { physicalId: Name, properties, attributes }) {
    const actual = await unlessGone(ctx.call('events', 'DescribeEventBus', { Name }), NO_BUS)
    if (actual === undefined) return undefined
    const told: Record<string, TemplateValue | undefined> = {
      Name: actual.Name,
      Description: actual.Description,
      Policy: actual.Policy === undefined ? undefined : documentOf(actual.Policy),
    }
    if (properties.Tags === undefined) return told
    const { Tags = [] } = await ctx.call('events', 'ListTagsForResource', { ResourceARN: String(attributes.Arn) })
    return { ...told, Tags: ownTagList(ctx, tagMap(Tags as { Key: string; Value: string }[]), properties.Tags) }
  },
})

async function setPolicy(ctx: ResourceContext, EventBusName: string, policy: TemplateValue | undefined): Promise<void> {
  if (policy === undefined) return
  await ctx.call('events', 'PutPermission', { EventBusName, Policy: documentText(policy) })
}

function stateOf({ region, accountId }: ResourceContext, Name: string, policy: TemplateValue | undefined) {
  const Arn = `arn:aws:events:${region}:${accountId}:event-bus/${Name}`
  return { physicalId: Name, attributes: { Arn, Name, ...(policy !== undefined && { Policy: documentText(policy) }) } }
}
