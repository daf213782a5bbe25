import { configurationOf } from '../configuration.ts'
import { functionGrant, homeOf, type LambdaOperation, refOf } from '../operation.ts'

export const getFunctionConfiguration: LambdaOperation<'GetFunctionConfiguration'> = {
  authorize: (call) => functionGrant('GetFunctionConfiguration', call),

  async handle(call, lambda) {
    const { ref, version, config } = await lambda.catalog.requireVersion(refOf(call), homeOf(call))
    return configurationOf(ref, version, config)
  },
}
