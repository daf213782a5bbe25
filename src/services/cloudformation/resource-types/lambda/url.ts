import type { TemplateObject } from '../../../../template/template.ts'
import { isCode, unlessGone } from '../outcomes.ts'
import type { Members, Shaped } from '../shape.ts'
import { defineResourceType } from '../shaped-type.ts'

const GONE = 'ResourceNotFoundException'
const SHAPE = {
  TargetFunctionArn: 'text',
  Qualifier: 'text',
  AuthType: 'text',
  InvokeMode: 'text',
  Cors: {
    AllowCredentials: 'boolean',
    AllowHeaders: ['text'],
    AllowMethods: ['text'],
    AllowOrigins: ['text'],
    ExposeHeaders: ['text'],
    MaxAge: 'number',
  },
} as const satisfies Members
type Properties = Shaped<typeof SHAPE>

export const lambdaUrl = defineResourceType({
  name: 'AWS::Lambda::Url',
  shape: SHAPE,

  async create(ctx, properties) {
    const target = targetOf(properties)
    try {
      return stateOf(await ctx.call('lambda', 'CreateFunctionUrlConfig', { ...target, ...settingsInput(properties) }))
    } catch (error) {
      if (!ctx.isRepeat || !isCode(error, 'ResourceConflictException')) throw error
      return stateOf(await ctx.call('lambda', 'GetFunctionUrlConfig', target))
    }
  },

  async update(ctx, _existing, properties) {
    const { Cors = {}, ...settings } = settingsInput(properties)
    const target = targetOf(properties)
    return stateOf(await ctx.call('lambda', 'UpdateFunctionUrlConfig', { ...target, ...settings, Cors }))
  },

  async delete(ctx, { properties }) {
    await unlessGone(ctx.call('lambda', 'DeleteFunctionUrlConfig', targetOf(properties)), GONE)
  },

  async read(ctx, { properties }) {
    const actual = await unlessGone(ctx.call('lambda', 'GetFunctionUrlConfig', targetOf(properties)), GONE)
    return (
      actual && {
        TargetFunctionArn: properties.TargetFunctionArn,
        Qualifier: properties.Qualifier,
        AuthType: actual.AuthType,
        InvokeMode: actual.InvokeMode,
        Cors: { ...actual.Cors } as TemplateObject,
      }
    )
  },
})

/** Despite its name, the property may also hold the function's name. */
function targetOf({ TargetFunctionArn: FunctionName = '', Qualifier }: Properties) {
  return { FunctionName, ...(Qualifier !== undefined && { Qualifier }) }
}

function settingsInput({ AuthType, InvokeMode, Cors }: Properties) {
  return {
    AuthType: AuthType as 'NONE' | 'AWS_IAM',
    InvokeMode: (InvokeMode ?? 'BUFFERED') as 'BUFFERED' | 'RESPONSE_STREAM',
    ...(Cors && { Cors }),
  }
}

function stateOf(config: { readonly FunctionArn?: string | undefined; readonly FunctionUrl?: string | undefined }) {
  const { FunctionArn = '', FunctionUrl = '' } = config
  return { physicalId: FunctionArn, attributes: { FunctionArn, FunctionUrl } }
}
