import { transact } from '../../../store/transaction.ts'
import { functionArn } from '../arn.ts'
import { changeAccount, changeFunction } from '../function-changes.ts'
import { functionLevelRef } from '../function-level.ts'
import { functionGrant, type LambdaOperation } from '../operation.ts'

export const deleteFunctionConcurrency: LambdaOperation<'DeleteFunctionConcurrency'> = {
  authorize: (call) => functionGrant('DeleteFunctionConcurrency', call),

  async handle(call, lambda) {
    const ref = functionLevelRef(call)
    await transact(lambda.store, async (tx) => {
      const { before } = await changeFunction(tx, ref, (row) => ({ ...row, reservedConcurrency: null }))
      await changeAccount(tx, ref, (account) => ({
        ...account,
        reservedConcurrency: account.reservedConcurrency - (before.reservedConcurrency ?? 0),
      }))
    })
    lambda.concurrency.noteReservation(functionArn(ref), null)
    return {}
  },
}
