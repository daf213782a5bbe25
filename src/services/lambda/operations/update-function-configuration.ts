import { uuid } from '../../../std/ids.ts'
import { transact } from '../../../store/transaction.ts'
import { configurationOf } from '../configuration.ts'
import { assertRevision, changeFunction, retireOlder } from '../function-changes.ts'
import { mergeSettings } from '../function-settings.ts'
import { functionGrant, homeOf, type LambdaOperation, requireLatest } from '../operation.ts'
import { passRoleGrants, requireAssumable } from '../role.ts'
import { LATEST } from '../tables.ts'

export const updateFunctionConfiguration: LambdaOperation<'UpdateFunctionConfiguration'> = {
  authorize: (call) => [...functionGrant('UpdateFunctionConfiguration', call), ...passRoleGrants(call.input.Role)],

  async handle(call, lambda) {
    const { input } = call
    const ref = requireLatest(call)
    const row = await lambda.catalog.require(ref, homeOf(call))
    assertRevision(input.RevisionId, row.latest.revisionId)
    mergeSettings(row.latest, input, lambda.executor)
    if (input.Role !== undefined) await requireAssumable(lambda, input.Role, ref)

    const revisions = { revisionId: uuid(), executionRevisionId: uuid(), modifiedMs: call.nowMs }
    const { after } = await transact(lambda.store, (tx) =>
      changeFunction(tx, ref, (current) => {
        assertRevision(input.RevisionId, current.latest.revisionId)
        const settings = mergeSettings(current.latest, input, lambda.executor)
        return { ...current, latest: { ...current.latest, ...settings, ...revisions } }
      }),
    )
    retireOlder(lambda, ref, after.latest)
    return configurationOf(ref, LATEST, { ...after.latest, revisionId: uuid() }, 'updating')
  },
}
