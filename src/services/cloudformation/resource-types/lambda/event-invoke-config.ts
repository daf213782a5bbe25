import type { TemplateObject } from '../../../../template/template.ts'
import { unlessGone } from '../outcomes.ts'
import type { ResourceContext } from '../resource-type.ts'
import type { Members, Shaped } from '../shape.ts'
import { defineResourceType } from '../shaped-type.ts'

const GONE = 'ResourceNotFoundException'
const SHAPE = {
  FunctionName: 'text',
  Qualifier: 'text',
  MaximumEventAgeInSeconds: 'number',
  MaximumRetryAttempts: 'number',
  DestinationConfig: { OnFailure: { Destination: 'text' }, OnSuccess: { Destination: 'text' } },
} as const satisfies Members

export const lambdaEventInvokeConfig = defineResourceType({
  name: 'AWS::Lambda::EventInvokeConfig',
  shape: SHAPE,
  create: put,
  update: (ctx, _existing, properties) => put(ctx, properties),

  async delete(ctx, { properties: { FunctionName = '', Qualifier = '' } }) {
    await unlessGone(ctx.call('lambda', 'DeleteFunctionEventInvokeConfig', { FunctionName, Qualifier }), GONE)
  },

  async read(ctx, { properties: { FunctionName = '', Qualifier = '' } }) {
    const actual = await unlessGone(
      ctx.call('lambda', 'GetFunctionEventInvokeConfig', { FunctionName, Qualifier }),
      GONE,
    )
    if (actual === undefined) return undefined
    const { OnFailure: failure, OnSuccess: success } = actual.DestinationConfig ?? {}
    return {
      FunctionName,
      Qualifier,
      MaximumEventAgeInSeconds: actual.MaximumEventAgeInSeconds,
      MaximumRetryAttempts: actual.MaximumRetryAttempts,
      DestinationConfig: { OnFailure: { ...failure } as TemplateObject, OnSuccess: { ...success } as TemplateObject },
    }
  },
})

/** Puts all of it, so what a template no longer names is gone. */
async function put(ctx: ResourceContext, { FunctionName = '', Qualifier = '', ...config }: Shaped<typeof SHAPE>) {
  await ctx.call('lambda', 'PutFunctionEventInvokeConfig', { FunctionName, Qualifier, ...config })
  return { physicalId: `${FunctionName}|${Qualifier}`, attributes: {} }
}
