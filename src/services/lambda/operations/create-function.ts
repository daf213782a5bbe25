import { uuid } from '../../../std/ids.ts'
import { transact } from '../../../store/transaction.ts'
import { assertReachable, qualifiedArn } from '../arn.ts'
import { functionKey } from '../catalog.ts'
import { configurationOf } from '../configuration.ts'
import { Constraints } from '../constraints.ts'
import { checkDeadLetter } from '../destinations/configured.ts'
import { invalidParameterValue, resourceConflict, unsupportedMember } from '../errors.ts'
import { changeAccount } from '../function-changes.ts'
import { assertTogetherSmall, layerContext, layerGrants, layersIn } from '../layers.ts'
import { mergeSettings, type Settings } from '../function-settings.ts'
import { homeOf, type LambdaOperation, refOf } from '../operation.ts'
import { readPackage } from '../package-source.ts'
import { passRoleGrants, requireAssumable } from '../role.ts'
import { assertUnsignedAllowed, setFunctionSigning } from '../signing/code-signing.ts'
import { type FunctionRow, functions, LATEST, type VersionConfig } from '../tables.ts'
import { checkTags, isSystemTag, tagContext } from '../tags.ts'
import { publishIn } from '../versions.ts'

const DEFAULTS: Settings = {
  description: '',
  runtime: '',
  handler: '',
  roleArn: '',
  timeoutSeconds: 3,
  memoryMb: 128,
  ephemeralStorageMb: 512,
  environment: null,
  logging: { format: 'Text', applicationLevel: null, systemLevel: null, group: null },
  tracing: 'PassThrough',
  deadLetterArn: null,
}

export const createFunction: LambdaOperation<'CreateFunction'> = {
  authorize(call) {
    const { Tags: tags = {}, Role } = call.input
    const resource = qualifiedArn({ ...refOf(call, 'create'), qualifier: undefined })
    // CloudFormation's own marks are no tags of whoever calls; clients are refused them.
    const hasTags = Object.keys(tags).some((key) => !isSystemTag(key))
    const context = hasTags ? { context: tagContext(tags) } : {}
    const tagGrants = hasTags ? [{ action: 'lambda:TagResource', resource, ...context }] : []
    const { Layers } = call.input
    const layered = { ...(hasTags && tagContext(tags)), ...layerContext(Layers) }
    return [
      { action: 'lambda:CreateFunction', resource, ...(Object.keys(layered).length > 0 && { context: layered }) },
      ...passRoleGrants(Role),
      ...tagGrants,
      ...layerGrants(Layers, homeOf(call)),
    ]
  },

  async handle(call, lambda) {
    const { input } = call
    const ref = refOf(call, 'create')
    assertReachable(ref, homeOf(call))
    if (ref.qualifier !== undefined) throw invalidParameterValue('A new function is named without a version or alias.')
    new Constraints()
      .present('role', input.Role)
      .present('code', input.Code)
      .count('architectures', input.Architectures, 1, 1)
      .oneOf('architectures', input.Architectures?.[0], ['x86_64', 'arm64'])
      .oneOf('packageType', input.PackageType, ['Image', 'Zip'])
      .check()
    refuseUnsupported(input)
    if (input.Runtime === undefined || input.Handler === undefined) {
      throw invalidParameterValue(
        'Runtime and Handler are mandatory parameters for functions created with deployment packages.',
      )
    }
    const settings = mergeSettings(DEFAULTS, input, lambda.executor)
    const tags = input.Tags ?? {}
    checkTags(tags, call.http !== undefined)
    await requireAssumable(lambda, settings.roleArn, ref)
    if (settings.deadLetterArn !== null) await checkDeadLetter(lambda, ref, settings.roleArn, settings.deadLetterArn)
    const alreadyExists = () => resourceConflict(`Function already exist: ${ref.name}`)
    if ((await lambda.catalog.find(ref)) !== undefined) throw alreadyExists()
    const code = await lambda.code.prepare(await readPackage(call, lambda, input.Code))

    const config: VersionConfig = {
      ...settings,
      architecture: input.Architectures?.[0] ?? 'x86_64',
      layers: [],
      code: { sha256: code.sha256, zipBytes: code.zipBytes },
      modifiedMs: call.nowMs,
      revisionId: uuid(),
      executionRevisionId: uuid(),
    }
    const settledRevisionId = uuid()
    const publishIds = { versionRevisionId: uuid(), latestRevisionId: uuid() }
    const created = await transact(lambda.store, async (tx) => {
      if ((await functions.get(tx, functionKey(ref))) !== undefined) throw alreadyExists()
      const layers = await layersIn(tx, lambda, ref, input.Layers ?? [], call.nowMs)
      assertTogetherSmall(code.unzippedBytes, layers)
      await setFunctionSigning(tx, ref, input.CodeSigningConfigArn || undefined)
      await assertUnsignedAllowed(tx, ref)
      await lambda.code.use(tx, code)
      const row: FunctionRow = {
        createdMs: call.nowMs,
        latest: { ...config, layers, revisionId: settledRevisionId },
        nextVersion: 1,
        lastPublished: null,
        tags,
        reservedConcurrency: null,
        recursiveLoop: 'Terminate',
        onSuccessQualifiers: [],
      }
      functions.put(tx, functionKey(ref), row)
      if (input.Publish) await publishIn(tx, ref, row, publishIds, { nowMs: call.nowMs })
      await changeAccount(tx, ref, (account) => ({
        ...account,
        functionCount: account.functionCount + 1,
        codeBytes: account.codeBytes + code.zipBytes,
      }))
      return { ...config, layers }
    })
    lambda.concurrency.noteReservation(qualifiedArn(ref), null)
    // The answer names the version that was published, and the function without it.
    return configurationOf(ref, input.Publish ? '1' : LATEST, created, 'creating')
  },
}

type Input = Parameters<(typeof createFunction)['handle']>[0]['input']

function refuseUnsupported(input: Input): void {
  if (input.PackageType === 'Image') throw unsupportedMember('PackageType Image')
  if (input.PublishTo !== undefined) throw unsupportedMember('PublishTo')
  if (input.TenancyConfig !== undefined) throw unsupportedMember('TenancyConfig')
}
