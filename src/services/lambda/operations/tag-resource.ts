import { uuid } from '../../../std/ids.ts'
import { invalidParameterValue } from '../errors.ts'
import type { LambdaOperation } from '../operation.ts'
import { changeTags } from '../tagged-resource.ts'
import { checkTagCount, checkTags, isSystemTag, tagContext } from '../tags.ts'

export const tagResource: LambdaOperation<'TagResource'> = {
  authorize({ input: { Resource: resource, Tags = {} }, http }) {
    // CloudFormation's own marks are no tags of whoever calls; clients are refused them.
    if (http === undefined && Object.keys(Tags).every(isSystemTag)) return []
    return [{ action: 'lambda:TagResource', resource, context: tagContext(Tags) }]
  },

  async handle(call, lambda) {
    const added = call.input.Tags ?? {}
    if (Object.keys(added).length === 0) {
      throw invalidParameterValue('An error occurred and the request cannot be processed.')
    }
    checkTags(added, call.http !== undefined)
    await changeTags(call, lambda, uuid(), (before) => {
      const tags = { ...before, ...added }
      checkTagCount(tags)
      return tags
    })
    return {}
  },
}
