import { finishOrUndo, isCode, unlessGone } from '../outcomes.ts'
import type { ResourceContext } from '../resource-type.ts'
import type { Members, Shaped } from '../shape.ts'
import { defineResourceType } from '../shaped-type.ts'
import { changeProvisioned, PROVISIONED, readProvisioned } from './provisioned.ts'

const GONE = 'ResourceNotFoundException'
const ROUTING = { AdditionalVersionWeights: [{ FunctionVersion: 'text', FunctionWeight: 'number' }] } as const

const SHAPE = {
  FunctionName: 'text',
  Name: 'text',
  FunctionVersion: 'text',
  Description: 'text',
  RoutingConfig: ROUTING,
  ...PROVISIONED,
} as const satisfies Members
type AliasProperties = Shaped<typeof SHAPE>

export const lambdaAlias = defineResourceType({
  name: 'AWS::Lambda::Alias',
  shape: SHAPE,

  async create(ctx, properties) {
    const state = stateOf(await makeAlias(ctx, properties))
    const { FunctionName = '', Name = '', ProvisionedConcurrencyConfig: provisioned } = properties
    return finishOrUndo(
      async () => {
        await changeProvisioned(ctx, state.physicalId, undefined, provisioned)
        return state
      },
      () => ctx.call('lambda', 'DeleteAlias', { FunctionName, Name }),
    )
  },

  async update(ctx, { properties: before }, properties) {
    const { FunctionName = '', Name = '', FunctionVersion, Description, RoutingConfig } = properties
    const state = stateOf(
      await ctx.call('lambda', 'UpdateAlias', {
        FunctionName,
        Name,
        ...(FunctionVersion !== undefined && { FunctionVersion }),
        Description: Description ?? '',
        RoutingConfig: routingInput(RoutingConfig),
      }),
    )
    const { ProvisionedConcurrencyConfig: provisioned } = properties
    await changeProvisioned(ctx, state.physicalId, before.ProvisionedConcurrencyConfig, provisioned)
    return state
  },

  async delete(ctx, { properties: { FunctionName = '', Name = '' } }) {
    await unlessGone(ctx.call('lambda', 'DeleteAlias', { FunctionName, Name }), GONE)
  },

  async read(
    ctx,
    { physicalId, properties: { FunctionName = '', Name = '', ProvisionedConcurrencyConfig: provisioned } },
  ) {
    const actual = await unlessGone(ctx.call('lambda', 'GetAlias', { FunctionName, Name }), GONE)
    if (actual === undefined) return undefined
    const weights = Object.entries(actual.RoutingConfig?.AdditionalVersionWeights ?? {})
    return {
      FunctionName,
      Name,
      FunctionVersion: actual.FunctionVersion,
      Description: actual.Description,
      RoutingConfig: {
        AdditionalVersionWeights: weights.map(([FunctionVersion, FunctionWeight]) => ({
          FunctionVersion,
          FunctionWeight,
        })),
      },
      ...(provisioned && { ProvisionedConcurrencyConfig: await readProvisioned(ctx, physicalId) }),
    }
  },
})

async function makeAlias(
  ctx: ResourceContext,
  properties: AliasProperties,
): Promise<{ AliasArn?: string | undefined }> {
  const { FunctionName = '', Name = '', FunctionVersion = '', Description = '', RoutingConfig } = properties
  const input = { FunctionName, Name, FunctionVersion, Description, RoutingConfig: routingInput(RoutingConfig) }
  try {
    return await ctx.call('lambda', 'CreateAlias', input)
  } catch (error) {
    if (!ctx.isRepeat || !isCode(error, 'ResourceConflictException')) throw error
    const existing = await ctx.call('lambda', 'GetAlias', { FunctionName, Name })
    // What points elsewhere was not made by an earlier attempt at this.
    if (existing.FunctionVersion !== FunctionVersion || (existing.Description ?? '') !== Description) throw error
    return existing
  }
}

/** CloudFormation lists the weights that Lambda keeps by version; none at all takes away those that were. */
function routingInput(routing: Shaped<typeof ROUTING> | undefined) {
  const weights = routing?.AdditionalVersionWeights ?? []
  return {
    AdditionalVersionWeights: Object.fromEntries(
      weights.map(({ FunctionVersion = '', FunctionWeight = 0 }) => [FunctionVersion, FunctionWeight]),
    ),
  }
}

function stateOf({ AliasArn = '' }: { readonly AliasArn?: string | undefined }) {
  return { physicalId: AliasArn, attributes: { AliasArn } }
}
