import { uuid } from '../../../std/ids.ts'
import { transact } from '../../../store/transaction.ts'
import { assertReachable } from '../arn.ts'
import { invalidParameterValue } from '../errors.ts'
import { changeFunction } from '../function-changes.ts'
import { homeOf, type LambdaOperation } from '../operation.ts'
import { taggedFunction } from '../tagged-function.ts'
import { checkTags, tagContext } from '../tags.ts'

export const tagResource: LambdaOperation<'TagResource'> = {
  authorize: ({ input }) => [
    { action: 'lambda:TagResource', resource: input.Resource, context: tagContext(input.Tags ?? {}) },
  ],

  async handle(call, lambda) {
    const ref = taggedFunction(call.input.Resource)
    assertReachable(ref, homeOf(call))
    const added = call.input.Tags ?? {}
    if (Object.keys(added).length === 0) {
      throw invalidParameterValue('An error occurred and the request cannot be processed.')
    }
    const revisionId = uuid()
    await transact(lambda.store, (tx) =>
      changeFunction(tx, ref, (row) => {
        const tags = { ...row.tags, ...added }
        checkTags(tags)
        return { ...row, tags, latest: { ...row.latest, revisionId } }
      }),
    )
    return {}
  },
}
