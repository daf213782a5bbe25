import { uuid } from '../../../std/ids.ts'
import { transact } from '../../../store/transaction.ts'
import { configurationOf } from '../configuration.ts'
import { Constraints } from '../constraints.ts'
import { invalidParameterValue, unsupportedMember } from '../errors.ts'
import { assertRevision, changeAccount, changeFunction, retireOlder } from '../function-changes.ts'
import { assertTogetherSmall } from '../layers.ts'
import { functionGrant, homeOf, type LambdaOperation, requireLatest } from '../operation.ts'
import { readPackage } from '../package-source.ts'
import { assertUnsignedAllowed } from '../signing/code-signing.ts'
import { LATEST, type VersionConfig } from '../tables.ts'
import { publishIn } from '../versions.ts'

export const updateFunctionCode: LambdaOperation<'UpdateFunctionCode'> = {
  authorize: (call) => functionGrant('UpdateFunctionCode', call),

  async handle(call, lambda) {
    const { input } = call
    new Constraints()
      .count('architectures', input.Architectures, 1, 1)
      .oneOf('architectures', input.Architectures?.[0], ['x86_64', 'arm64'])
      .check()
    const ref = requireLatest(call)
    const row = await lambda.catalog.require(ref, homeOf(call))
    assertRevision(input.RevisionId, row.latest.revisionId)
    if (input.PublishTo !== undefined) throw unsupportedMember('PublishTo')
    if (input.ImageUri) {
      throw invalidParameterValue("Please don't provide ImageUri when updating a function with packageType Zip.")
    }
    const zip = await readPackage(call, lambda, input)

    const changeOf = (latest: VersionConfig, code: { sha256: string; zipBytes: number }): VersionConfig => ({
      ...latest,
      architecture: input.Architectures?.[0] ?? latest.architecture,
      code: { sha256: code.sha256, zipBytes: code.zipBytes },
      modifiedMs: call.nowMs,
    })
    if (input.DryRun) return configurationOf(ref, LATEST, changeOf(row.latest, await lambda.code.inspect(zip)))

    const code = await lambda.code.prepare(zip)
    const revisions = { revisionId: uuid(), executionRevisionId: uuid() }
    const publishIds = { versionRevisionId: uuid(), latestRevisionId: uuid() }
    const { after, published } = await transact(lambda.store, async (tx) => {
      const changed = await changeFunction(tx, ref, (current) => {
        assertRevision(input.RevisionId, current.latest.revisionId)
        return { ...current, latest: { ...changeOf(current.latest, code), ...revisions } }
      })
      assertTogetherSmall(code.unzippedBytes, changed.after.latest.layers)
      await assertUnsignedAllowed(tx, ref)
      await lambda.code.use(tx, code)
      const growth = code.zipBytes - changed.before.latest.code.zipBytes
      await changeAccount(tx, ref, (account) => ({ ...account, codeBytes: account.codeBytes + growth }))
      const published = input.Publish
        ? await publishIn(tx, ref, changed.after, publishIds, { nowMs: call.nowMs })
        : undefined
      return { ...changed, published }
    })
    retireOlder(lambda, ref, after.latest)
    if (published !== undefined) {
      return configurationOf({ ...ref, qualifier: published.version }, published.version, published.config, 'creating')
    }
    return configurationOf(ref, LATEST, { ...after.latest, revisionId: uuid() }, 'updating')
  },
}
