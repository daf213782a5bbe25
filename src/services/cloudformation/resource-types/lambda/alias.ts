import type { Shaped } from '../shape.ts'
import { isCode, unlessGone } from '../outcomes.ts'
import { defineResourceType } from '../shaped-type.ts'

const GONE = 'ResourceNotFoundException'
const ROUTING = { AdditionalVersionWeights: [{ FunctionVersion: 'text', FunctionWeight: 'number' }] } as const

export const lambdaAlias = defineResourceType({
  name: 'AWS::Lambda::Alias',
  shape: { FunctionName: 'text', Name: 'text', FunctionVersion: 'text', Description: 'text', RoutingConfig: ROUTING },

  async create(ctx, { FunctionName = '', Name = '', FunctionVersion = '', Description, RoutingConfig }) {
    const input = {
      FunctionName,
      Name,
      FunctionVersion,
      Description: Description ?? '',
      RoutingConfig: routingInput(RoutingConfig),
    }
    try {
      return stateOf(await ctx.call('lambda', 'CreateAlias', input))
    } catch (error) {
      if (!ctx.isRepeat || !isCode(error, 'ResourceConflictException')) throw error
      const existing = await ctx.call('lambda', 'GetAlias', { FunctionName, Name })
      // What points elsewhere was not made by an earlier attempt at this.
      if (existing.FunctionVersion !== FunctionVersion || (existing.Description ?? '') !== input.Description)
        throw error
      return stateOf(existing)
    }
  },

  async update(ctx, _existing, { FunctionName = '', Name = '', FunctionVersion, Description, RoutingConfig }) {
    return stateOf(
      await ctx.call('lambda', 'UpdateAlias', {
        FunctionName,
        Name,
        ...(FunctionVersion !== undefined && { FunctionVersion }),
        Description: Description ?? '',
        RoutingConfig: routingInput(RoutingConfig),
      }),
    )
  },

  async delete(ctx, { properties: { FunctionName = '', Name = '' } }) {
    await unlessGone(ctx.call('lambda', 'DeleteAlias', { FunctionName, Name }), GONE)
  },

  async read(ctx, { properties: { FunctionName = '', Name = '' } }) {
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
    }
  },
})

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
