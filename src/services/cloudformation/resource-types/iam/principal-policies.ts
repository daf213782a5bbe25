import type { TemplateObject } from '../../../../template/template.ts'
import { documentOf, documentText } from '../documents.ts'
import type { ResourceContext } from '../resource-type.ts'
import { isEqual, type Members, type Shaped } from '../shape.ts'
import { inOrderOf, type Principal } from './principals.ts'

/** The properties with which roles, users and groups name their policies. */
export const POLICIES = {
  ManagedPolicyArns: ['text'],
  Policies: [{ PolicyName: 'text', PolicyDocument: 'json' }],
} as const satisfies Members

type Properties = Shaped<typeof POLICIES>

/** Puts what `after` names, and takes away what only `before` names. What others have added stays. */
export async function changePolicies(
  ctx: ResourceContext,
  principal: Principal,
  name: string,
  before: Properties,
  after: Properties,
): Promise<void> {
  const arns = after.ManagedPolicyArns ?? []
  const old = before.ManagedPolicyArns ?? []
  for (const arn of old) if (!arns.includes(arn)) await principal.detach(ctx, name, arn)
  for (const arn of arns) if (ctx.isRepeat || !old.includes(arn)) await principal.attach(ctx, name, arn)
  const policies = documentsOf(after)
  const oldPolicies = documentsOf(before)
  for (const policy of oldPolicies.keys()) if (!policies.has(policy)) await principal.deletePolicy(ctx, name, policy)
  for (const [policy, document] of policies) {
    if (!ctx.isRepeat && isEqual(oldPolicies.get(policy), document)) continue
    await principal.putPolicy(ctx, name, policy, documentText(document))
  }
}

/** Takes away everything that `properties` name, so that the principal itself can go. */
export async function removePolicies(
  ctx: ResourceContext,
  principal: Principal,
  name: string,
  properties: Properties,
): Promise<void> {
  await changePolicies(ctx, principal, name, properties, {})
}

/** What of them is there now. */
export async function readPolicies(
  ctx: ResourceContext,
  principal: Principal,
  name: string,
  written: Properties,
): Promise<TemplateObject> {
  const told: Record<string, TemplateObject[string]> = {}
  if (written.ManagedPolicyArns !== undefined) {
    told.ManagedPolicyArns = inOrderOf(written.ManagedPolicyArns, await principal.attached(ctx, name))
  }
  if (written.Policies !== undefined) {
    const policies: TemplateObject[] = []
    for (const { PolicyName = '' } of written.Policies) {
      const document = await principal.getPolicy(ctx, name, PolicyName)
      if (document !== undefined) policies.push({ PolicyName, PolicyDocument: documentOf(document, true) })
    }
    told.Policies = policies
  }
  return told
}

function documentsOf({ Policies: policies = [] }: Properties) {
  return new Map(policies.map(({ PolicyName = '', PolicyDocument }) => [PolicyName, PolicyDocument]))
}
