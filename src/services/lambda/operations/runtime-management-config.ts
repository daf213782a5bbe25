import { transact } from '../../../store/transaction.ts'
import { functionArn, type FunctionRef, qualifiedArn } from '../arn.ts'
import { functionKey, isVersionNumber } from '../catalog.ts'
import { Constraints } from '../constraints.ts'
import { invalidParameterValue } from '../errors.ts'
import { changeFunction } from '../function-changes.ts'
import { functionGrant, homeOf, type LambdaOperation, refOf, requireQualifierIn } from '../operation.ts'
import { LATEST, type QualifiedKey, runtimeManagement } from '../tables.ts'

export const getRuntimeManagementConfig: LambdaOperation<'GetRuntimeManagementConfig'> = {
  authorize: (call) => functionGrant('GetRuntimeManagementConfig', call),

  async handle(call, lambda) {
    const ref = refOf(call)
    assertNoAlias(ref)
    await lambda.catalog.requireVersion(ref, homeOf(call))
    const updateOn = await runtimeManagement.get(lambda.store, keyOf(ref))
    return { UpdateRuntimeOn: updateOn ?? 'Auto', FunctionArn: qualifiedArn(ref) }
  },
}

/**
 * Says when a function moves to a newer runtime. Here a runtime is a program of the machine, which changes when its owner changes it; a new
 * environment starts the one that is there. So a version of a runtime cannot be pinned, and `Manual` is refused.
 */
export const putRuntimeManagementConfig: LambdaOperation<'PutRuntimeManagementConfig'> = {
  authorize: (call) => functionGrant('PutRuntimeManagementConfig', call),

  async handle(call, lambda) {
    const { UpdateRuntimeOn: updateOn, RuntimeVersionArn } = call.input
    new Constraints()
      .present('updateRuntimeOn', updateOn)
      .oneOf('updateRuntimeOn', updateOn, ['Auto', 'Manual', 'FunctionUpdate'])
      .check()
    if (updateOn === 'Manual') {
      throw invalidParameterValue(
        'UpdateRuntimeOn Manual is not supported by Millrace: runtimes are programs of this machine, and none of their versions can be pinned.',
      )
    }
    if (RuntimeVersionArn !== undefined) {
      throw invalidParameterValue('RuntimeVersionArn can be given with UpdateRuntimeOn Manual only.')
    }
    const ref = refOf(call)
    assertNoAlias(ref)
    await lambda.catalog.requireVersion(ref, homeOf(call))
    await transact(lambda.store, async (tx) => {
      await requireQualifierIn(tx, ref)
      await changeFunction(tx, ref)
      runtimeManagement.put(tx, keyOf(ref), updateOn)
    })
    return { UpdateRuntimeOn: updateOn, FunctionArn: qualifiedArn(ref) }
  },
}

function assertNoAlias(ref: FunctionRef): void {
  const { qualifier } = ref
  if (qualifier === undefined || qualifier === LATEST || isVersionNumber(qualifier)) return
  throw invalidParameterValue(`${functionArn(ref)}:${qualifier} is an alias. Name a version, or $LATEST.`)
}

function keyOf(ref: FunctionRef): QualifiedKey {
  return [...functionKey(ref), ref.qualifier ?? LATEST]
}
