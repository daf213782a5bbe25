import { uuid } from '../../../std/ids.ts'
import { transact } from '../../../store/transaction.ts'
import { configurationOf } from '../configuration.ts'
import { checkDeadLetter } from '../destinations/configured.ts'
import { assertRevision, changeFunction, retireOlder } from '../function-changes.ts'
import { assertTogetherSmall, layerContext, layerGrants, layersIn } from '../layers.ts'
import { mergeSettings } from '../function-settings.ts'
import { functionGrant, homeOf, type LambdaOperation, requireLatest } from '../operation.ts'
import { passRoleGrants, requireAssumable } from '../role.ts'
import { assertUnsignedAllowed } from '../signing/code-signing.ts'
import { LATEST } from '../tables.ts'

export const updateFunctionConfiguration: LambdaOperation<'UpdateFunctionConfiguration'> = {
  authorize: (call) => [
    ...functionGrant('UpdateFunctionConfiguration', call, layerContext(call.input.Layers)),
    ...passRoleGrants(call.input.Role),
    ...layerGrants(call.input.Layers, homeOf(call)),
  ],

  async handle(call, lambda) {
    const { input } = call
    const ref = requireLatest(call)
    const row = await lambda.catalog.require(ref, homeOf(call))
    assertRevision(input.RevisionId, row.latest.revisionId)
    const { roleArn, deadLetterArn } = mergeSettings(row.latest, input, lambda.executor)
    if (input.Role !== undefined) await requireAssumable(lambda, input.Role, ref)
    if (deadLetterArn !== null && (input.Role !== undefined || input.DeadLetterConfig !== undefined)) {
      await checkDeadLetter(lambda, ref, roleArn, deadLetterArn)
    }

    const revisions = { revisionId: uuid(), executionRevisionId: uuid(), modifiedMs: call.nowMs }
    const { after } = await transact(lambda.store, async (tx) => {
      // Layers are code too.
      if (input.Layers?.length) await assertUnsignedAllowed(tx, ref)
      const given = input.Layers && (await layersIn(tx, lambda, ref, input.Layers, call.nowMs))
      const changed = await changeFunction(tx, ref, (current) => {
        assertRevision(input.RevisionId, current.latest.revisionId)
        const settings = mergeSettings(current.latest, input, lambda.executor)
        const layers = given ?? current.latest.layers
        return { ...current, latest: { ...current.latest, ...settings, layers, ...revisions } }
      })
      const { code, layers } = changed.after.latest
      assertTogetherSmall(await lambda.code.unzippedBytes(tx, code.sha256), layers)
      return changed
    })
    retireOlder(lambda, ref, after.latest)
    return configurationOf(ref, LATEST, { ...after.latest, revisionId: uuid() }, 'updating')
  },
}
