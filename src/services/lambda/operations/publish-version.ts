import { uuid } from '../../../std/ids.ts'
import { transact } from '../../../store/transaction.ts'
import { requireFunctionIn } from '../catalog.ts'
import { codeSha256, configurationOf } from '../configuration.ts'
import { Constraints } from '../constraints.ts'
import { invalidParameterValue } from '../errors.ts'
import { assertRevision } from '../function-changes.ts'
import { functionGrant, homeOf, type LambdaOperation, requireLatest, unsupportedIn } from '../operation.ts'
import { publishIn } from '../versions.ts'

export const publishVersion: LambdaOperation<'PublishVersion'> = {
  authorize: (call) => functionGrant('PublishVersion', call),

  async handle(call, lambda) {
    const { input } = call
    new Constraints().length('description', input.Description, 0, 256).check()
    unsupportedIn(input, ['PublishTo'])
    const ref = requireLatest(call)
    await lambda.catalog.require(ref, homeOf(call))
    const ids = { versionRevisionId: uuid(), latestRevisionId: uuid() }
    const published = await transact(lambda.store, async (tx) => {
      const row = await requireFunctionIn(tx, ref)
      assertRevision(input.RevisionId, row.latest.revisionId)
      const current = codeSha256(row.latest.code.sha256)
      if (input.CodeSha256 && input.CodeSha256 !== current) {
        throw invalidParameterValue(
          `CodeSHA256 (${input.CodeSha256}) is different from current CodeSHA256 in $LATEST (${current}). Please try again with the CodeSHA256 in $LATEST.`,
        )
      }
      return publishIn(tx, ref, row, ids, { description: input.Description, nowMs: call.nowMs })
    })
    return configurationOf({ ...ref, qualifier: published.version }, published.version, published.config)
  },
}
