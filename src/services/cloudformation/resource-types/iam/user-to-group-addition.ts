import { unlessGone } from '../outcomes.ts'
import type { ResourceContext } from '../resource-type.ts'
import { defineResourceType } from '../shaped-type.ts'
import { inOrderOf } from './principals.ts'

const ID_LENGTH_MAX = 128
const GONE = 'NoSuchEntity'

export const iamUserToGroupAddition = defineResourceType({
  name: 'AWS::IAM::UserToGroupAddition',
  shape: { GroupName: 'text', Users: ['text'] },

  async create(ctx, { GroupName = '', Users = [] }) {
    for (const UserName of Users) await ctx.call('iam', 'AddUserToGroup', { GroupName, UserName })
    const Id = ctx.physicalName({ lengthMax: ID_LENGTH_MAX })
    return { physicalId: Id, attributes: { Id } }
  },

  async update(ctx, { physicalId, attributes, properties: before }, { GroupName = '', Users = [] }) {
    const { GroupName: oldGroup = '', Users: oldUsers = [] } = before
    for (const UserName of Users) await ctx.call('iam', 'AddUserToGroup', { GroupName, UserName })
    const left = oldGroup === GroupName ? oldUsers.filter((name) => !Users.includes(name)) : oldUsers
    await removeUsers(ctx, oldGroup, left)
    return { physicalId, attributes }
  },

  delete: (ctx, { properties: { GroupName = '', Users = [] } }) => removeUsers(ctx, GroupName, Users),

  async read(ctx, { properties: { GroupName = '', Users: written = [] } }) {
    const names: string[] = []
    for (let Marker: string | undefined, isFirst = true; isFirst || Marker !== undefined; isFirst = false) {
      const page = await unlessGone(
        ctx.call('iam', 'GetGroup', { GroupName, ...(Marker !== undefined && { Marker }) }),
        GONE,
      )
      if (page === undefined) return undefined
      for (const { UserName = '' } of page.Users ?? []) names.push(UserName)
      Marker = page.Marker
    }
    // Others may have put users into the group as well.
    return { GroupName, Users: inOrderOf(written, names).filter((name) => written.includes(name)) }
  },
})

async function removeUsers(ctx: ResourceContext, GroupName: string, names: readonly string[]): Promise<void> {
  for (const UserName of names) {
    await unlessGone(ctx.call('iam', 'RemoveUserFromGroup', { GroupName, UserName }), GONE)
  }
}
