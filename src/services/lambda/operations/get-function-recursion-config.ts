import { functionLevelRef } from '../function-level.ts'
import { functionGrant, homeOf, type LambdaOperation } from '../operation.ts'

export const getFunctionRecursionConfig: LambdaOperation<'GetFunctionRecursionConfig'> = {
  authorize: (call) => functionGrant('GetFunctionRecursionConfig', call),

  async handle(call, lambda) {
    const row = await lambda.catalog.require(functionLevelRef(call), homeOf(call))
    return { RecursiveLoop: row.recursiveLoop }
  },
}
