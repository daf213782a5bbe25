import type { Target } from '@aws-sdk/client-scheduler'
import { AwsError } from '../../../../protocol/errors.ts'
import type { TemplateObject } from '../../../../template/template.ts'
import { isCode, unlessGone } from '../outcomes.ts'
import type { ResourceContext, ResourceState } from '../resource-type.ts'
import type { Members, Shaped } from '../shape.ts'
import { defineResourceType } from '../shaped-type.ts'

const NO_SCHEDULE = 'ResourceNotFoundException'
const NAME_LENGTH_MAX = 64
const SHAPE = {
  Name: 'text',
  GroupName: 'text',
  Description: 'text',
  ScheduleExpression: 'text',
  ScheduleExpressionTimezone: 'text',
  StartDate: 'text',
  EndDate: 'text',
  State: 'text',
  FlexibleTimeWindow: { Mode: 'text', MaximumWindowInMinutes: 'number' },
  Target: {
    Arn: 'text',
    RoleArn: 'text',
    Input: 'text',
    DeadLetterConfig: { Arn: 'text' },
    EventBridgeParameters: { Source: 'text', DetailType: 'text' },
    RetryPolicy: { MaximumEventAgeInSeconds: 'number', MaximumRetryAttempts: 'number' },
    SqsParameters: { MessageGroupId: 'text' },
  },
} as const satisfies Members
type Properties = Shaped<typeof SHAPE>

export const schedulerSchedule = defineResourceType({
  name: 'AWS::Scheduler::Schedule',
  shape: SHAPE,

  async create(ctx, properties) {
    const Name = properties.Name ?? ctx.physicalName({ lengthMax: NAME_LENGTH_MAX })
    try {
      await ctx.call('scheduler', 'CreateSchedule', { ...scheduleInput(Name, properties), ClientToken: ctx.token })
    } catch (error) {
      if (!ctx.isRepeat || !isCode(error, 'ConflictException')) throw error
    }
    return stateOf(ctx, Name, properties)
  },

  async update(ctx, { physicalId: Name, properties: before }, properties) {
    if (before.GroupName !== properties.GroupName) {
      throw new AwsError('NotUpdatable', 400, 'A schedule cannot move to another group. Give it another Name too.')
    }
    await ctx.call('scheduler', 'UpdateSchedule', scheduleInput(Name, properties))
    return stateOf(ctx, Name, before)
  },

  async delete(ctx, { physicalId: Name, properties }) {
    await unlessGone(ctx.call('scheduler', 'DeleteSchedule', { Name, ...groupOf(properties) }), NO_SCHEDULE)
  },

  async read(ctx, { physicalId, properties }) {
    const named = { Name: physicalId, ...groupOf(properties) }
    const actual = await unlessGone(ctx.call('scheduler', 'GetSchedule', named), NO_SCHEDULE)
    if (actual === undefined) return undefined
    const { Target: target, FlexibleTimeWindow: window, StartDate, EndDate, ...others } = actual
    return {
      Name: others.Name,
      GroupName: others.GroupName,
      Description: others.Description,
      ScheduleExpression: others.ScheduleExpression,
      ScheduleExpressionTimezone: others.ScheduleExpressionTimezone,
      State: others.State,
      StartDate: dateAs(properties.StartDate, StartDate),
      EndDate: dateAs(properties.EndDate, EndDate),
      FlexibleTimeWindow: { ...window } as TemplateObject,
      Target: JSON.parse(JSON.stringify(target ?? {})) as TemplateObject,
    }
  },
})

function scheduleInput(Name: string, properties: Properties) {
  const { ScheduleExpression = '', StartDate, EndDate, FlexibleTimeWindow, Target: target, ...rest } = properties
  const { Description, ScheduleExpressionTimezone, State } = rest
  return {
    Name,
    ...groupOf(properties),
    ScheduleExpression,
    FlexibleTimeWindow: { ...FlexibleTimeWindow, Mode: FlexibleTimeWindow?.Mode as 'OFF' | 'FLEXIBLE' },
    Target: target as Target,
    ...(Description !== undefined && { Description }),
    ...(ScheduleExpressionTimezone !== undefined && { ScheduleExpressionTimezone }),
    ...(State !== undefined && { State: State as 'ENABLED' | 'DISABLED' }),
    ...(StartDate !== undefined && { StartDate: new Date(StartDate) }),
    ...(EndDate !== undefined && { EndDate: new Date(EndDate) }),
  }
}

function groupOf({ GroupName }: Properties) {
  return GroupName === undefined ? {} : { GroupName }
}

/** Templates write a moment in many ways. */
function dateAs(written: string | undefined, actual: Date | undefined): string | undefined {
  return written !== undefined && Date.parse(written) === actual?.getTime() ? written : actual?.toISOString()
}

function stateOf({ accountId, region }: ResourceContext, Name: string, { GroupName }: Properties): ResourceState {
  const Arn = `arn:aws:scheduler:${region}:${accountId}:schedule/${GroupName ?? 'default'}/${Name}`
  return { physicalId: Name, attributes: { Arn } }
}
