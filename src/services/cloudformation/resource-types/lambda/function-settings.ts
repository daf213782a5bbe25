import type { TemplateValue } from '../../../../template/template.ts'
import type { ResourceContext } from '../resource-type.ts'
import type { FunctionInput } from './function-input.ts'
import type { FunctionProperties } from './function-shape.ts'

/** A property of a function that has operations of its own. */
export interface FunctionSetting {
  readonly name: keyof FunctionProperties
  /** Makes it what `after` says: the default where that is nothing, as long as `before` was something. */
  change(ctx: ResourceContext, name: string, before: FunctionProperties, after: FunctionProperties): Promise<unknown>
  get(ctx: ResourceContext, name: string): Promise<TemplateValue | undefined>
}

export const FUNCTION_SETTINGS: readonly FunctionSetting[] = [
  {
    name: 'ReservedConcurrentExecutions',
    async change(ctx, FunctionName, before, { ReservedConcurrentExecutions }) {
      if (ReservedConcurrentExecutions !== undefined) {
        await ctx.call('lambda', 'PutFunctionConcurrency', { FunctionName, ReservedConcurrentExecutions })
      } else if (before.ReservedConcurrentExecutions !== undefined) {
        await ctx.call('lambda', 'DeleteFunctionConcurrency', { FunctionName })
      }
    },
    get: async (ctx, FunctionName) =>
      (await ctx.call('lambda', 'GetFunctionConcurrency', { FunctionName })).ReservedConcurrentExecutions,
  },
  {
    name: 'RecursiveLoop',
    async change(ctx, FunctionName, before, after) {
      const loop = after.RecursiveLoop ?? (before.RecursiveLoop === undefined ? undefined : 'Terminate')
      if (loop === undefined) return
      const RecursiveLoop = loop as FunctionInput<'PutFunctionRecursionConfig'>['RecursiveLoop']
      await ctx.call('lambda', 'PutFunctionRecursionConfig', { FunctionName, RecursiveLoop })
    },
    get: async (ctx, FunctionName) =>
      (await ctx.call('lambda', 'GetFunctionRecursionConfig', { FunctionName })).RecursiveLoop,
  },
  {
    name: 'RuntimeManagementConfig',
    async change(ctx, FunctionName, before, after) {
      const updateOn =
        after.RuntimeManagementConfig?.UpdateRuntimeOn ??
        (before.RuntimeManagementConfig === undefined ? undefined : 'Auto')
      if (updateOn === undefined) return
      const UpdateRuntimeOn = updateOn as FunctionInput<'PutRuntimeManagementConfig'>['UpdateRuntimeOn']
      await ctx.call('lambda', 'PutRuntimeManagementConfig', { FunctionName, UpdateRuntimeOn })
    },
    get: async (ctx, FunctionName) => ({
      UpdateRuntimeOn:
        (await ctx.call('lambda', 'GetRuntimeManagementConfig', { FunctionName })).UpdateRuntimeOn ?? 'Auto',
    }),
  },
  {
    // A function gets it when it is made: then its code is checked already.
    name: 'CodeSigningConfigArn',
    async change(ctx, FunctionName, before, { CodeSigningConfigArn }) {
      if (CodeSigningConfigArn !== undefined) {
        await ctx.call('lambda', 'PutFunctionCodeSigningConfig', { FunctionName, CodeSigningConfigArn })
      } else if (before.CodeSigningConfigArn !== undefined) {
        await ctx.call('lambda', 'DeleteFunctionCodeSigningConfig', { FunctionName })
      }
    },
    get: async (ctx, FunctionName) =>
      (await ctx.call('lambda', 'GetFunctionCodeSigningConfig', { FunctionName })).CodeSigningConfigArn,
  },
]
