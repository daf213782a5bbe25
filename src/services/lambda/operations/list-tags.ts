import type { LambdaOperation } from '../operation.ts'
import { readTags } from '../tagged-resource.ts'

export const listTags: LambdaOperation<'ListTags'> = {
  authorize: ({ input }) => [{ action: 'lambda:ListTags', resource: input.Resource }],

  async handle(call, lambda) {
    return { Tags: { ...(await readTags(call, lambda)) } }
  },
}
