import type { Grant } from '../../../protocol/operation.ts'
import { transact } from '../../../store/transaction.ts'
import { requireTopicArn, type TopicRef, topicArn } from '../arn.ts'
import { resourceNotFound } from '../errors.ts'
import type { SnsOperation } from '../operation.ts'
import { topics } from '../tables.ts'
import { checkTagCount, readTags, tagContext } from '../tags.ts'
import { findTopic, topicKey } from '../topics.ts'

const named = (arn: string | undefined): TopicRef => requireTopicArn(arn, 'ResourceArn')
const grant = (action: string, arn: string | undefined, context?: Grant['context']): Grant[] => [
  { action: `sns:${action}`, resource: topicArn(named(arn)), ...(context && { context }) },
]

export const tagResource: SnsOperation<'TagResource'> = {
  authorize: ({ input }) => grant('TagResource', input.ResourceArn, tagContext(input.Tags)),

  async handle(call, sns) {
    const ref = named(call.input.ResourceArn)
    const added = readTags(call.input.Tags)
    await transact(sns.store, async (tx) => {
      const topic = await findTopic(tx, ref)
      if (topic === undefined) throw resourceNotFound()
      topics.put(tx, topicKey(ref), { ...topic.row, tags: checkTagCount({ ...topic.row.tags, ...added }) })
    })
    return {}
  },
}

export const untagResource: SnsOperation<'UntagResource'> = {
  authorize: ({ input }) => grant('UntagResource', input.ResourceArn, { 'aws:TagKeys': input.TagKeys ?? [] }),

  async handle(call, sns) {
    const ref = named(call.input.ResourceArn)
    const removed = call.input.TagKeys ?? []
    await transact(sns.store, async (tx) => {
      const topic = await findTopic(tx, ref)
      if (topic === undefined) throw resourceNotFound()
      const tags = Object.fromEntries(Object.entries(topic.row.tags).filter(([key]) => !removed.includes(key)))
      topics.put(tx, topicKey(ref), { ...topic.row, tags })
    })
    return {}
  },
}

export const listTagsForResource: SnsOperation<'ListTagsForResource'> = {
  authorize: ({ input }) => grant('ListTagsForResource', input.ResourceArn),

  async handle(call, sns) {
    const topic = await findTopic(sns.store, named(call.input.ResourceArn))
    if (topic === undefined) throw resourceNotFound()
    return { Tags: Object.entries(topic.row.tags).map(([Key, Value]) => ({ Key, Value })) }
  },
}
