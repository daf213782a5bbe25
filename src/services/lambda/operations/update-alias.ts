import { uuid } from '../../../std/ids.ts'
import { transact } from '../../../store/transaction.ts'
import { aliasConfigurationOf, aliasedFunction, assertRoutable, checkAliasInput, readRouting } from '../aliases.ts'
import { functionArn } from '../arn.ts'
import { functionKey } from '../catalog.ts'
import { resourceNotFound } from '../errors.ts'
import { assertRevision, changeFunction } from '../function-changes.ts'
import { functionGrant, type LambdaOperation } from '../operation.ts'
import { assertAliasProvisionable } from '../provisioned/provisioned-configs.ts'
import { type AliasRow, aliases, provisionedConfigs } from '../tables.ts'

export const updateAlias: LambdaOperation<'UpdateAlias'> = {
  authorize: (call) => functionGrant('UpdateAlias', call),

  async handle(call, lambda) {
    const { Name, FunctionVersion, Description, RoutingConfig, RevisionId } = call.input
    checkAliasInput(call.input)
    const ref = aliasedFunction(call)
    const routing = readRouting(RoutingConfig)
    const revisionId = uuid()
    const row = await transact(lambda.store, async (tx) => {
      await changeFunction(tx, ref)
      const key = [...functionKey(ref), Name] as const
      const current = await aliases.get(tx, key)
      if (current === undefined) throw resourceNotFound(`Alias not found: ${functionArn(ref)}:${Name}`)
      assertRevision(RevisionId, current.revisionId)
      const changed: AliasRow = {
        version: FunctionVersion ?? current.version,
        description: Description ?? current.description,
        revisionId,
        additional: routing === undefined ? current.additional : routing,
      }
      await assertRoutable(tx, ref, changed)
      if ((await provisionedConfigs.get(tx, key)) !== undefined) await assertAliasProvisionable(tx, ref, changed)
      aliases.put(tx, key, changed)
      return changed
    })
    lambda.provisioner.wake()
    return aliasConfigurationOf(ref, Name, row)
  },
}
