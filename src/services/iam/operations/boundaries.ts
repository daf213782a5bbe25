import type { Operation } from '../../../protocol/operation.ts'
import { entityGrant } from '../access.ts'
import { putEntity, requireEntity } from '../entities.ts'
import { noSuchEntity } from '../errors.ts'
import { addUse, removeUse } from '../managed.ts'
import type { Input, IamOperation } from '../model.ts'
import type { Iam } from '../service.ts'

type Bounded = 'user' | 'role'

export const PutUserPermissionsBoundary: IamOperation<'PutUserPermissionsBoundary'> = putBoundary<
  Input<'PutUserPermissionsBoundary'>
>('iam:PutUserPermissionsBoundary', 'user', (input) => input.UserName)
export const PutRolePermissionsBoundary: IamOperation<'PutRolePermissionsBoundary'> = putBoundary<
  Input<'PutRolePermissionsBoundary'>
>('iam:PutRolePermissionsBoundary', 'role', (input) => input.RoleName)

export const DeleteUserPermissionsBoundary: IamOperation<'DeleteUserPermissionsBoundary'> = deleteBoundary<
  Input<'DeleteUserPermissionsBoundary'>
>('iam:DeleteUserPermissionsBoundary', 'user', (input) => input.UserName)
export const DeleteRolePermissionsBoundary: IamOperation<'DeleteRolePermissionsBoundary'> = deleteBoundary<
  Input<'DeleteRolePermissionsBoundary'>
>('iam:DeleteRolePermissionsBoundary', 'role', (input) => input.RoleName)

function putBoundary<I extends { readonly PermissionsBoundary: string }>(
  action: string,
  kind: Bounded,
  nameOf: (input: I) => string,
): Operation<I, object, Iam> {
  return {
    authorize(call, iam) {
      const boundary: string | undefined = call.input.PermissionsBoundary
      const context: Record<string, string> = boundary === undefined ? {} : { 'iam:PermissionsBoundary': boundary }
      return entityGrant(call, iam, action, kind, nameOf(call.input), context)
    },
    async handle({ input }, iam) {
      await iam.change(async (tx) => {
        const row = await requireEntity(tx, iam.accountId, kind, nameOf(input))
        if (row.boundaryArn === input.PermissionsBoundary) return
        if (row.boundaryArn !== null) await removeUse(tx, iam.accountId, row.boundaryArn, 'boundary', kind, row.name)
        await addUse(tx, iam.accountId, input.PermissionsBoundary, 'boundary', kind, row.name)
        putEntity(tx, iam.accountId, kind, { ...row, boundaryArn: input.PermissionsBoundary })
      })
      return {}
    },
  }
}

function deleteBoundary<I extends object>(
  action: string,
  kind: Bounded,
  nameOf: (input: I) => string,
): Operation<I, object, Iam> {
  return {
    authorize: (call, iam) => entityGrant(call, iam, action, kind, nameOf(call.input)),
    async handle({ input }, iam) {
      await iam.change(async (tx) => {
        const row = await requireEntity(tx, iam.accountId, kind, nameOf(input))
        if (row.boundaryArn === null)
          throw noSuchEntity(`The ${kind} ${row.name} does not have a permissions boundary.`)
        await removeUse(tx, iam.accountId, row.boundaryArn, 'boundary', kind, row.name)
        putEntity(tx, iam.accountId, kind, { ...row, boundaryArn: null })
      })
      return {}
    },
  }
}
