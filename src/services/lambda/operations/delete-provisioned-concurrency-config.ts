import { transact } from '../../../store/transaction.ts'
import { functionKey } from '../catalog.ts'
import { changeFunction } from '../function-changes.ts'
import { functionGrant, type LambdaOperation } from '../operation.ts'
import { noProvisionedConfig, provisionedRef } from '../provisioned/provisioned-configs.ts'
import { provisionedConfigs } from '../tables.ts'

export const deleteProvisionedConcurrencyConfig: LambdaOperation<'DeleteProvisionedConcurrencyConfig'> = {
  authorize: (call) => functionGrant('DeleteProvisionedConcurrencyConfig', call),

  async handle(call, lambda) {
    const ref = provisionedRef(call)
    await transact(lambda.store, async (tx) => {
      await changeFunction(tx, ref)
      const key = [...functionKey(ref), ref.qualifier] as const
      if ((await provisionedConfigs.get(tx, key)) === undefined) throw noProvisionedConfig()
      provisionedConfigs.delete(tx, key)
    })
    lambda.provisioner.wake()
    return {}
  },
}
