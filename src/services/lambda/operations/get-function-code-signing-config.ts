import { functionGrant, homeOf, type LambdaOperation, refOf } from '../operation.ts'

/** Code is never signed here; tools ask all the same and want an answer without an ARN. */
export const getFunctionCodeSigningConfig: LambdaOperation<'GetFunctionCodeSigningConfig'> = {
  authorize: (call) => functionGrant('GetFunctionCodeSigningConfig', call),

  async handle(call, lambda) {
    const ref = refOf(call)
    await lambda.catalog.require(ref, homeOf(call))
    return { CodeSigningConfigArn: undefined, FunctionName: ref.name }
  },
}
