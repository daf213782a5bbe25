import type { Store } from '../../store/store.ts'
import { json, Table } from '../../store/table.ts'
import { transact } from '../../store/transaction.ts'
import type { TemplateObject } from '../../template/template.ts'
import { validationError } from './errors.ts'
import { supportedProperties } from './resource-types/registry.ts'
import type { ExistingResource, ResourceContext, ResourceState, ResourceType } from './resource-types/resource-type.ts'

const MACRO_TYPE = 'AWS::CloudFormation::Macro'

export interface MacroRow {
  readonly functionName: string
  /** The stack that made it. */
  readonly stackId: string
  readonly logicalId: string
}

export type MacroKey = readonly [accountId: string, region: string, name: string]
/** The macros that any template of an account can name as a transform. */
export const macros = new Table<MacroKey, MacroRow>('cloudformation-macro', json<MacroRow>())

/** `AWS::CloudFormation::Macro`: a name for a function that rewrites templates. */
export function macroType(store: Store): ResourceType {
  const write = (ctx: ResourceContext, properties: TemplateObject): Promise<ResourceState> => {
    const { name, functionName } = parse(properties)
    const key: MacroKey = [ctx.accountId, ctx.region, name]
    return transact(store, async (tx) => {
      const row = await macros.get(tx, key)
      if (row !== undefined && (row.stackId !== ctx.stackId || row.logicalId !== ctx.logicalId)) {
        throw validationError(`${name} already exists in stack ${row.stackId}`)
      }
      macros.put(tx, key, { functionName, stackId: ctx.stackId, logicalId: ctx.logicalId })
      return { physicalId: name, attributes: {} }
    })
  }
  return {
    name: MACRO_TYPE,
    properties: supportedProperties(MACRO_TYPE) ?? [],
    create: write,
    update: (ctx, _existing, properties) => write(ctx, properties),
    delete: (ctx, { physicalId }) =>
      transact(store, async (tx) => {
        const key: MacroKey = [ctx.accountId, ctx.region, physicalId]
        const row = await macros.get(tx, key)
        if (row?.stackId === ctx.stackId && row.logicalId === ctx.logicalId) macros.delete(tx, key)
      }),
    read: (ctx, existing) => read(store, ctx, existing),
  }
}

async function read(store: Store, ctx: ResourceContext, { physicalId, properties }: ExistingResource) {
  const row = await macros.get(store, [ctx.accountId, ctx.region, physicalId])
  return row && { ...properties, Name: physicalId, FunctionName: row.functionName }
}

function parse({ Name, FunctionName }: TemplateObject): { readonly name: string; readonly functionName: string } {
  if (typeof Name !== 'string' || Name === '') throw validationError('Property Name must be a string')
  if (typeof FunctionName !== 'string') throw validationError('Property FunctionName must be a string')
  return { name: Name, functionName: FunctionName }
}
