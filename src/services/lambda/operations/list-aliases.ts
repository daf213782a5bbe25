import { aliasConfigurationOf, aliasedFunction, checkAliasInput } from '../aliases.ts'
import { functionKey } from '../catalog.ts'
import { functionGrant, homeOf, type LambdaOperation } from '../operation.ts'
import { pageSize, readMarker, writeMarker } from '../page.ts'
import { aliases } from '../tables.ts'

const PAGE_MAX = 50

export const listAliases: LambdaOperation<'ListAliases'> = {
  authorize: (call) => functionGrant('ListAliases', call),

  async handle(call, lambda) {
    const { input } = call
    checkAliasInput({ Name: undefined, FunctionVersion: input.FunctionVersion })
    const ref = aliasedFunction(call)
    await lambda.catalog.require(ref, homeOf(call))
    const limit = pageSize(input, 10_000, PAGE_MAX)
    const after = readMarker(input.Marker)
    const key = functionKey(ref)
    const rows = await aliases.list(lambda.store, {
      prefix: key,
      limit: limit + 1,
      ...(after !== undefined && { after: [...key, after] }),
    })
    const page = rows.slice(0, limit)
    const last = page.at(-1)
    const wanted = page.filter(
      ({ value: { version, additional } }) =>
        input.FunctionVersion === undefined ||
        version === input.FunctionVersion ||
        additional?.version === input.FunctionVersion,
    )
    return {
      Aliases: wanted.map((row) => aliasConfigurationOf(ref, row.key[3], row.value)),
      ...(rows.length > limit && last && { NextMarker: writeMarker(last.key[3]) }),
    }
  },
}
