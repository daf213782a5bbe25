import type { TemplateValue } from '../../../../template/template.ts'
import { nameTaken } from '../existing.ts'
import { finishOrUndo, unlessGone } from '../outcomes.ts'
import type { ResourceContext } from '../resource-type.ts'
import { allTags, ownTagList, TAGS, tagList, tagMap } from '../resource-tags.ts'
import type { Members, Shaped } from '../shape.ts'
import { defineResourceType } from '../shaped-type.ts'
import { tagUpdate } from '../tag-update.ts'

const TYPE = 'AWS::SNS::Topic'
export const NO_TOPIC = 'NotFound'
const NAME_LENGTH_MAX = 256
const FIFO = '.fifo'

const ATTRIBUTES = {
  ContentBasedDeduplication: 'boolean',
  DisplayName: 'text',
  FifoThroughputScope: 'text',
  SignatureVersion: 'text',
  TracingConfig: 'text',
} as const satisfies Members
const SHAPE = {
  ...ATTRIBUTES,
  TopicName: 'text',
  FifoTopic: 'boolean',
  Subscription: [{ Endpoint: 'text', Protocol: 'text' }],
  Tags: TAGS,
} as const satisfies Members
type Properties = Shaped<typeof SHAPE>

/** What an attribute goes back to when a template no longer names it. */
const DEFAULTS: Readonly<Record<string, string>> = {
  ContentBasedDeduplication: 'false',
  DisplayName: '',
  FifoThroughputScope: 'Topic',
  SignatureVersion: '1',
  TracingConfig: 'PassThrough',
}

export const snsTopic = defineResourceType({
  name: TYPE,
  shape: SHAPE,
  refusals: ({ TracingConfig }) =>
    TracingConfig === 'Active' ? ['TracingConfig Active is not supported: there is no X-Ray here'] : [],

  async create(ctx, properties) {
    const isFifo = properties.FifoTopic === true
    const suffix = isFifo ? FIFO : ''
    const Name = properties.TopicName ?? ctx.physicalName({ lengthMax: NAME_LENGTH_MAX - suffix.length }) + suffix
    const TopicArn = `arn:aws:sns:${ctx.region}:${ctx.accountId}:${Name}`
    if (properties.TopicName !== undefined && !ctx.isRepeat) {
      const taken = await unlessGone(ctx.call('sns', 'GetTopicAttributes', { TopicArn }), NO_TOPIC)
      if (taken !== undefined) throw nameTaken(TYPE, TopicArn)
    }
    await ctx.call('sns', 'CreateTopic', {
      Name,
      Attributes: { ...attributesOf(properties), ...(isFifo && { FifoTopic: 'true' }) },
      Tags: tagList(allTags(ctx, tagMap(properties.Tags), 'unmarked')),
    })
    await finishOrUndo(
      () => subscribeAll(ctx, TopicArn, properties),
      () => ctx.call('sns', 'DeleteTopic', { TopicArn }),
    )
    return { physicalId: TopicArn, attributes: { TopicArn, TopicName: Name } }
  },

  async update(ctx, { physicalId: TopicArn, attributes, properties: before }, properties) {
    const after = attributesOf(properties)
    const gone = Object.keys(attributesOf(before)).filter((name) => after[name] === undefined)
    const wanted = { ...Object.fromEntries(gone.map((name) => [name, DEFAULTS[name] ?? ''])), ...after }
    for (const [AttributeName, AttributeValue] of Object.entries(wanted)) {
      await ctx.call('sns', 'SetTopicAttributes', { TopicArn, AttributeName, AttributeValue })
    }
    await subscribeAll(ctx, TopicArn, properties)
    await unsubscribeFrom(
      ctx,
      TopicArn,
      endpointsOf(before).filter((it) => !endpointsOf(properties).includes(it)),
    )
    const { set, remove } = tagUpdate(ctx, tagMap(before.Tags), tagMap(properties.Tags))
    if (Object.keys(set).length > 0) {
      await ctx.call('sns', 'TagResource', { ResourceArn: TopicArn, Tags: tagList(set) })
    }
    if (remove.length > 0) await ctx.call('sns', 'UntagResource', { ResourceArn: TopicArn, TagKeys: remove })
    return { physicalId: TopicArn, attributes }
  },

  async delete(ctx, { physicalId: TopicArn }) {
    await unlessGone(ctx.call('sns', 'DeleteTopic', { TopicArn }), NO_TOPIC)
  },

  async read(ctx, { physicalId: TopicArn, properties, attributes }) {
    const answer = await unlessGone(ctx.call('sns', 'GetTopicAttributes', { TopicArn }), NO_TOPIC)
    if (answer === undefined) return undefined
    const told: Record<string, TemplateValue | undefined> = { ...answer.Attributes, TopicName: attributes.TopicName }
    told['FifoTopic'] ??= false
    if (properties.Subscription !== undefined) {
      const present = new Set((await subscriptionsOf(ctx, TopicArn)).map(({ endpoint }) => endpoint))
      told['Subscription'] = properties.Subscription.filter((it) => present.has(endpointOf(it)))
    }
    if (properties.Tags === undefined) return told
    const { Tags = [] } = await ctx.call('sns', 'ListTagsForResource', { ResourceArn: TopicArn })
    return { ...told, Tags: ownTagList(ctx, tagMap(Tags as { Key: string; Value: string }[]), properties.Tags) }
  },
})

function attributesOf(properties: Properties): Record<string, string> {
  const attributes: Record<string, string> = {}
  for (const name of Object.keys(ATTRIBUTES) as (keyof typeof ATTRIBUTES)[]) {
    const value = properties[name]
    if (value !== undefined) attributes[name] = String(value)
  }
  return attributes
}

function endpointOf({
  Protocol = '',
  Endpoint = '',
}: {
  Protocol?: string | undefined
  Endpoint?: string | undefined
}) {
  return `${Protocol} ${Endpoint}`
}

function endpointsOf({ Subscription = [] }: Properties): string[] {
  return Subscription.map(endpointOf)
}

/** Subscribing to what is subscribed already changes nothing. */
async function subscribeAll(ctx: ResourceContext, TopicArn: string, { Subscription = [] }: Properties): Promise<void> {
  for (const { Protocol = '', Endpoint = '' } of Subscription) {
    await ctx.call('sns', 'Subscribe', { TopicArn, Protocol, Endpoint })
  }
}

async function unsubscribeFrom(ctx: ResourceContext, topicArn: string, endpoints: readonly string[]): Promise<void> {
  if (endpoints.length === 0) return
  for (const { endpoint, arn } of await subscriptionsOf(ctx, topicArn)) {
    // One that its endpoint has not confirmed has no ARN, and ends by itself.
    if (!endpoints.includes(endpoint) || !arn.startsWith('arn:')) continue
    await unlessGone(ctx.call('sns', 'Unsubscribe', { SubscriptionArn: arn }), NO_TOPIC)
  }
}

async function subscriptionsOf(ctx: ResourceContext, TopicArn: string): Promise<{ endpoint: string; arn: string }[]> {
  const found: { endpoint: string; arn: string }[] = []
  let token: string | undefined
  do {
    const { Subscriptions = [], NextToken } = await ctx.call('sns', 'ListSubscriptionsByTopic', {
      TopicArn,
      ...(token !== undefined && { NextToken: token }),
    })
    for (const it of Subscriptions) found.push({ endpoint: endpointOf(it), arn: it.SubscriptionArn ?? '' })
    token = NextToken
  } while (token !== undefined)
  return found
}
