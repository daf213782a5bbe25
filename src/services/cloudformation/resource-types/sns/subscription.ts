import type { TemplateValue } from '../../../../template/template.ts'
import { unlessGone } from '../outcomes.ts'
import type { ResourceContext } from '../resource-type.ts'
import type { Members, Shaped } from '../shape.ts'
import { defineResourceType } from '../shaped-type.ts'
import { NO_TOPIC } from './topic.ts'

const ATTRIBUTES = {
  FilterPolicyScope: 'text',
  FilterPolicy: 'json',
  RawMessageDelivery: 'boolean',
  RedrivePolicy: 'json',
} as const satisfies Members
const SHAPE = { ...ATTRIBUTES, Protocol: 'text', Endpoint: 'text', TopicArn: 'text' } as const satisfies Members
type Properties = Shaped<typeof SHAPE>

/** What an attribute goes back to when a template no longer names it. */
const DEFAULTS: Readonly<Record<string, string>> = {
  FilterPolicyScope: 'MessageAttributes',
  FilterPolicy: '',
  RawMessageDelivery: 'false',
  RedrivePolicy: '',
}

export const snsSubscription = defineResourceType({
  name: 'AWS::SNS::Subscription',
  shape: SHAPE,

  async create(ctx, properties) {
    const { TopicArn = '', Protocol = '', Endpoint } = properties
    const { SubscriptionArn: Arn = '' } = await ctx.call('sns', 'Subscribe', {
      TopicArn,
      Protocol,
      ...(Endpoint !== undefined && { Endpoint }),
      Attributes: attributesOf(properties),
      ReturnSubscriptionArn: true,
    })
    return { physicalId: Arn, attributes: { Arn } }
  },

  async update(ctx, { physicalId, attributes, properties: before }, properties) {
    const after = attributesOf(properties)
    const gone = Object.keys(attributesOf(before)).filter((name) => after[name] === undefined)
    const wanted = { ...Object.fromEntries(gone.map((name) => [name, DEFAULTS[name] ?? ''])), ...after }
    for (const name of orderOf(wanted)) await setAttribute(ctx, physicalId, name, wanted[name] ?? '')
    return { physicalId, attributes }
  },

  async delete(ctx, { physicalId: SubscriptionArn }) {
    await unlessGone(ctx.call('sns', 'Unsubscribe', { SubscriptionArn }), NO_TOPIC)
  },

  async read(ctx, { physicalId: SubscriptionArn }) {
    const answer = await unlessGone(ctx.call('sns', 'GetSubscriptionAttributes', { SubscriptionArn }), NO_TOPIC)
    if (answer === undefined) return undefined
    const told: Record<string, TemplateValue | undefined> = { ...answer.Attributes }
    for (const name of ['FilterPolicy', 'RedrivePolicy']) {
      if (typeof told[name] === 'string') told[name] = JSON.parse(told[name]) as TemplateValue
    }
    return told
  },
})

function attributesOf(properties: Properties): Record<string, string> {
  const attributes: Record<string, string> = {}
  for (const name of Object.keys(ATTRIBUTES) as (keyof typeof ATTRIBUTES)[]) {
    const value = properties[name]
    if (value !== undefined) attributes[name] = typeof value === 'object' ? JSON.stringify(value) : String(value)
  }
  return attributes
}

/**
 * The policy and its scope are set one after the other, and have to fit each other in between: a policy for attributes is one for bodies
 * too, so that scope comes last when it becomes narrower.
 */
function orderOf(attributes: Readonly<Record<string, string>>): string[] {
  const names = Object.keys(attributes)
  if (attributes['FilterPolicyScope'] === 'MessageBody') {
    return ['FilterPolicyScope', ...names.filter((name) => name !== 'FilterPolicyScope')]
  }
  return [
    ...names.filter((name) => name !== 'FilterPolicyScope'),
    ...names.filter((name) => name === 'FilterPolicyScope'),
  ]
}

async function setAttribute(
  ctx: ResourceContext,
  SubscriptionArn: string,
  AttributeName: string,
  AttributeValue: string,
) {
  await ctx.call('sns', 'SetSubscriptionAttributes', { SubscriptionArn, AttributeName, AttributeValue })
}
