import { finishOrUndo, isCode, unlessGone } from '../outcomes.ts'
import type { ResourceContext, ResourceState } from '../resource-type.ts'
import { allTags, ownTagList, TAGS, tagList, tagMap } from '../resource-tags.ts'
import { isEqual, type Members, type Shaped } from '../shape.ts'
import { defineResourceType } from '../shaped-type.ts'
import { tagUpdate } from '../tag-update.ts'
import { changePolicies, POLICIES, readPolicies, removePolicies } from './principal-policies.ts'
import { inOrderOf, USER } from './principals.ts'

const NAME_LENGTH_MAX = 64
const GONE = 'NoSuchEntity'
const SHAPE = {
  UserName: 'text',
  Path: 'text',
  Groups: ['text'],
  PermissionsBoundary: 'text',
  Tags: TAGS,
  ...POLICIES,
} as const satisfies Members
type Properties = Shaped<typeof SHAPE>

export const iamUser = defineResourceType({
  name: 'AWS::IAM::User',
  shape: SHAPE,

  async create(ctx, properties) {
    const UserName = properties.UserName ?? ctx.physicalName({ lengthMax: NAME_LENGTH_MAX })
    const state = await makeUser(ctx, UserName, properties)
    return finishOrUndo(
      async () => {
        await changeGroups(ctx, UserName, [], properties.Groups ?? [])
        await changePolicies(ctx, USER, UserName, {}, properties)
        return state
      },
      () => removeUser(ctx, UserName, properties),
    )
  },

  async update(ctx, { physicalId: UserName, properties: before }, properties) {
    const isChanged = (name: keyof Properties) => ctx.isRepeat || !isEqual(before[name], properties[name])
    const { Path, PermissionsBoundary } = properties
    if (isChanged('Path')) await ctx.call('iam', 'UpdateUser', { UserName, NewPath: Path ?? '/' })
    if (isChanged('PermissionsBoundary')) {
      if (PermissionsBoundary !== undefined) {
        await ctx.call('iam', 'PutUserPermissionsBoundary', { UserName, PermissionsBoundary })
      } else if (before.PermissionsBoundary !== undefined) {
        await unlessGone(ctx.call('iam', 'DeleteUserPermissionsBoundary', { UserName }), GONE)
      }
    }
    await changeGroups(ctx, UserName, before.Groups ?? [], properties.Groups ?? [])
    await changePolicies(ctx, USER, UserName, before, properties)
    const { set, remove } = tagUpdate(ctx, tagMap(before.Tags), tagMap(properties.Tags))
    if (Object.keys(set).length > 0) await ctx.call('iam', 'TagUser', { UserName, Tags: tagList(set) })
    if (remove.length > 0) await ctx.call('iam', 'UntagUser', { UserName, TagKeys: remove })
    // Its path is in its ARN.
    return stateOf(ctx, UserName, Path)
  },

  delete: (ctx, { physicalId, properties }) => removeUser(ctx, physicalId, properties),

  async read(ctx, { physicalId: UserName, properties }) {
    const user = (await unlessGone(ctx.call('iam', 'GetUser', { UserName }), GONE))?.User
    if (user === undefined) return undefined
    const told = {
      UserName,
      Path: user.Path,
      PermissionsBoundary: user.PermissionsBoundary?.PermissionsBoundaryArn,
      Tags: ownTagList(ctx, tagMap(user.Tags as { Key: string; Value: string }[] | undefined), properties.Tags),
      ...(await readPolicies(ctx, USER, UserName, properties)),
    }
    if (properties.Groups === undefined) return told
    const { Groups = [] } = await ctx.call('iam', 'ListGroupsForUser', { UserName })
    const names = Groups.map(({ GroupName = '' }) => GroupName)
    return { ...told, Groups: inOrderOf(properties.Groups, names) }
  },
})

async function makeUser(ctx: ResourceContext, UserName: string, properties: Properties): Promise<ResourceState> {
  const { Path, PermissionsBoundary } = properties
  const tags = tagList(allTags(ctx, tagMap(properties.Tags), 'unmarked'))
  try {
    await ctx.call('iam', 'CreateUser', {
      UserName,
      ...(Path !== undefined && { Path }),
      ...(PermissionsBoundary !== undefined && { PermissionsBoundary }),
      ...(tags.length > 0 && { Tags: tags }),
    })
  } catch (error) {
    if (!ctx.isRepeat || !isCode(error, 'EntityAlreadyExists')) throw error
    const { User } = await ctx.call('iam', 'GetUser', { UserName })
    // Users do not say which stack made them. One that the template names is taken for this only when it is exactly what would have been made.
    const isSame =
      User?.Path === (Path ?? '/') &&
      User.PermissionsBoundary?.PermissionsBoundaryArn === PermissionsBoundary &&
      isEqual(User.Tags ?? [], tags)
    if (properties.UserName !== undefined && !isSame) throw error
  }
  return stateOf(ctx, UserName, Path)
}

async function changeGroups(
  ctx: ResourceContext,
  UserName: string,
  before: readonly string[],
  after: readonly string[],
): Promise<void> {
  for (const GroupName of before) {
    if (after.includes(GroupName)) continue
    await unlessGone(ctx.call('iam', 'RemoveUserFromGroup', { UserName, GroupName }), GONE)
  }
  for (const GroupName of after) {
    if (!ctx.isRepeat && before.includes(GroupName)) continue
    await ctx.call('iam', 'AddUserToGroup', { UserName, GroupName })
  }
}

async function removeUser(ctx: ResourceContext, UserName: string, properties: Properties): Promise<void> {
  await changeGroups(ctx, UserName, properties.Groups ?? [], [])
  await removePolicies(ctx, USER, UserName, properties)
  await unlessGone(ctx.call('iam', 'DeleteUser', { UserName }), GONE)
}

function stateOf({ accountId }: ResourceContext, name: string, path = '/'): ResourceState {
  return { physicalId: name, attributes: { Arn: `arn:aws:iam::${accountId}:user${path}${name}` } }
}
