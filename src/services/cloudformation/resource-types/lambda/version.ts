import { alreadyExists, finishOrUndo, unlessGone } from '../outcomes.ts'
import type { ResourceContext } from '../resource-type.ts'
import { defineResourceType } from '../shaped-type.ts'
import { unqualified } from './function-names.ts'
import { changeProvisioned, PROVISIONED, readProvisioned } from './provisioned.ts'

const GONE = 'ResourceNotFoundException'

export const lambdaVersion = defineResourceType({
  name: 'AWS::Lambda::Version',
  shape: { FunctionName: 'text', Description: 'text', CodeSha256: 'text', ...PROVISIONED },

  async create(ctx, { FunctionName = '', Description, CodeSha256, ProvisionedConcurrencyConfig }) {
    // Lambda answers the last version again where nothing has changed since; two resources must not share one, for deleting either deletes it.
    const before = ctx.isRepeat ? undefined : await versionsOf(ctx, FunctionName)
    const { Version = '', FunctionArn = '' } = await ctx.call('lambda', 'PublishVersion', {
      FunctionName,
      ...(Description !== undefined && { Description }),
      ...(CodeSha256 !== undefined && { CodeSha256 }),
    })
    if (before?.has(Version)) {
      throw alreadyExists(
        `A version for this Lambda function exists ( ${Version} ). Modify the function to create a new version.`,
      )
    }
    return finishOrUndo(
      async () => {
        await changeProvisioned(ctx, FunctionArn, undefined, ProvisionedConcurrencyConfig)
        return { physicalId: FunctionArn, attributes: { Version, FunctionArn } }
      },
      () => ctx.call('lambda', 'DeleteFunction', { FunctionName: FunctionArn }),
    )
  },

  async delete(ctx, { physicalId: FunctionName }) {
    await unlessGone(ctx.call('lambda', 'DeleteFunction', { FunctionName }), GONE)
  },

  async read(ctx, { physicalId, properties: { FunctionName = '', ProvisionedConcurrencyConfig: provisioned } }) {
    const actual = await unlessGone(ctx.call('lambda', 'GetFunctionConfiguration', { FunctionName: physicalId }), GONE)
    if (actual === undefined) return undefined
    return {
      FunctionName,
      Description: actual.Description,
      CodeSha256: actual.CodeSha256,
      ...(provisioned && { ProvisionedConcurrencyConfig: await readProvisioned(ctx, physicalId) }),
    }
  },
})

async function versionsOf(ctx: ResourceContext, FunctionName: string): Promise<Set<string>> {
  const found = new Set<string>()
  for (let Marker: string | undefined, isFirst = true; isFirst || Marker !== undefined; isFirst = false) {
    const page = await ctx.call('lambda', 'ListVersionsByFunction', {
      FunctionName: unqualified(FunctionName),
      ...(Marker !== undefined && { Marker }),
    })
    for (const { Version = '' } of page.Versions ?? []) found.add(Version)
    Marker = page.NextMarker
  }
  return found
}
