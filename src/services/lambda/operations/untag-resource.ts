import { uuid } from '../../../std/ids.ts'
import type { LambdaOperation } from '../operation.ts'
import { changeTags } from '../tagged-resource.ts'
import { refuseSystemTags } from '../tags.ts'

export const untagResource: LambdaOperation<'UntagResource'> = {
  authorize: ({ input }) => [
    { action: 'lambda:UntagResource', resource: input.Resource, context: { 'aws:TagKeys': input.TagKeys ?? [] } },
  ],

  async handle(call, lambda) {
    const removed = new Set(call.input.TagKeys ?? [])
    if (call.http !== undefined) refuseSystemTags([...removed])
    await changeTags(call, lambda, uuid(), (before) =>
      Object.fromEntries(Object.entries(before).filter(([key]) => !removed.has(key))),
    )
    return {}
  },
}
