import { transact } from '../../../store/transaction.ts'
import { functionArn } from '../arn.ts'
import { Constraints } from '../constraints.ts'
import { functionNotFound, invalidParameterValue } from '../errors.ts'
import { changeAccount, changeFunction } from '../function-changes.ts'
import { functionLevelRef } from '../function-level.ts'
import { UNRESERVED_MIN } from '../invoke/concurrency.ts'
import { functionGrant, type LambdaOperation } from '../operation.ts'
import { provisionedTotal } from '../provisioned/provisioned-configs.ts'
import { LATEST } from '../tables.ts'

export const putFunctionConcurrency: LambdaOperation<'PutFunctionConcurrency'> = {
  authorize: (call) => functionGrant('PutFunctionConcurrency', call),

  async handle(call, lambda) {
    const reserved = call.input.ReservedConcurrentExecutions
    new Constraints()
      .present('reservedConcurrentExecutions', reserved)
      .range('reservedConcurrentExecutions', reserved, 0, Number.MAX_SAFE_INTEGER)
      .check()
    const ref = functionLevelRef(call)
    if ((await lambda.catalog.find(ref)) === undefined) throw functionNotFound(`${functionArn(ref)}:${LATEST}`)
    const limit = lambda.concurrency.accountLimit
    await transact(lambda.store, async (tx) => {
      const { before } = await changeFunction(tx, ref, (row) => ({ ...row, reservedConcurrency: reserved }))
      const provisioned = await provisionedTotal(tx, ref)
      if (reserved < provisioned) {
        throw invalidParameterValue(
          ` ReservedConcurrentExecutions  ${reserved} should not be lower than function's total provisioned concurrency [${provisioned}].`,
        )
      }
      await changeAccount(tx, ref, (account) => {
        const total = account.reservedConcurrency - (before.reservedConcurrency ?? 0) + reserved
        // Switching a function off or lowering its share is always possible.
        if (limit - total < UNRESERVED_MIN && reserved > (before.reservedConcurrency ?? 0)) {
          throw invalidParameterValue(
            `Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [${UNRESERVED_MIN}].`,
          )
        }
        return { ...account, reservedConcurrency: total }
      })
    })
    lambda.concurrency.noteReservation(functionArn(ref), reserved)
    return { ReservedConcurrentExecutions: reserved }
  },
}
