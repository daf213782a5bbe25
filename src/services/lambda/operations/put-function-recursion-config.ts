import { transact } from '../../../store/transaction.ts'
import { Constraints } from '../constraints.ts'
import { changeFunction } from '../function-changes.ts'
import { functionLevelRef } from '../function-level.ts'
import { functionGrant, type LambdaOperation } from '../operation.ts'

export const putFunctionRecursionConfig: LambdaOperation<'PutFunctionRecursionConfig'> = {
  authorize: (call) => functionGrant('PutFunctionRecursionConfig', call),

  async handle(call, lambda) {
    const { RecursiveLoop } = call.input
    new Constraints()
      .present('recursiveLoop', RecursiveLoop)
      .oneOf('recursiveLoop', RecursiveLoop, ['Terminate', 'Allow'])
      .check()
    const ref = functionLevelRef(call)
    await transact(lambda.store, (tx) => changeFunction(tx, ref, (row) => ({ ...row, recursiveLoop: RecursiveLoop })))
    return { RecursiveLoop }
  },
}
