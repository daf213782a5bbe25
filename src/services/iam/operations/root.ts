import { assert } from '../../../std/assert.ts'
import type { Iam } from '../service.ts'
import { wholeSeconds } from '../view.ts'
import { type AccessKeyRow, accessKeys, accounts } from '../tables.ts'

/** The account's owner as GetUser answers it: a user without a name whose id is the account. */
export async function rootView(iam: Iam) {
  const { row } = await rootKey(iam)
  return {
    Path: '/',
    UserName: '<root_account>',
    UserId: iam.accountId,
    Arn: `arn:aws:iam::${iam.accountId}:root`,
    CreateDate: wholeSeconds(row.createdMs),
  }
}

/** The root access key, which the server made at its first start. */
export async function rootKey(iam: Iam): Promise<{ readonly accessKeyId: string; readonly row: AccessKeyRow }> {
  const account = await accounts.get(iam.store, [iam.accountId])
  assert(account !== undefined && account.rootAccessKeyId !== null, 'root calls only with the root access key')
  const accessKeyId = account.rootAccessKeyId
  const row = await accessKeys.get(iam.store, [accessKeyId])
  assert(row !== undefined, `the root access key ${accessKeyId} has a row`)
  return { accessKeyId, row }
}
