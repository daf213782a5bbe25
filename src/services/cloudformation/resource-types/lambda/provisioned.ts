import type { TemplateObject } from '../../../../template/template.ts'
import { unlessGone } from '../outcomes.ts'
import type { ResourceContext } from '../resource-type.ts'
import { isEqual, type Members, type Shaped } from '../shape.ts'

export const PROVISIONED = {
  ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: 'number' },
} as const satisfies Members

type Provisioned = Shaped<typeof PROVISIONED>['ProvisionedConcurrencyConfig']

const GONE = ['ProvisionedConcurrencyConfigNotFoundException', 'ResourceNotFoundException']

/** Of a version or an alias, by its ARN. */
export async function changeProvisioned(
  ctx: ResourceContext,
  arn: string,
  before: Provisioned,
  after: Provisioned,
): Promise<void> {
  const target = targetOf(arn)
  if (after !== undefined) {
    if (!ctx.isRepeat && isEqual(before, after)) return
    const { ProvisionedConcurrentExecutions = 0 } = after
    await ctx.call('lambda', 'PutProvisionedConcurrencyConfig', { ...target, ProvisionedConcurrentExecutions })
  } else if (before !== undefined) {
    await unlessGone(ctx.call('lambda', 'DeleteProvisionedConcurrencyConfig', target), ...GONE)
  }
}

export async function readProvisioned(ctx: ResourceContext, arn: string): Promise<TemplateObject | undefined> {
  const actual = await unlessGone(ctx.call('lambda', 'GetProvisionedConcurrencyConfig', targetOf(arn)), ...GONE)
  const requested = actual?.RequestedProvisionedConcurrentExecutions
  return requested === undefined ? undefined : { ProvisionedConcurrentExecutions: requested }
}

function targetOf(arn: string): { FunctionName: string; Qualifier: string } {
  const colon = arn.lastIndexOf(':')
  return { FunctionName: arn.slice(0, colon), Qualifier: arn.slice(colon + 1) }
}
