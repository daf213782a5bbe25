import { functionLevelRef } from '../function-level.ts'
import { functionGrant, homeOf, type LambdaOperation } from '../operation.ts'

export const getFunctionConcurrency: LambdaOperation<'GetFunctionConcurrency'> = {
  authorize: (call) => functionGrant('GetFunctionConcurrency', call),

  async handle(call, lambda) {
    const row = await lambda.catalog.require(functionLevelRef(call), homeOf(call))
    return row.reservedConcurrency === null ? {} : { ReservedConcurrentExecutions: row.reservedConcurrency }
  },
}
