import { transact } from '../../../store/transaction.ts'
import { aliasedFunction, checkAliasInput } from '../aliases.ts'
import { functionKey } from '../catalog.ts'
import { putEventInvokeConfig } from '../event-invoke-configs.ts'
import { functionGrant, type LambdaOperation } from '../operation.ts'
import { aliases, policies, provisionedConfigs } from '../tables.ts'

export const deleteAlias: LambdaOperation<'DeleteAlias'> = {
  authorize: (call) => functionGrant('DeleteAlias', call),

  /** With its policy and its configuration for events. An alias that does not exist is deleted already. */
  async handle(call, lambda) {
    const { Name } = call.input
    checkAliasInput({ Name })
    const ref = aliasedFunction(call)
    await transact(lambda.store, async (tx) => {
      await putEventInvokeConfig(tx, { ...ref, qualifier: Name }, undefined)
      const key = [...functionKey(ref), Name] as const
      for (const table of [aliases, policies, provisionedConfigs]) table.delete(tx, key)
    })
    lambda.provisioner.wake()
    return {}
  },
}
