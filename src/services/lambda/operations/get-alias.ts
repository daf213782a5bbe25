import { aliasConfigurationOf, aliasedFunction, checkAliasInput } from '../aliases.ts'
import { functionArn } from '../arn.ts'
import { functionKey } from '../catalog.ts'
import { resourceNotFound } from '../errors.ts'
import { functionGrant, type LambdaOperation } from '../operation.ts'
import { aliases } from '../tables.ts'

export const getAlias: LambdaOperation<'GetAlias'> = {
  authorize: (call) => functionGrant('GetAlias', call),

  async handle(call, lambda) {
    const { Name } = call.input
    checkAliasInput({ Name })
    const ref = aliasedFunction(call)
    const row = await aliases.get(lambda.store, [...functionKey(ref), Name])
    if (row === undefined) throw resourceNotFound(`Cannot find alias arn: ${functionArn(ref)}:${Name}`)
    return aliasConfigurationOf(ref, Name, row)
  },
}
