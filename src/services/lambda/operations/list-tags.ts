import { homeOf, type LambdaOperation } from '../operation.ts'
import { taggedFunction } from '../tagged-function.ts'

export const listTags: LambdaOperation<'ListTags'> = {
  authorize: ({ input }) => [{ action: 'lambda:ListTags', resource: input.Resource }],

  async handle(call, lambda) {
    const row = await lambda.catalog.require(taggedFunction(call.input.Resource), homeOf(call))
    return { Tags: { ...row.tags } }
  },
}
