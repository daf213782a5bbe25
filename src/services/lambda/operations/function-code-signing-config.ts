import { transact } from '../../../store/transaction.ts'
import { functionKey } from '../catalog.ts'
import { changeFunction } from '../function-changes.ts'
import { functionLevelRef } from '../function-level.ts'
import { functionGrant, homeOf, type LambdaOperation, refOf } from '../operation.ts'
import { setFunctionSigning, signingArn } from '../signing/code-signing.ts'
import { functionSigning } from '../tables.ts'

/** Without an ARN where there is none: tools ask it of every function. */
export const getFunctionCodeSigningConfig: LambdaOperation<'GetFunctionCodeSigningConfig'> = {
  authorize: (call) => functionGrant('GetFunctionCodeSigningConfig', call),

  async handle(call, lambda) {
    const ref = refOf(call)
    await lambda.catalog.require(ref, homeOf(call))
    const id = await functionSigning.get(lambda.store, functionKey(ref))
    return { CodeSigningConfigArn: id === undefined ? undefined : signingArn(ref, id), FunctionName: ref.name }
  },
}

/** Binds later deployments; the code that is there stays. */
export const putFunctionCodeSigningConfig: LambdaOperation<'PutFunctionCodeSigningConfig'> = {
  authorize: (call) => functionGrant('PutFunctionCodeSigningConfig', call),

  async handle(call, lambda) {
    const { CodeSigningConfigArn } = call.input
    const ref = functionLevelRef(call)
    await transact(lambda.store, async (tx) => {
      await changeFunction(tx, ref)
      await setFunctionSigning(tx, ref, CodeSigningConfigArn)
    })
    return { CodeSigningConfigArn, FunctionName: ref.name }
  },
}

export const deleteFunctionCodeSigningConfig: LambdaOperation<'DeleteFunctionCodeSigningConfig'> = {
  authorize: (call) => functionGrant('DeleteFunctionCodeSigningConfig', call),

  async handle(call, lambda) {
    const ref = functionLevelRef(call)
    await transact(lambda.store, async (tx) => {
      await changeFunction(tx, ref)
      await setFunctionSigning(tx, ref, undefined)
    })
    return {}
  },
}
