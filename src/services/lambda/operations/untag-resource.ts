import { uuid } from '../../../std/ids.ts'
import { transact } from '../../../store/transaction.ts'
import { assertReachable } from '../arn.ts'
import { changeFunction } from '../function-changes.ts'
import { homeOf, type LambdaOperation } from '../operation.ts'
import { taggedFunction } from '../tagged-function.ts'

export const untagResource: LambdaOperation<'UntagResource'> = {
  authorize: ({ input }) => [
    { action: 'lambda:UntagResource', resource: input.Resource, context: { 'aws:TagKeys': input.TagKeys ?? [] } },
  ],

  async handle(call, lambda) {
    const ref = taggedFunction(call.input.Resource)
    assertReachable(ref, homeOf(call))
    const removed = new Set(call.input.TagKeys ?? [])
    const revisionId = uuid()
    await transact(lambda.store, (tx) =>
      changeFunction(tx, ref, (row) => {
        const tags = Object.fromEntries(Object.entries(row.tags).filter(([key]) => !removed.has(key)))
        return { ...row, tags, latest: { ...row.latest, revisionId } }
      }),
    )
    return {}
  },
}
