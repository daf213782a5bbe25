import { notImplemented } from '../../../../protocol/errors.ts'
import { finishOrUndo, isCode, unlessGone } from '../outcomes.ts'
import type { ResourceContext } from '../resource-type.ts'
import type { Members, Shaped } from '../shape.ts'
import { defineResourceType } from '../shaped-type.ts'
import { changePolicies, POLICIES, readPolicies, removePolicies } from './principal-policies.ts'
import { GROUP } from './principals.ts'

const NAME_LENGTH_MAX = 128
const GONE = 'NoSuchEntity'
const SHAPE = { GroupName: 'text', Path: 'text', ...POLICIES } as const satisfies Members
type Properties = Shaped<typeof SHAPE>

export const iamGroup = defineResourceType({
  name: 'AWS::IAM::Group',
  shape: SHAPE,

  async create(ctx, properties) {
    const GroupName = properties.GroupName ?? ctx.physicalName({ lengthMax: NAME_LENGTH_MAX })
    const { Path } = properties
    try {
      await ctx.call('iam', 'CreateGroup', { GroupName, ...(Path !== undefined && { Path }) })
    } catch (error) {
      if (!ctx.isRepeat || !isCode(error, 'EntityAlreadyExists')) throw error
      // Groups do not say which stack made them. One that the template names is taken for this only when it is what would have been made.
      const { Group, Users = [] } = await ctx.call('iam', 'GetGroup', { GroupName })
      const isSame = Group?.Path === (Path ?? '/') && Users.length === 0
      if (properties.GroupName !== undefined && !isSame) throw error
    }
    return finishOrUndo(
      async () => {
        await changePolicies(ctx, GROUP, GroupName, {}, properties)
        const Arn = `arn:aws:iam::${ctx.accountId}:group${Path ?? '/'}${GroupName}`
        return { physicalId: GroupName, attributes: { Arn } }
      },
      () => removeGroup(ctx, GroupName, properties),
    )
  },

  async update(ctx, { physicalId, attributes, properties: before }, properties) {
    if ((before.Path ?? '/') !== (properties.Path ?? '/')) {
      throw notImplemented('The Path of a group cannot be changed here. Give the group another GroupName as well.')
    }
    await changePolicies(ctx, GROUP, physicalId, before, properties)
    return { physicalId, attributes }
  },

  delete: (ctx, { physicalId, properties }) => removeGroup(ctx, physicalId, properties),

  async read(ctx, { physicalId: GroupName, properties }) {
    const group = (await unlessGone(ctx.call('iam', 'GetGroup', { GroupName, MaxItems: 1 }), GONE))?.Group
    if (group === undefined) return undefined
    return { GroupName, Path: group.Path, ...(await readPolicies(ctx, GROUP, GroupName, properties)) }
  },
})

async function removeGroup(ctx: ResourceContext, GroupName: string, properties: Properties): Promise<void> {
  await removePolicies(ctx, GROUP, GroupName, properties)
  await unlessGone(ctx.call('iam', 'DeleteGroup', { GroupName }), GONE)
}
