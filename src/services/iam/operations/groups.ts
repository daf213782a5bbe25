import { creationGrant, entityGrant, listGrant } from '../access.ts'
import { countEntity, deleteEntity, findEntity, nameKey, putEntity, requireEntity } from '../entities.ts'
import { deleteConflict, entityAlreadyExists, quotaExceeded } from '../errors.ts'
import { newUniqueId } from '../ids.ts'
import type { IamOperation } from '../model.ts'
import { pageEnd, pageOf, pageOfList, rowsAfter } from '../paging.ts'
import { type GroupRow, groups, members } from '../tables.ts'
import { groupView, userView } from '../view.ts'

const GROUPS_PER_USER_MAX = 10

export const CreateGroup: IamOperation<'CreateGroup'> = {
  authorize(call, iam) {
    const { Path: path, GroupName: name } = call.input
    return creationGrant(call, iam, 'iam:CreateGroup', 'group', { path, name })
  },
  async handle(call, iam) {
    const { Path: path = '/', GroupName: name } = call.input
    const id = newUniqueId('AGPA')
    const row: GroupRow = { name, path, id, createdMs: call.nowMs, inline: {}, attached: [], memberCount: 0 }
    await iam.change(async (tx) => {
      if ((await findEntity(tx, iam.accountId, 'group', name)) !== undefined) {
        throw entityAlreadyExists(`Group with name ${name} already exists.`)
      }
      await countEntity(tx, iam.accountId, 'groups', 1)
      putEntity(tx, iam.accountId, 'group', row)
    })
    return { Group: groupView(iam.accountId, row) }
  },
}

export const GetGroup: IamOperation<'GetGroup'> = {
  authorize: (call, iam) => entityGrant(call, iam, 'iam:GetGroup', 'group', call.input.GroupName),
  async handle({ input }, iam) {
    const group = await requireEntity(iam.store, iam.accountId, 'group', input.GroupName)
    const page = await pageOf(
      input,
      async function* (after) {
        const prefix = nameKey(iam.accountId, group.name)
        for await (const { key } of rowsAfter(members, iam.store, prefix, after)) {
          const user = await findEntity(iam.store, iam.accountId, 'user', key[2])
          if (user !== undefined) yield user
        }
      },
      (user) => user.name.toLowerCase(),
    )
    const users = page.items.map((user) => userView(iam.accountId, user, false))
    return { Group: groupView(iam.accountId, group), Users: users, ...pageEnd(page) }
  },
}

export const DeleteGroup: IamOperation<'DeleteGroup'> = {
  authorize: (call, iam) => entityGrant(call, iam, 'iam:DeleteGroup', 'group', call.input.GroupName),
  async handle({ input }, iam) {
    await iam.change(async (tx) => {
      const row = await requireEntity(tx, iam.accountId, 'group', input.GroupName)
      if (row.memberCount > 0) throw deleteConflict('Cannot delete entity, must remove users from group first.')
      if (row.attached.length > 0) throw deleteConflict('Cannot delete entity, must detach all policies first.')
      if (Object.keys(row.inline).length > 0) throw deleteConflict('Cannot delete entity, must delete policies first.')
      await countEntity(tx, iam.accountId, 'groups', -1)
      deleteEntity(tx, iam.accountId, 'group', row.name)
    })
    return {}
  },
}

export const ListGroups: IamOperation<'ListGroups'> = {
  authorize: (call, iam) => listGrant(call, iam, 'iam:ListGroups', 'group', call.input.PathPrefix),
  async handle({ input }, iam) {
    const { PathPrefix = '/' } = input
    const page = await pageOf(
      input,
      async function* (after) {
        for await (const { value } of rowsAfter(groups, iam.store, [iam.accountId], after)) {
          if (value.path.startsWith(PathPrefix)) yield value
        }
      },
      (row) => row.name.toLowerCase(),
    )
    return { Groups: page.items.map((row) => groupView(iam.accountId, row)), ...pageEnd(page) }
  },
}

export const ListGroupsForUser: IamOperation<'ListGroupsForUser'> = {
  authorize: (call, iam) => entityGrant(call, iam, 'iam:ListGroupsForUser', 'user', call.input.UserName),
  async handle({ input }, iam) {
    const user = await requireEntity(iam.store, iam.accountId, 'user', input.UserName)
    const page = await pageOfList(input, user.groups, (name) => name)
    const rows = await Promise.all(page.items.map((name) => findEntity(iam.store, iam.accountId, 'group', name)))
    const found = rows.flatMap((row) => (row === undefined ? [] : [groupView(iam.accountId, row)]))
    return { Groups: found, ...pageEnd(page) }
  },
}

export const AddUserToGroup: IamOperation<'AddUserToGroup'> = {
  authorize: (call, iam) => entityGrant(call, iam, 'iam:AddUserToGroup', 'group', call.input.GroupName),
  async handle({ input }, iam) {
    await iam.change(async (tx) => {
      const group = await requireEntity(tx, iam.accountId, 'group', input.GroupName)
      const user = await requireEntity(tx, iam.accountId, 'user', input.UserName)
      const lowerName = group.name.toLowerCase()
      // Adding again is no error and changes nothing.
      if (user.groups.includes(lowerName)) return
      if (user.groups.length >= GROUPS_PER_USER_MAX) throw quotaExceeded('GroupsPerUser', GROUPS_PER_USER_MAX)
      putEntity(tx, iam.accountId, 'user', { ...user, groups: [...user.groups, lowerName] })
      putEntity(tx, iam.accountId, 'group', { ...group, memberCount: group.memberCount + 1 })
      members.put(tx, [iam.accountId, lowerName, user.name.toLowerCase()], null)
    })
    return {}
  },
}

export const RemoveUserFromGroup: IamOperation<'RemoveUserFromGroup'> = {
  authorize: (call, iam) => entityGrant(call, iam, 'iam:RemoveUserFromGroup', 'group', call.input.GroupName),
  async handle({ input }, iam) {
    await iam.change(async (tx) => {
      const group = await requireEntity(tx, iam.accountId, 'group', input.GroupName)
      const user = await requireEntity(tx, iam.accountId, 'user', input.UserName)
      const lowerName = group.name.toLowerCase()
      if (!user.groups.includes(lowerName)) return
      putEntity(tx, iam.accountId, 'user', { ...user, groups: user.groups.filter((name) => name !== lowerName) })
      putEntity(tx, iam.accountId, 'group', { ...group, memberCount: group.memberCount - 1 })
      members.delete(tx, [iam.accountId, lowerName, user.name.toLowerCase()])
    })
    return {}
  },
}
