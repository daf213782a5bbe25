import type { TemplateValue } from '../../../../template/template.ts'
import { nameTaken } from '../existing.ts'
import { unlessGone } from '../outcomes.ts'
import type { ResourceState } from '../resource-type.ts'
import { allTags, ownTagList, TAGS, tagMap } from '../resource-tags.ts'
import type { Members, Shaped } from '../shape.ts'
import { defineResourceType } from '../shaped-type.ts'
import { tagUpdate } from '../tag-update.ts'
import { NO_QUEUE } from './queue-policy.ts'

const TYPE = 'AWS::SQS::Queue'
const NAME_LENGTH_MAX = 80
const FIFO = '.fifo'

const ATTRIBUTES = {
  ContentBasedDeduplication: 'boolean',
  DeduplicationScope: 'text',
  DelaySeconds: 'number',
  FifoThroughputLimit: 'text',
  MaximumMessageSize: 'number',
  MessageRetentionPeriod: 'number',
  ReceiveMessageWaitTimeSeconds: 'number',
  RedriveAllowPolicy: 'json',
  RedrivePolicy: 'json',
  SqsManagedSseEnabled: 'boolean',
  VisibilityTimeout: 'number',
} as const satisfies Members
const SHAPE = { ...ATTRIBUTES, QueueName: 'text', FifoQueue: 'boolean', Tags: TAGS } as const satisfies Members
type Properties = Shaped<typeof SHAPE>

/** What an attribute goes back to when a template no longer names it. */
const DEFAULTS: Readonly<Record<string, string>> = {
  ContentBasedDeduplication: 'false',
  DeduplicationScope: 'queue',
  DelaySeconds: '0',
  FifoThroughputLimit: 'perQueue',
  MaximumMessageSize: '1048576',
  MessageRetentionPeriod: '345600',
  ReceiveMessageWaitTimeSeconds: '0',
  RedriveAllowPolicy: '',
  RedrivePolicy: '',
  SqsManagedSseEnabled: 'true',
  VisibilityTimeout: '30',
}

export const sqsQueue = defineResourceType({
  name: TYPE,
  shape: SHAPE,

  async create(ctx, properties) {
    const isFifo = properties.FifoQueue === true
    const suffix = isFifo ? FIFO : ''
    const QueueName = properties.QueueName ?? ctx.physicalName({ lengthMax: NAME_LENGTH_MAX - suffix.length }) + suffix
    if (properties.QueueName !== undefined && !ctx.isRepeat) {
      const taken = await unlessGone(ctx.call('sqs', 'GetQueueUrl', { QueueName }), NO_QUEUE)
      if (taken !== undefined) throw nameTaken(TYPE, taken.QueueUrl ?? QueueName)
    }
    const { QueueUrl = '' } = await ctx.call('sqs', 'CreateQueue', {
      QueueName,
      Attributes: { ...attributesOf(properties), ...(isFifo && { FifoQueue: 'true' }) },
      tags: { ...allTags(ctx, tagMap(properties.Tags), 'unmarked') },
    })
    return stateOf(QueueUrl, `arn:aws:sqs:${ctx.region}:${ctx.accountId}:${QueueName}`, QueueName)
  },

  async update(ctx, { physicalId: QueueUrl, attributes, properties: before }, properties) {
    const after = attributesOf(properties)
    const gone = Object.keys(attributesOf(before)).filter((name) => after[name] === undefined)
    const Attributes = { ...Object.fromEntries(gone.map((name) => [name, DEFAULTS[name] ?? ''])), ...after }
    if (Object.keys(Attributes).length > 0) await ctx.call('sqs', 'SetQueueAttributes', { QueueUrl, Attributes })
    const { set, remove } = tagUpdate(ctx, tagMap(before.Tags), tagMap(properties.Tags))
    if (Object.keys(set).length > 0) await ctx.call('sqs', 'TagQueue', { QueueUrl, Tags: { ...set } })
    if (remove.length > 0) await ctx.call('sqs', 'UntagQueue', { QueueUrl, TagKeys: remove })
    return { physicalId: QueueUrl, attributes }
  },

  async delete(ctx, { physicalId: QueueUrl }) {
    await unlessGone(ctx.call('sqs', 'DeleteQueue', { QueueUrl }), NO_QUEUE)
  },

  async read(ctx, { physicalId: QueueUrl, properties, attributes }) {
    const answer = await unlessGone(
      ctx.call('sqs', 'GetQueueAttributes', { QueueUrl, AttributeNames: ['All'] }),
      NO_QUEUE,
    )
    if (answer === undefined) return undefined
    const told: Record<string, TemplateValue | undefined> = { ...answer.Attributes, QueueName: attributes.QueueName }
    for (const name of ['RedrivePolicy', 'RedriveAllowPolicy']) {
      if (typeof told[name] === 'string') told[name] = JSON.parse(told[name]) as TemplateValue
    }
    told['FifoQueue'] ??= false
    if (properties.Tags === undefined) return told
    const { Tags = {} } = await ctx.call('sqs', 'ListQueueTags', { QueueUrl })
    return { ...told, Tags: ownTagList(ctx, Tags, properties.Tags) }
  },
})

/** The attributes that a template names, as SQS takes them. */
function attributesOf(properties: Properties): Record<string, string> {
  const attributes: Record<string, string> = {}
  for (const name of Object.keys(ATTRIBUTES) as (keyof typeof ATTRIBUTES)[]) {
    const value = properties[name]
    if (value !== undefined) attributes[name] = typeof value === 'object' ? JSON.stringify(value) : String(value)
  }
  return attributes
}

function stateOf(QueueUrl: string, Arn: string, QueueName: string): ResourceState {
  return { physicalId: QueueUrl, attributes: { Arn, QueueName, QueueUrl } }
}
