import type { TemplateValue } from '../../../../template/template.ts'
import { finishOrUndo, isCode, unlessGone } from '../outcomes.ts'
import type { ResourceContext } from '../resource-type.ts'
import { allTags, ownTagList, TAGS, tagMap } from '../resource-tags.ts'
import { defineResourceType } from '../shaped-type.ts'
import { tagUpdate } from '../tag-update.ts'

const NO_GROUP = 'ResourceNotFoundException'
const NAME_LENGTH_MAX = 512

export const logsLogGroup = defineResourceType({
  name: 'AWS::Logs::LogGroup',
  shape: { LogGroupName: 'text', RetentionInDays: 'number', LogGroupClass: 'text', Tags: TAGS },

  async create(ctx, { LogGroupName, RetentionInDays, LogGroupClass, Tags }) {
    const logGroupName = LogGroupName ?? ctx.physicalName({ lengthMax: NAME_LENGTH_MAX })
    const tags = allTags(ctx, tagMap(Tags), 'unmarked')
    try {
      await ctx.call('logs', 'CreateLogGroup', {
        logGroupName,
        ...(LogGroupClass !== undefined && { logGroupClass: LogGroupClass as 'STANDARD' }),
        ...(Object.keys(tags).length > 0 && { tags: { ...tags } }),
      })
    } catch (error) {
      if (!ctx.isRepeat || !isCode(error, 'ResourceAlreadyExistsException')) throw error
    }
    if (RetentionInDays !== undefined) {
      await finishOrUndo(
        () => ctx.call('logs', 'PutRetentionPolicy', { logGroupName, retentionInDays: RetentionInDays }),
        () => ctx.call('logs', 'DeleteLogGroup', { logGroupName }),
      )
    }
    return { physicalId: logGroupName, attributes: { Arn: `${arnOf(ctx, logGroupName)}:*` } }
  },

  async update(ctx, { physicalId: logGroupName, attributes, properties: before }, { RetentionInDays, Tags }) {
    if (RetentionInDays !== undefined) {
      await ctx.call('logs', 'PutRetentionPolicy', { logGroupName, retentionInDays: RetentionInDays })
    } else if (before.RetentionInDays !== undefined) {
      await ctx.call('logs', 'DeleteRetentionPolicy', { logGroupName })
    }
    const resourceArn = arnOf(ctx, logGroupName)
    const { set, remove } = tagUpdate(ctx, tagMap(before.Tags), tagMap(Tags))
    if (Object.keys(set).length > 0) await ctx.call('logs', 'TagResource', { resourceArn, tags: { ...set } })
    if (remove.length > 0) await ctx.call('logs', 'UntagResource', { resourceArn, tagKeys: remove })
    return { physicalId: logGroupName, attributes }
  },

  async delete(ctx, { physicalId: logGroupName }) {
    await unlessGone(ctx.call('logs', 'DeleteLogGroup', { logGroupName }), NO_GROUP)
  },

  async read(ctx, { physicalId: logGroupName, properties }) {
    const { logGroups = [] } = await ctx.call('logs', 'DescribeLogGroups', { logGroupNamePrefix: logGroupName })
    const actual = logGroups.find((group) => group.logGroupName === logGroupName)
    if (actual === undefined) return undefined
    const told: Record<string, TemplateValue | undefined> = {
      LogGroupName: actual.logGroupName,
      RetentionInDays: actual.retentionInDays,
      LogGroupClass: actual.logGroupClass,
    }
    if (properties.Tags === undefined) return told
    const { tags = {} } = await ctx.call('logs', 'ListTagsForResource', { resourceArn: arnOf(ctx, logGroupName) })
    return { ...told, Tags: ownTagList(ctx, tags, properties.Tags) }
  },
})

function arnOf({ region, accountId }: ResourceContext, name: string): string {
  return `arn:aws:logs:${region}:${accountId}:log-group:${name}`
}
