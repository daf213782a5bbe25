import { documentOf, documentText } from '../documents.ts'
import { finishOrUndo, isCode, unlessGone } from '../outcomes.ts'
import type { ResourceContext, ResourceState } from '../resource-type.ts'
import { allTags, ownTagList, TAGS, tagList, tagMap } from '../resource-tags.ts'
import { isEqual, type Members, type Shaped } from '../shape.ts'
import { defineResourceType } from '../shaped-type.ts'
import { tagUpdate } from '../tag-update.ts'
import { changePolicies, POLICIES, readPolicies, removePolicies } from './principal-policies.ts'
import { ROLE } from './principals.ts'

const NAME_LENGTH_MAX = 64
const SESSION_SECONDS_DEFAULT = 3600
const GONE = 'NoSuchEntity'
const SHAPE = {
  RoleName: 'text',
  Path: 'text',
  AssumeRolePolicyDocument: 'json',
  Description: 'text',
  MaxSessionDuration: 'number',
  PermissionsBoundary: 'text',
  Tags: TAGS,
  ...POLICIES,
} as const satisfies Members
type Properties = Shaped<typeof SHAPE>

export const iamRole = defineResourceType({
  name: 'AWS::IAM::Role',
  shape: SHAPE,

  async create(ctx, properties) {
    const RoleName = properties.RoleName ?? ctx.physicalName({ lengthMax: NAME_LENGTH_MAX })
    const state = await makeRole(ctx, RoleName, properties)
    return finishOrUndo(
      async () => {
        await changePolicies(ctx, ROLE, RoleName, {}, properties)
        return state
      },
      () => removeRole(ctx, RoleName, properties),
    )
  },

  async update(ctx, { physicalId: RoleName, attributes, properties: before }, properties) {
    const isChanged = (name: keyof Properties) => ctx.isRepeat || !isEqual(before[name], properties[name])
    const { AssumeRolePolicyDocument: trust, Description, MaxSessionDuration, PermissionsBoundary } = properties
    if (isChanged('AssumeRolePolicyDocument')) {
      await ctx.call('iam', 'UpdateAssumeRolePolicy', { RoleName, PolicyDocument: documentText(trust) })
    }
    if (isChanged('Description') || isChanged('MaxSessionDuration')) {
      await ctx.call('iam', 'UpdateRole', {
        RoleName,
        Description: Description ?? '',
        MaxSessionDuration: MaxSessionDuration ?? SESSION_SECONDS_DEFAULT,
      })
    }
    if (isChanged('PermissionsBoundary')) {
      if (PermissionsBoundary !== undefined) {
        await ctx.call('iam', 'PutRolePermissionsBoundary', { RoleName, PermissionsBoundary })
      } else if (before.PermissionsBoundary !== undefined) {
        await unlessGone(ctx.call('iam', 'DeleteRolePermissionsBoundary', { RoleName }), GONE)
      }
    }
    await changePolicies(ctx, ROLE, RoleName, before, properties)
    const { set, remove } = tagUpdate(ctx, tagMap(before.Tags), tagMap(properties.Tags))
    if (Object.keys(set).length > 0) await ctx.call('iam', 'TagRole', { RoleName, Tags: tagList(set) })
    if (remove.length > 0) await ctx.call('iam', 'UntagRole', { RoleName, TagKeys: remove })
    return { physicalId: RoleName, attributes }
  },

  delete: (ctx, { physicalId, properties }) => removeRole(ctx, physicalId, properties),

  async read(ctx, { physicalId: RoleName, properties }) {
    const role = (await unlessGone(ctx.call('iam', 'GetRole', { RoleName }), GONE))?.Role
    if (role === undefined) return undefined
    return {
      RoleName,
      Path: role.Path,
      AssumeRolePolicyDocument: documentOf(role.AssumeRolePolicyDocument, true),
      Description: role.Description,
      MaxSessionDuration: role.MaxSessionDuration,
      PermissionsBoundary: role.PermissionsBoundary?.PermissionsBoundaryArn,
      Tags: ownTagList(ctx, tagMap(role.Tags as { Key: string; Value: string }[] | undefined), properties.Tags),
      ...(await readPolicies(ctx, ROLE, RoleName, properties)),
    }
  },
})

async function makeRole(ctx: ResourceContext, RoleName: string, properties: Properties): Promise<ResourceState> {
  const { Path, Description, MaxSessionDuration, PermissionsBoundary } = properties
  const tags = tagList(allTags(ctx, tagMap(properties.Tags), 'unmarked'))
  try {
    const { Role } = await ctx.call('iam', 'CreateRole', {
      RoleName,
      AssumeRolePolicyDocument: documentText(properties.AssumeRolePolicyDocument),
      ...(Path !== undefined && { Path }),
      ...(Description !== undefined && { Description }),
      ...(MaxSessionDuration !== undefined && { MaxSessionDuration }),
      ...(PermissionsBoundary !== undefined && { PermissionsBoundary }),
      ...(tags.length > 0 && { Tags: tags }),
    })
    return stateOf(Role)
  } catch (error) {
    if (!ctx.isRepeat || !isCode(error, 'EntityAlreadyExists')) throw error
    const { Role } = await ctx.call('iam', 'GetRole', { RoleName })
    // Roles do not say which stack made them. One that the template names is taken for this only when it is exactly what would have been made.
    const isSame =
      isEqual(
        documentOf(Role?.AssumeRolePolicyDocument, true),
        documentOf(documentText(properties.AssumeRolePolicyDocument)),
      ) &&
      Role?.Path === (Path ?? '/') &&
      Role.Description === Description &&
      isEqual(Role.Tags ?? [], tags)
    if (properties.RoleName !== undefined && !isSame) throw error
    return stateOf(Role)
  }
}

async function removeRole(ctx: ResourceContext, RoleName: string, properties: Properties): Promise<void> {
  await removePolicies(ctx, ROLE, RoleName, properties)
  await unlessGone(ctx.call('iam', 'DeleteRole', { RoleName }), GONE)
}

function stateOf(
  role: { readonly RoleName?: string | undefined; Arn?: string | undefined; RoleId?: string | undefined } = {},
): ResourceState {
  const { RoleName = '', Arn = '', RoleId = '' } = role
  return { physicalId: RoleName, attributes: { Arn, RoleId } }
}
