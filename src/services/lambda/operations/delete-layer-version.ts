import { transact } from '../../../store/transaction.ts'
import { changeAccount } from '../function-changes.ts'
import { assertVersionNumber, layerVersionOf } from '../layers.ts'
import type { LambdaOperation } from '../operation.ts'
import { layerPolicies, layerVersions } from '../tables.ts'

export const deleteLayerVersion: LambdaOperation<'DeleteLayerVersion'> = {
  authorize: (call) => [{ action: 'lambda:DeleteLayerVersion', resource: layerVersionOf(call).arn }],

  /** Functions that use it keep it. One that does not exist is deleted already. */
  async handle(call, lambda) {
    const { layer, version, key } = layerVersionOf(call)
    assertVersionNumber(version)
    await transact(lambda.store, async (tx) => {
      const row = await layerVersions.get(tx, key)
      if (row === undefined) return
      layerVersions.delete(tx, key)
      layerPolicies.delete(tx, key)
      await changeAccount(tx, layer, (account) => ({ ...account, codeBytes: account.codeBytes - row.zipBytes }))
    })
    return {}
  },
}
