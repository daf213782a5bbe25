import { accountGrants } from '../access.ts'
import { validationError } from '../errors.ts'
import type { CloudFormationOperation } from '../model.ts'
import { pageOf } from '../page.ts'
import { exports, imports } from '../tables.ts'

export const listExports: CloudFormationOperation<'ListExports'> = {
  authorize: () => accountGrants('ListExports'),
  async handle(call, { store }) {
    const page = await pageOf(store, exports, [call.accountId, call.region], call.input.NextToken)
    return {
      Exports: page.items.map(({ key, value }) => ({
        ExportingStackId: value.stackId,
        Name: key[2],
        Value: value.value,
      })),
      NextToken: page.nextToken,
    }
  },
}

/** Names of the stacks that import an export. */
export const listImports: CloudFormationOperation<'ListImports'> = {
  authorize: () => accountGrants('ListImports'),
  async handle(call, { store }) {
    const { ExportName, NextToken } = call.input
    const page = await pageOf(store, imports, [call.accountId, call.region, ExportName], NextToken)
    if (page.items.length === 0) throw validationError(`Export '${ExportName}' is not imported by any stack.`)
    return { Imports: page.items.map(({ value }) => value.stackName), NextToken: page.nextToken }
  },
}
