import { documentOf, documentText } from '../documents.ts'
import type { ResourceType } from '../resource-type.ts'
import { defineResourceType } from '../shaped-type.ts'
import { GROUP, type Principal, ROLE, USER } from './principals.ts'

/** One inline policy of one role, user or group. */
export const iamRolePolicy = inlinePolicyOf('AWS::IAM::RolePolicy', 'RoleName', ROLE)
export const iamUserPolicy = inlinePolicyOf('AWS::IAM::UserPolicy', 'UserName', USER)
export const iamGroupPolicy = inlinePolicyOf('AWS::IAM::GroupPolicy', 'GroupName', GROUP)

function inlinePolicyOf(
  type: string,
  nameProperty: 'RoleName' | 'UserName' | 'GroupName',
  principal: Principal,
): ResourceType {
  return defineResourceType({
    name: type,
    shape: { PolicyName: 'text', PolicyDocument: 'json', [nameProperty]: 'text' } as const,

    async create(ctx, properties) {
      const { policy, name } = named(properties)
      await principal.putPolicy(ctx, name, policy, documentText(properties.PolicyDocument))
      return { physicalId: `${policy}|${name}`, attributes: {} }
    },

    async update(ctx, { physicalId }, properties) {
      const { policy, name } = named(properties)
      await principal.putPolicy(ctx, name, policy, documentText(properties.PolicyDocument))
      return { physicalId, attributes: {} }
    },

    async delete(ctx, { properties }) {
      const { policy, name } = named(properties)
      await principal.deletePolicy(ctx, name, policy)
    },

    async read(ctx, { properties }) {
      const { policy, name } = named(properties)
      const document = await principal.getPolicy(ctx, name, policy)
      if (document === undefined) return undefined
      return { PolicyName: policy, [nameProperty]: name, PolicyDocument: documentOf(document, true) }
    },
  })

  function named(properties: object): { policy: string; name: string } {
    const { PolicyName = '', [nameProperty]: name = '' } = properties as Record<string, string>
    return { policy: PolicyName, name }
  }
}
