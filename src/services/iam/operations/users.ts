import { newUniqueId } from '../ids.ts'
import { creationGrant, entityGrant, listGrant } from '../access.ts'
import { countEntity, deleteEntity, findEntity, nameKey, putEntity, requireEntity } from '../entities.ts'
import { deleteConflict, entityAlreadyExists, unsupportedMember } from '../errors.ts'
import { addUse, removeUse } from '../managed.ts'
import type { IamOperation } from '../model.ts'
import { pageEnd, pageOf, rowsAfter } from '../paging.ts'
import { type UserRow, users } from '../tables.ts'
import { parseTags, requestTagContext } from '../tags.ts'
import { userView } from '../view.ts'
import { rootView } from './root.ts'
import { findOwnUserName, ownUserName } from './own-user.ts'

export const CreateUser: IamOperation<'CreateUser'> = {
  authorize(call, iam) {
    const { Path: path, UserName: name, PermissionsBoundary, Tags } = call.input
    return creationGrant(
      call,
      iam,
      'iam:CreateUser',
      'user',
      { path, name },
      {
        ...requestTagContext(Tags),
        ...(PermissionsBoundary !== undefined && { 'iam:PermissionsBoundary': PermissionsBoundary }),
      },
    )
  },
  async handle(call, iam) {
    const { Path = '/', UserName: name, PermissionsBoundary: boundaryArn = null, Tags } = call.input
    const row: UserRow = {
      name,
      path: Path,
      id: newUniqueId('AIDA'),
      createdMs: call.nowMs,
      inline: {},
      attached: [],
      tags: parseTags(Tags),
      boundaryArn,
      accessKeyIds: [],
      groups: [],
    }
    await iam.change(async (tx) => {
      if ((await findEntity(tx, iam.accountId, 'user', name)) !== undefined) {
        throw entityAlreadyExists(`User with name ${name} already exists.`)
      }
      await countEntity(tx, iam.accountId, 'users', 1)
      if (boundaryArn !== null) await addUse(tx, iam.accountId, boundaryArn, 'boundary', 'user', name)
      putEntity(tx, iam.accountId, 'user', row)
    })
    return { User: userView(iam.accountId, row, true) }
  },
}

export const GetUser: IamOperation<'GetUser'> = {
  authorize(call, iam) {
    return entityGrant(call, iam, 'iam:GetUser', 'user', call.input.UserName ?? findOwnUserName(call.caller))
  },
  async handle(call, iam) {
    if (call.input.UserName === undefined && call.caller.kind === 'root') return { User: await rootView(iam) }
    const name = call.input.UserName ?? ownUserName(call.caller)
    return { User: userView(iam.accountId, await requireEntity(iam.store, iam.accountId, 'user', name), true) }
  },
}

export const UpdateUser: IamOperation<'UpdateUser'> = {
  authorize: (call, iam) => entityGrant(call, iam, 'iam:UpdateUser', 'user', call.input.UserName),
  async handle(call, iam) {
    const { UserName, NewPath, NewUserName } = call.input
    if (NewUserName !== undefined && NewUserName.toLowerCase() !== UserName.toLowerCase()) {
      throw unsupportedMember('NewUserName')
    }
    await iam.change(async (tx) => {
      const row = await requireEntity(tx, iam.accountId, 'user', UserName)
      putEntity(tx, iam.accountId, 'user', { ...row, path: NewPath ?? row.path })
    })
    return {}
  },
}

export const DeleteUser: IamOperation<'DeleteUser'> = {
  authorize: (call, iam) => entityGrant(call, iam, 'iam:DeleteUser', 'user', call.input.UserName),
  async handle(call, iam) {
    const { UserName } = call.input
    await iam.change(async (tx) => {
      const row = await requireEntity(tx, iam.accountId, 'user', UserName)
      if (row.attached.length > 0) throw deleteConflict('Cannot delete entity, must detach all policies first.')
      if (Object.keys(row.inline).length > 0) throw deleteConflict('Cannot delete entity, must delete policies first.')
      if (row.accessKeyIds.length > 0) throw deleteConflict('Cannot delete entity, must delete access keys first.')
      if (row.groups.length > 0) throw deleteConflict('Cannot delete entity, must remove users from group first.')
      if (row.boundaryArn !== null) await removeUse(tx, iam.accountId, row.boundaryArn, 'boundary', 'user', row.name)
      await countEntity(tx, iam.accountId, 'users', -1)
      deleteEntity(tx, iam.accountId, 'user', row.name)
    })
    return {}
  },
}

export const ListUsers: IamOperation<'ListUsers'> = {
  authorize: (call, iam) => listGrant(call, iam, 'iam:ListUsers', 'user', call.input.PathPrefix),
  async handle(call, iam) {
    const { PathPrefix = '/' } = call.input
    const page = await pageOf(
      call.input,
      async function* (after) {
        for await (const { value } of rowsAfter(users, iam.store, [iam.accountId], after)) {
          if (value.path.startsWith(PathPrefix)) yield value
        }
      },
      (row) => nameKey(iam.accountId, row.name)[1],
    )
    return { Users: page.items.map((row) => userView(iam.accountId, row, false)), ...pageEnd(page) }
  },
}
