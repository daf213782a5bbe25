import type { TemplateObject, TemplateValue } from '../../../../template/template.ts'
import { AwsError } from '../../../../protocol/errors.ts'
import { isEqual, type Members, type Shaped } from '../shape.ts'
import { unlessGone } from '../outcomes.ts'
import type { ResourceContext } from '../resource-type.ts'
import { defineResourceType } from '../shaped-type.ts'
import { NO_BUS } from './event-bus.ts'

const SHAPE = {
  EventBusName: 'text',
  StatementId: 'text',
  Action: 'text',
  Principal: 'text',
  Condition: { Type: 'text', Key: 'text', Value: 'text' },
  Statement: 'json',
} as const satisfies Members
type Properties = Shaped<typeof SHAPE>

interface Policy {
  readonly Version: string
  readonly Statement: readonly TemplateObject[]
}

/** How often a policy is written again that somebody else wrote at the same time. */
const ATTEMPTS_MAX = 10

export const eventsEventBusPolicy = defineResourceType({
  name: 'AWS::Events::EventBusPolicy',
  shape: SHAPE,
  refusals: ({ Statement, Action, Principal }) =>
    Statement !== undefined || (Action !== undefined && Principal !== undefined)
      ? []
      : ['A statement needs Statement, or Action and Principal'],

  async create(ctx, properties) {
    await put(ctx, properties)
    return { physicalId: `${busOf(properties)}|${properties.StatementId}`, attributes: {} }
  },

  async update(ctx, { physicalId, attributes }, properties) {
    await put(ctx, properties)
    return { physicalId, attributes }
  },

  async delete(ctx, { properties }) {
    const { StatementId = '' } = properties
    await unlessGone(ctx.call('events', 'RemovePermission', { EventBusName: busOf(properties), StatementId }), NO_BUS)
  },

  async read(ctx, { properties }) {
    const statement = await findStatement(ctx, properties)
    if (statement === undefined) return undefined
    const named = { EventBusName: properties.EventBusName, StatementId: properties.StatementId }
    if (properties.Statement !== undefined) return { ...named, Statement: withoutSid(statement, properties) }
    return { ...named, Action: statement['Action'], Principal: principalOf(statement), ...conditionOf(statement) }
  },
})

async function put(ctx: ResourceContext, properties: Properties): Promise<void> {
  const { StatementId = '', Action = '', Principal = '', Condition, Statement } = properties
  const EventBusName = busOf(properties)
  if (Statement === undefined) {
    await ctx.call('events', 'PutPermission', {
      EventBusName,
      StatementId,
      Action,
      Principal,
      ...(Condition && { Condition: { Type: Condition.Type, Key: Condition.Key, Value: Condition.Value } }),
    })
    return
  }
  const parsed =
    typeof Statement === 'string' ? (JSON.parse(Statement) as TemplateObject) : (Statement as TemplateObject)
  const wanted = { ...parsed, Sid: StatementId }
  // The policy is read and written as a whole, and resources of a stack are made at the same time: whoever writes last looks again.
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    if (isEqual(await findStatement(ctx, properties), wanted)) return
    const policy = await policyOf(ctx, EventBusName)
    const others = policy.Statement.filter(({ Sid }) => Sid !== StatementId)
    await ctx.call('events', 'PutPermission', {
      EventBusName,
      Policy: JSON.stringify({ ...policy, Statement: [...others, wanted] }),
    })
  }
  throw new AwsError('ConcurrentModificationException', 409, `The policy of event bus ${EventBusName} keeps changing.`)
}

async function findStatement(ctx: ResourceContext, properties: Properties): Promise<TemplateObject | undefined> {
  const policy = await unlessGone(policyOf(ctx, busOf(properties)), NO_BUS)
  return policy?.Statement.find(({ Sid }) => Sid === properties.StatementId)
}

async function policyOf(ctx: ResourceContext, Name: string): Promise<Policy> {
  const { Policy: text } = await ctx.call('events', 'DescribeEventBus', { Name })
  if (text === undefined) return { Version: '2012-10-17', Statement: [] }
  const policy = JSON.parse(text) as Omit<Policy, 'Statement'> & { Statement: Policy['Statement'] | TemplateObject }
  return { ...policy, Statement: Array.isArray(policy.Statement) ? policy.Statement : [policy.Statement] } as Policy
}

function busOf({ EventBusName = 'default' }: Properties): string {
  return EventBusName
}

function withoutSid({ Sid, ...statement }: TemplateObject, { Statement }: Properties): TemplateObject {
  const isWritten = typeof Statement === 'object' && Statement !== null && 'Sid' in Statement
  return isWritten ? { Sid: Sid ?? null, ...statement } : statement
}

function principalOf({ Principal }: TemplateObject): TemplateValue | undefined {
  const account = typeof Principal === 'object' ? (Principal as { AWS?: string } | null)?.AWS : undefined
  return account === undefined ? Principal : (/^arn:aws:iam::(\d{12}):root$/.exec(account)?.[1] ?? account)
}

function conditionOf({ Condition }: TemplateObject): { Condition?: TemplateObject } {
  const [type] = Object.entries((Condition ?? {}) as Readonly<Record<string, TemplateObject>>)
  const [key] = Object.entries(type?.[1] ?? {})
  if (type === undefined || key === undefined) return {}
  return { Condition: { Type: type[0], Key: key[0], Value: key[1] } }
}
