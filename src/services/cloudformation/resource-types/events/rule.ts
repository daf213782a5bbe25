import type { Target } from '@aws-sdk/client-eventbridge'
import { AwsError } from '../../../../protocol/errors.ts'
import type { TemplateObject, TemplateValue } from '../../../../template/template.ts'
import { nameTaken } from '../existing.ts'
import { finishOrUndo, unlessGone } from '../outcomes.ts'
import type { ResourceContext } from '../resource-type.ts'
import { allTags, ownTagList, TAGS, tagList, tagMap } from '../resource-tags.ts'
import type { Members, Shaped } from '../shape.ts'
import { defineResourceType } from '../shaped-type.ts'
import { tagUpdate } from '../tag-update.ts'

const TYPE = 'AWS::Events::Rule'
const NO_RULE = 'ResourceNotFoundException'
const NAME_LENGTH_MAX = 64

const TARGET = {
  Id: 'text',
  Arn: 'text',
  RoleArn: 'text',
  Input: 'text',
  InputPath: 'text',
  InputTransformer: { InputPathsMap: { '*': 'text' }, InputTemplate: 'text' },
  SqsParameters: { MessageGroupId: 'text' },
  DeadLetterConfig: { Arn: 'text' },
  RetryPolicy: { MaximumRetryAttempts: 'number', MaximumEventAgeInSeconds: 'number' },
} as const satisfies Members
const SHAPE = {
  Name: 'text',
  Description: 'text',
  EventBusName: 'text',
  EventPattern: 'json',
  ScheduleExpression: 'text',
  State: 'text',
  Targets: [TARGET],
  Tags: TAGS,
} as const satisfies Members
type Properties = Shaped<typeof SHAPE>

interface RuleName {
  readonly Name: string
  /** As a template names it, by name or by ARN. */
  readonly EventBusName?: string
}

export const eventsRule = defineResourceType({
  name: TYPE,
  shape: SHAPE,

  async create(ctx, properties) {
    const rule = {
      Name: properties.Name ?? ctx.physicalName({ lengthMax: NAME_LENGTH_MAX }),
      ...(properties.EventBusName !== undefined && { EventBusName: properties.EventBusName }),
    }
    if (properties.Name !== undefined && !ctx.isRepeat) {
      const taken = await unlessGone(ctx.call('events', 'DescribeRule', rule), NO_RULE)
      if (taken !== undefined) throw nameTaken(TYPE, taken.Arn ?? rule.Name)
    }
    const { RuleArn: Arn = '' } = await ctx.call('events', 'PutRule', {
      ...ruleInput(rule, properties),
      Tags: tagList(allTags(ctx, tagMap(properties.Tags), 'unmarked')),
    })
    await finishOrUndo(
      () => putTargets(ctx, rule, properties),
      () => ctx.call('events', 'DeleteRule', rule),
    )
    return { physicalId: idOf(rule), attributes: { Arn, RuleName: rule.Name } }
  },

  async update(ctx, { physicalId, attributes, properties: before }, properties) {
    const rule = ruleOf(attributes, properties)
    await ctx.call('events', 'PutRule', ruleInput(rule, properties))
    const ids = new Set((properties.Targets ?? []).map(({ Id }) => Id))
    const gone = (before.Targets ?? []).flatMap(({ Id = '' }) => (ids.has(Id) ? [] : [Id]))
    // First, so that there is room for the others.
    if (gone.length > 0) await ctx.call('events', 'RemoveTargets', { Rule: rule.Name, ...busOf(rule), Ids: gone })
    await putTargets(ctx, rule, properties)
    const ResourceARN = String(attributes.Arn)
    const { set, remove } = tagUpdate(ctx, tagMap(before.Tags), tagMap(properties.Tags))
    if (Object.keys(set).length > 0) await ctx.call('events', 'TagResource', { ResourceARN, Tags: tagList(set) })
    if (remove.length > 0) await ctx.call('events', 'UntagResource', { ResourceARN, TagKeys: remove })
    return { physicalId, attributes }
  },

  async delete(ctx, { attributes, properties }) {
    const rule = ruleOf(attributes, properties)
    const of = { Rule: rule.Name, ...busOf(rule) }
    const found = await unlessGone(ctx.call('events', 'ListTargetsByRule', of), NO_RULE)
    if (found === undefined) return
    const Ids = (found.Targets ?? []).flatMap(({ Id }) => (Id === undefined ? [] : [Id]))
    if (Ids.length > 0) await ctx.call('events', 'RemoveTargets', { ...of, Ids })
    await unlessGone(ctx.call('events', 'DeleteRule', rule), NO_RULE)
  },

  async read(ctx, { attributes, properties }) {
    const rule = ruleOf(attributes, properties)
    const actual = await unlessGone(ctx.call('events', 'DescribeRule', rule), NO_RULE)
    if (actual === undefined) return undefined
    const told: Record<string, TemplateValue | undefined> = {
      Name: actual.Name,
      Description: actual.Description,
      EventBusName: properties.EventBusName,
      EventPattern: actual.EventPattern === undefined ? undefined : (JSON.parse(actual.EventPattern) as TemplateValue),
      ScheduleExpression: actual.ScheduleExpression,
      State: actual.State,
    }
    if (properties.Targets !== undefined) told['Targets'] = await targetsOf(ctx, rule, properties.Targets)
    if (properties.Tags === undefined) return told
    const { Tags = [] } = await ctx.call('events', 'ListTagsForResource', { ResourceARN: String(attributes.Arn) })
    return { ...told, Tags: ownTagList(ctx, tagMap(Tags as { Key: string; Value: string }[]), properties.Tags) }
  },
})

function ruleInput(rule: RuleName, properties: Properties) {
  const { Description, EventPattern, ScheduleExpression, State } = properties
  return {
    ...rule,
    ...(Description !== undefined && { Description }),
    ...(EventPattern !== undefined && {
      EventPattern: typeof EventPattern === 'string' ? EventPattern : JSON.stringify(EventPattern),
    }),
    ...(ScheduleExpression !== undefined && { ScheduleExpression }),
    ...(State !== undefined && { State: State as 'ENABLED' | 'DISABLED' }),
  }
}

async function putTargets(ctx: ResourceContext, rule: RuleName, { Targets = [] }: Properties): Promise<void> {
  if (Targets.length === 0) return
  const { FailedEntries = [] } = await ctx.call('events', 'PutTargets', {
    Rule: rule.Name,
    ...busOf(rule),
    Targets: Targets as Target[],
  })
  const [failed] = FailedEntries
  if (failed === undefined) return
  throw new AwsError(failed.ErrorCode ?? 'InternalException', 400, `${failed.TargetId}: ${failed.ErrorMessage}`)
}

/** In the template's order. */
async function targetsOf(
  ctx: ResourceContext,
  rule: RuleName,
  written: NonNullable<Properties['Targets']>,
): Promise<TemplateObject[]> {
  const { Targets = [] } = await ctx.call('events', 'ListTargetsByRule', { Rule: rule.Name, ...busOf(rule) })
  const position = (id: string | undefined) => {
    const index = written.findIndex(({ Id }) => Id === id)
    return index === -1 ? written.length : index
  }
  const ordered = Targets.toSorted((a, b) => position(a.Id) - position(b.Id))
  // Answers are JSON: members that are not there are not written as undefined.
  return ordered.map((target) => JSON.parse(JSON.stringify(target)) as TemplateObject)
}

function ruleOf(attributes: TemplateObject, { EventBusName }: Properties): RuleName {
  return { Name: String(attributes.RuleName), ...(EventBusName !== undefined && { EventBusName }) }
}

function busOf({ EventBusName }: RuleName) {
  return EventBusName === undefined ? {} : { EventBusName }
}

/** `bus|rule`; rules of the default bus do not name it. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-rule.html */
function idOf({ Name, EventBusName }: RuleName): string {
  const bus = EventBusName?.split('/').at(-1) ?? 'default'
  return bus === 'default' ? Name : `${bus}|${Name}`
}
