import { transact } from '../../../store/transaction.ts'
import { functionKey } from '../catalog.ts'
import { lambdaTime } from '../configuration.ts'
import { Constraints } from '../constraints.ts'
import { changeAccount, changeFunction } from '../function-changes.ts'
import { functionGrant, type LambdaOperation, requireQualifierIn } from '../operation.ts'
import { assertProvisionable, assertProvisionedOnce, provisionedRef } from '../provisioned/provisioned-configs.ts'
import { provisionedConfigs } from '../tables.ts'

/** Answers before the environments are there; GetProvisionedConcurrencyConfig says how far they are. */
export const putProvisionedConcurrencyConfig: LambdaOperation<'PutProvisionedConcurrencyConfig'> = {
  authorize: (call) => functionGrant('PutProvisionedConcurrencyConfig', call),

  async handle(call, lambda) {
    const { ProvisionedConcurrentExecutions: requested } = call.input
    const field = 'provisionedConcurrentExecutions'
    new Constraints().present(field, requested).range(field, requested, 1, Number.MAX_SAFE_INTEGER).check()
    const ref = provisionedRef(call)
    const row = { requested, modifiedMs: call.nowMs }
    await transact(lambda.store, async (tx) => {
      await requireQualifierIn(tx, ref)
      await changeFunction(tx, ref)
      // Two at one time must not share the same rest of the account.
      await changeAccount(tx, ref, (account) => account)
      await assertProvisionedOnce(tx, ref)
      await assertProvisionable(tx, ref, requested, lambda.concurrency.accountLimit)
      provisionedConfigs.put(tx, [...functionKey(ref), ref.qualifier], row)
    })
    lambda.provisioner.wake()
    return {
      RequestedProvisionedConcurrentExecutions: requested,
      AvailableProvisionedConcurrentExecutions: 0,
      AllocatedProvisionedConcurrentExecutions: 0,
      Status: 'IN_PROGRESS',
      LastModified: lambdaTime(row.modifiedMs),
    }
  },
}
