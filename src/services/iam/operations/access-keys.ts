import { entityGrant } from '../access.ts'
import { putEntity, requireEntity } from '../entities.ts'
import { noSuchEntity, quotaExceeded, unsupportedMember } from '../errors.ts'
import { newAccessKeyId, newSecretAccessKey } from '../ids.ts'
import type { IamOperation } from '../model.ts'
import { pageEnd, pageOfList } from '../paging.ts'
import type { Transaction } from '../../../store/transaction.ts'
import type { Iam } from '../service.ts'
import { type AccessKeyRow, accessKeys, type UserRow } from '../tables.ts'
import { wholeSeconds } from '../view.ts'
import { findOwnUserName, ownUserName } from './own-user.ts'
import { rootKey } from './root.ts'

const ACCESS_KEYS_MAX = 2

export const CreateAccessKey: IamOperation<'CreateAccessKey'> = {
  authorize(call, iam) {
    return entityGrant(call, iam, 'iam:CreateAccessKey', 'user', call.input.UserName ?? findOwnUserName(call.caller))
  },
  async handle(call, iam) {
    if (call.input.UserName === undefined && call.caller.kind === 'root') {
      throw unsupportedMember('A second access key of the root')
    }
    const name = call.input.UserName ?? ownUserName(call.caller)
    const accessKeyId = newAccessKeyId('AKIA', iam.accountId)
    const secretAccessKey = newSecretAccessKey()
    const sealedSecret = iam.sealSecret(accessKeyId, secretAccessKey)
    const user = await iam.change(async (tx) => {
      const row = await requireEntity(tx, iam.accountId, 'user', name)
      if (row.accessKeyIds.length >= ACCESS_KEYS_MAX) throw quotaExceeded('AccessKeysPerUser', ACCESS_KEYS_MAX)
      putEntity(tx, iam.accountId, 'user', { ...row, accessKeyIds: [...row.accessKeyIds, accessKeyId] })
      accessKeys.put(tx, [accessKeyId], {
        accountId: iam.accountId,
        userName: row.name,
        userId: row.id,
        status: 'Active',
        createdMs: call.nowMs,
        sealedSecret,
      })
      return row
    })
    return {
      AccessKey: {
        UserName: user.name,
        AccessKeyId: accessKeyId,
        Status: 'Active',
        SecretAccessKey: secretAccessKey,
        CreateDate: wholeSeconds(call.nowMs),
      },
    }
  },
}

export const ListAccessKeys: IamOperation<'ListAccessKeys'> = {
  authorize(call, iam) {
    return entityGrant(call, iam, 'iam:ListAccessKeys', 'user', call.input.UserName ?? findOwnUserName(call.caller))
  },
  async handle(call, iam) {
    if (call.input.UserName === undefined && call.caller.kind === 'root') {
      const { accessKeyId, row } = await rootKey(iam)
      return { AccessKeyMetadata: [metadata(accessKeyId, row)], IsTruncated: false }
    }
    const name = call.input.UserName ?? ownUserName(call.caller)
    const user = await requireEntity(iam.store, iam.accountId, 'user', name)
    const page = await pageOfList(call.input, user.accessKeyIds, (id) => id)
    const found = await Promise.all(page.items.map(async (id) => [id, await accessKeys.get(iam.store, [id])] as const))
    return {
      AccessKeyMetadata: found.flatMap(([id, row]) => (row === undefined ? [] : [metadata(id, row)])),
      ...pageEnd(page),
    }
  },
}

export const UpdateAccessKey: IamOperation<'UpdateAccessKey'> = {
  authorize(call, iam) {
    return entityGrant(call, iam, 'iam:UpdateAccessKey', 'user', call.input.UserName ?? findOwnUserName(call.caller))
  },
  async handle(call, iam) {
    const { AccessKeyId, Status } = call.input
    // A root without a usable key could not be helped by anybody.
    if (call.input.UserName === undefined && call.caller.kind === 'root')
      throw unsupportedMember('Status of a root access key')
    // AWS has a third status, for keys that it switched off itself.
    if (Status !== 'Active' && Status !== 'Inactive') throw unsupportedMember(`Status ${Status}`)
    const name = call.input.UserName ?? ownUserName(call.caller)
    await iam.change(async (tx) => {
      const { key } = await requireKey(tx, iam, name, AccessKeyId)
      accessKeys.put(tx, [AccessKeyId], { ...key, status: Status })
    })
    return {}
  },
}

export const DeleteAccessKey: IamOperation<'DeleteAccessKey'> = {
  authorize(call, iam) {
    return entityGrant(call, iam, 'iam:DeleteAccessKey', 'user', call.input.UserName ?? findOwnUserName(call.caller))
  },
  async handle(call, iam) {
    const { AccessKeyId } = call.input
    if (call.input.UserName === undefined && call.caller.kind === 'root')
      throw unsupportedMember('Deletion of a root access key')
    const name = call.input.UserName ?? ownUserName(call.caller)
    await iam.change(async (tx) => {
      const { user } = await requireKey(tx, iam, name, AccessKeyId)
      const accessKeyIds = user.accessKeyIds.filter((id) => id !== AccessKeyId)
      putEntity(tx, iam.accountId, 'user', { ...user, accessKeyIds })
      accessKeys.delete(tx, [AccessKeyId])
    })
    return {}
  },
}

async function requireKey(
  tx: Transaction,
  iam: Iam,
  userName: string,
  accessKeyId: string,
): Promise<{ user: UserRow; key: AccessKeyRow }> {
  const user = await requireEntity(tx, iam.accountId, 'user', userName)
  const key = user.accessKeyIds.includes(accessKeyId) ? await accessKeys.get(tx, [accessKeyId]) : undefined
  if (key === undefined) throw noSuchEntity(`The Access Key with id ${accessKeyId} cannot be found.`)
  return { user, key }
}

function metadata(accessKeyId: string, row: AccessKeyRow) {
  return {
    ...(row.userName !== null && { UserName: row.userName }),
    AccessKeyId: accessKeyId,
    Status: row.status,
    CreateDate: wholeSeconds(row.createdMs),
  }
}
