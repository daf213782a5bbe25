import { uuid } from '../../../std/ids.ts'
import { transact } from '../../../store/transaction.ts'
import { aliasConfigurationOf, aliasedFunction, assertRoutable, checkAliasInput, readRouting } from '../aliases.ts'
import { functionArn } from '../arn.ts'
import { functionKey } from '../catalog.ts'
import { Constraints } from '../constraints.ts'
import { resourceConflict } from '../errors.ts'
import { changeFunction } from '../function-changes.ts'
import { functionGrant, type LambdaOperation } from '../operation.ts'
import { type AliasRow, aliases } from '../tables.ts'

export const createAlias: LambdaOperation<'CreateAlias'> = {
  authorize: (call) => functionGrant('CreateAlias', call),

  async handle(call, lambda) {
    const { Name, FunctionVersion, Description, RoutingConfig } = call.input
    new Constraints().present('name', Name).present('functionVersion', FunctionVersion).check()
    checkAliasInput(call.input)
    const ref = aliasedFunction(call)
    const row: AliasRow = {
      version: FunctionVersion,
      description: Description ?? '',
      revisionId: uuid(),
      additional: readRouting(RoutingConfig) ?? null,
    }
    await transact(lambda.store, async (tx) => {
      await changeFunction(tx, ref)
      const key = [...functionKey(ref), Name] as const
      if ((await aliases.get(tx, key)) !== undefined) {
        throw resourceConflict(`Alias already exists: ${functionArn(ref)}:${Name}`)
      }
      await assertRoutable(tx, ref, row)
      aliases.put(tx, key, row)
    })
    return aliasConfigurationOf(ref, Name, row)
  },
}
