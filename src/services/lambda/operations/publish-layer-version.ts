import { transact } from '../../../store/transaction.ts'
import { Constraints } from '../constraints.ts'
import { changeAccount } from '../function-changes.ts'
import { layerArn, layerVersionKey, layerVersionOutput, parseLayerName } from '../layers.ts'
import { homeOf, type LambdaOperation } from '../operation.ts'
import { readPackage } from '../package-source.ts'
import { KNOWN_RUNTIMES } from '../runtimes.ts'
import { type LayerVersionRow, layers, layerVersions } from '../tables.ts'

export const publishLayerVersion: LambdaOperation<'PublishLayerVersion'> = {
  authorize: (call) => [
    { action: 'lambda:PublishLayerVersion', resource: layerArn(parseLayerName(call.input.LayerName, homeOf(call))) },
  ],

  async handle(call, lambda) {
    const { input } = call
    const constraints = new Constraints()
      .present('content', input.Content)
      .count('compatibleRuntimes', input.CompatibleRuntimes, 0, 15)
      .count('compatibleArchitectures', input.CompatibleArchitectures, 0, 2)
      .length('description', input.Description, 0, 256)
      .length('licenseInfo', input.LicenseInfo, 0, 512)
    for (const runtime of input.CompatibleRuntimes ?? []) {
      constraints.oneOf('compatibleRuntimes', runtime, KNOWN_RUNTIMES)
    }
    for (const architecture of input.CompatibleArchitectures ?? []) {
      constraints.oneOf('compatibleArchitectures', architecture, ['x86_64', 'arm64'])
    }
    constraints.check()
    // A layer belongs to the account and region of the endpoint, whatever an ARN in its name says.
    const layer = { ...parseLayerName(input.LayerName, homeOf(call)), ...homeOf(call) }
    const code = await lambda.code.prepare(await readPackage(call, lambda, input.Content))
    const row: LayerVersionRow = {
      sha256: code.sha256,
      zipBytes: code.zipBytes,
      unzippedBytes: code.unzippedBytes,
      description: input.Description ?? '',
      compatibleRuntimes: input.CompatibleRuntimes ?? null,
      compatibleArchitectures: input.CompatibleArchitectures ?? null,
      licenseInfo: input.LicenseInfo ?? null,
      createdMs: call.nowMs,
    }
    const version = await transact(lambda.store, async (tx) => {
      const key = [layer.accountId, layer.region, layer.name] as const
      const number = (await layers.get(tx, key))?.nextVersion ?? 1
      layers.put(tx, key, { nextVersion: number + 1 })
      layerVersions.put(tx, layerVersionKey(layer, number), row)
      await lambda.code.use(tx, code)
      await changeAccount(tx, layer, (account) => ({ ...account, codeBytes: account.codeBytes + code.zipBytes }))
      return number
    })
    return layerVersionOutput(call, lambda, layerArn(layer), version, row)
  },
}
