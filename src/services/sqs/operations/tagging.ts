import { transact } from '../../../store/transaction.ts'
import { missingParameter } from '../errors.ts'
import { queueGrant, refOf, type SqsOperation, tagContext } from '../operation.ts'
import { queueKey, requireQueue } from '../queues.ts'
import { queues } from '../tables.ts'
import { checkTags } from '../tags.ts'

export const tagQueue: SqsOperation<'TagQueue'> = {
  authorize: (call) => queueGrant('TagQueue', call, tagContext(call.input.Tags)),

  async handle(call, sqs) {
    const { Tags = {} } = call.input
    const ref = refOf(call)
    if (Object.keys(Tags).length === 0) throw missingParameter('Tags')
    await transact(sqs.store, async (tx) => {
      const { row } = await requireQueue(tx, ref)
      const tags = { ...row.tags, ...Tags }
      checkTags(tags)
      queues.put(tx, queueKey(ref), { ...row, tags })
    })
    return {}
  },
}

export const untagQueue: SqsOperation<'UntagQueue'> = {
  authorize: (call) => queueGrant('UntagQueue', call, { 'aws:TagKeys': call.input.TagKeys ?? [] }),

  async handle(call, sqs) {
    const { TagKeys = [] } = call.input
    const ref = refOf(call)
    if (TagKeys.length === 0) throw missingParameter('TagKeys')
    await transact(sqs.store, async (tx) => {
      const { row } = await requireQueue(tx, ref)
      const tags = Object.fromEntries(Object.entries(row.tags).filter(([key]) => !TagKeys.includes(key)))
      queues.put(tx, queueKey(ref), { ...row, tags })
    })
    return {}
  },
}

export const listQueueTags: SqsOperation<'ListQueueTags'> = {
  authorize: (call) => queueGrant('ListQueueTags', call),

  async handle(call, sqs) {
    const { row } = await requireQueue(sqs.store, refOf(call))
    return Object.keys(row.tags).length === 0 ? {} : { Tags: { ...row.tags } }
  },
}
