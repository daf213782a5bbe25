import { documentOf, documentText } from '../documents.ts'
import { unlessGone } from '../outcomes.ts'
import type { ResourceContext } from '../resource-type.ts'
import { defineResourceType } from '../shaped-type.ts'

export const NO_QUEUE = 'AWS.SimpleQueueService.NonExistentQueue'
const NAME_LENGTH_MAX = 80

export const sqsQueuePolicy = defineResourceType({
  name: 'AWS::SQS::QueuePolicy',
  shape: { Queues: ['text'], PolicyDocument: 'json' },

  async create(ctx, { Queues = [], PolicyDocument }) {
    for (const queue of Queues) await setPolicy(ctx, queue, documentText(PolicyDocument))
    const Id = ctx.physicalName({ lengthMax: NAME_LENGTH_MAX })
    return { physicalId: Id, attributes: { Id } }
  },

  async update(ctx, { physicalId, attributes, properties: before }, { Queues = [], PolicyDocument }) {
    for (const queue of Queues) await setPolicy(ctx, queue, documentText(PolicyDocument))
    const left = (before.Queues ?? []).filter((queue) => !Queues.includes(queue))
    for (const queue of left) await unlessGone(setPolicy(ctx, queue, ''), NO_QUEUE)
    return { physicalId, attributes }
  },

  async delete(ctx, { properties: { Queues = [] } }) {
    for (const queue of Queues) await unlessGone(setPolicy(ctx, queue, ''), NO_QUEUE)
  },

  async read(ctx, { properties: { Queues = [] } }) {
    const policies = await Promise.all(Queues.map((queue) => policyOf(ctx, queue)))
    const found = Queues.filter((_, index) => policies[index] !== undefined)
    if (found.length === 0) return undefined
    return { Queues: found, PolicyDocument: documentOf(policies.find((policy) => policy !== undefined)) }
  },
})

async function setPolicy(ctx: ResourceContext, QueueUrl: string, Policy: string): Promise<void> {
  await ctx.call('sqs', 'SetQueueAttributes', { QueueUrl, Attributes: { Policy } })
}

async function policyOf(ctx: ResourceContext, QueueUrl: string): Promise<string | undefined> {
  const answer = await unlessGone(
    ctx.call('sqs', 'GetQueueAttributes', { QueueUrl, AttributeNames: ['Policy'] }),
    NO_QUEUE,
  )
  return answer?.Attributes?.['Policy']
}
