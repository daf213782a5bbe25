import { creationGrant, entityGrant, listGrant } from '../access.ts'
import { checkTrustPolicy } from '../documents.ts'
import { countEntity, deleteEntity, findEntity, nameKey, putEntity, requireEntity } from '../entities.ts'
import { deleteConflict, entityAlreadyExists } from '../errors.ts'
import { newUniqueId } from '../ids.ts'
import { addUse, removeUse } from '../managed.ts'
import type { IamOperation } from '../model.ts'
import { pageEnd, pageOf, rowsAfter } from '../paging.ts'
import type { Iam } from '../service.ts'
import { type RoleRow, roles } from '../tables.ts'
import { parseTags, requestTagContext } from '../tags.ts'
import { roleView } from '../view.ts'

const SESSION_SECONDS_DEFAULT = 3600

export const CreateRole: IamOperation<'CreateRole'> = {
  authorize(call, iam) {
    const { Path: path, RoleName: name, PermissionsBoundary, Tags } = call.input
    return creationGrant(
      call,
      iam,
      'iam:CreateRole',
      'role',
      { path, name },
      {
        ...requestTagContext(Tags),
        ...(PermissionsBoundary !== undefined && { 'iam:PermissionsBoundary': PermissionsBoundary }),
      },
    )
  },
  async handle(call, iam) {
    const { Path = '/', RoleName: name, PermissionsBoundary: boundaryArn = null, Tags } = call.input
    const row: RoleRow = {
      name,
      path: Path,
      id: newUniqueId('AROA'),
      createdMs: call.nowMs,
      inline: {},
      attached: [],
      tags: parseTags(Tags),
      boundaryArn,
      trustPolicy: checkTrustPolicy(call.input.AssumeRolePolicyDocument),
      description: call.input.Description ?? null,
      maxSessionSeconds: call.input.MaxSessionDuration ?? SESSION_SECONDS_DEFAULT,
    }
    await iam.change(async (tx) => {
      if ((await findEntity(tx, iam.accountId, 'role', name)) !== undefined) {
        throw entityAlreadyExists(`Role with name ${name} already exists.`)
      }
      await countEntity(tx, iam.accountId, 'roles', 1)
      if (boundaryArn !== null) await addUse(tx, iam.accountId, boundaryArn, 'boundary', 'role', name)
      putEntity(tx, iam.accountId, 'role', row)
    })
    return { Role: roleView(iam.accountId, row, true) }
  },
}

export const GetRole: IamOperation<'GetRole'> = {
  authorize: (call, iam) => entityGrant(call, iam, 'iam:GetRole', 'role', call.input.RoleName),
  async handle(call, iam) {
    const row = await requireEntity(iam.store, iam.accountId, 'role', call.input.RoleName)
    return { Role: roleView(iam.accountId, row, true) }
  },
}

export const UpdateRole: IamOperation<'UpdateRole'> = {
  authorize: (call, iam) => entityGrant(call, iam, 'iam:UpdateRole', 'role', call.input.RoleName),
  async handle(call, iam) {
    const { RoleName, Description, MaxSessionDuration } = call.input
    await changeRole(iam, RoleName, (row) => ({
      ...row,
      description: Description ?? row.description,
      maxSessionSeconds: MaxSessionDuration ?? row.maxSessionSeconds,
    }))
    return {}
  },
}

export const UpdateRoleDescription: IamOperation<'UpdateRoleDescription'> = {
  authorize: (call, iam) => entityGrant(call, iam, 'iam:UpdateRoleDescription', 'role', call.input.RoleName),
  async handle(call, iam) {
    const { RoleName, Description: description } = call.input
    const row = await changeRole(iam, RoleName, (old) => ({ ...old, description }))
    return { Role: roleView(iam.accountId, row, true) }
  },
}

export const UpdateAssumeRolePolicy: IamOperation<'UpdateAssumeRolePolicy'> = {
  authorize: (call, iam) => entityGrant(call, iam, 'iam:UpdateAssumeRolePolicy', 'role', call.input.RoleName),
  async handle(call, iam) {
    const { RoleName, PolicyDocument } = call.input
    const trustPolicy = checkTrustPolicy(PolicyDocument)
    await changeRole(iam, RoleName, (row) => ({ ...row, trustPolicy }))
    return {}
  },
}

export const DeleteRole: IamOperation<'DeleteRole'> = {
  authorize: (call, iam) => entityGrant(call, iam, 'iam:DeleteRole', 'role', call.input.RoleName),
  async handle(call, iam) {
    const { RoleName } = call.input
    await iam.change(async (tx) => {
      const row = await requireEntity(tx, iam.accountId, 'role', RoleName)
      if (row.attached.length > 0) throw deleteConflict('Cannot delete entity, must detach all policies first.')
      if (Object.keys(row.inline).length > 0) throw deleteConflict('Cannot delete entity, must delete policies first.')
      if (row.boundaryArn !== null) await removeUse(tx, iam.accountId, row.boundaryArn, 'boundary', 'role', row.name)
      await countEntity(tx, iam.accountId, 'roles', -1)
      deleteEntity(tx, iam.accountId, 'role', row.name)
    })
    return {}
  },
}

export const ListRoles: IamOperation<'ListRoles'> = {
  authorize: (call, iam) => listGrant(call, iam, 'iam:ListRoles', 'role', call.input.PathPrefix),
  async handle(call, iam) {
    const { PathPrefix = '/' } = call.input
    const page = await pageOf(
      call.input,
      async function* (after) {
        for await (const { value } of rowsAfter(roles, iam.store, [iam.accountId], after)) {
          if (value.path.startsWith(PathPrefix)) yield value
        }
      },
      (row) => nameKey(iam.accountId, row.name)[1],
    )
    return { Roles: page.items.map((row) => roleView(iam.accountId, row, false)), ...pageEnd(page) }
  },
}

/** Instance profiles do not exist here, so no role is in one. Terraform asks before it deletes a role. */
export const ListInstanceProfilesForRole: IamOperation<'ListInstanceProfilesForRole'> = {
  authorize: (call, iam) => entityGrant(call, iam, 'iam:ListInstanceProfilesForRole', 'role', call.input.RoleName),
  async handle(call, iam) {
    await requireEntity(iam.store, iam.accountId, 'role', call.input.RoleName)
    return { InstanceProfiles: [], IsTruncated: false }
  },
}

async function changeRole(iam: Iam, name: string, update: (row: RoleRow) => RoleRow): Promise<RoleRow> {
  return iam.change(async (tx) => {
    const row = update(await requireEntity(tx, iam.accountId, 'role', name))
    putEntity(tx, iam.accountId, 'role', row)
    return row
  })
}
