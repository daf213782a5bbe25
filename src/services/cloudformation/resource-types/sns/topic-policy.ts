import { documentOf, documentText } from '../documents.ts'
import { unlessGone } from '../outcomes.ts'
import type { ResourceContext } from '../resource-type.ts'
import { defineResourceType } from '../shaped-type.ts'
import { NO_TOPIC } from './topic.ts'

const NAME_LENGTH_MAX = 256

export const snsTopicPolicy = defineResourceType({
  name: 'AWS::SNS::TopicPolicy',
  shape: { Topics: ['text'], PolicyDocument: 'json' },

  async create(ctx, { Topics = [], PolicyDocument }) {
    for (const topic of Topics) await setPolicy(ctx, topic, documentText(PolicyDocument))
    const Id = ctx.physicalName({ lengthMax: NAME_LENGTH_MAX })
    return { physicalId: Id, attributes: { Id } }
  },

  async update(ctx, { physicalId, attributes, properties: before }, { Topics = [], PolicyDocument }) {
    for (const topic of Topics) await setPolicy(ctx, topic, documentText(PolicyDocument))
    const left = (before.Topics ?? []).filter((topic) => !Topics.includes(topic))
    for (const topic of left) await resetPolicy(ctx, topic)
    return { physicalId, attributes }
  },

  async delete(ctx, { properties: { Topics = [] } }) {
    for (const topic of Topics) await resetPolicy(ctx, topic)
  },

  async read(ctx, { properties: { Topics = [] } }) {
    const answers = await Promise.all(
      Topics.map((TopicArn) => unlessGone(ctx.call('sns', 'GetTopicAttributes', { TopicArn }), NO_TOPIC)),
    )
    const found = Topics.filter((_, index) => answers[index] !== undefined)
    if (found.length === 0) return undefined
    const policy = answers.find((answer) => answer !== undefined)?.Attributes?.['Policy']
    return { Topics: found, PolicyDocument: documentOf(policy) }
  },
})

async function setPolicy(ctx: ResourceContext, TopicArn: string, AttributeValue: string): Promise<void> {
  await ctx.call('sns', 'SetTopicAttributes', { TopicArn, AttributeName: 'Policy', AttributeValue })
}

/** A topic always has a policy: this is the one of a topic that nobody gave another. */
async function resetPolicy(ctx: ResourceContext, topicArn: string): Promise<void> {
  const account = topicArn.split(':')[4] ?? ctx.accountId
  const policy = {
    Version: '2008-10-17',
    Id: '__default_policy_ID',
    Statement: [
      {
        Sid: '__default_statement_ID',
        Effect: 'Allow',
        Principal: { AWS: '*' },
        Action: [
          'SNS:GetTopicAttributes',
          'SNS:SetTopicAttributes',
          'SNS:AddPermission',
          'SNS:RemovePermission',
          'SNS:DeleteTopic',
          'SNS:Subscribe',
          'SNS:ListSubscriptionsByTopic',
          'SNS:Publish',
        ],
        Resource: topicArn,
        Condition: { StringEquals: { 'AWS:SourceOwner': account } },
      },
    ],
  }
  await unlessGone(setPolicy(ctx, topicArn, JSON.stringify(policy)), NO_TOPIC)
}
