import type { Reader, Table } from '../../store/table.ts'
import type { Transaction } from '../../store/transaction.ts'
import { noSuchNamed, quotaExceeded } from './errors.ts'
import {
  type AccountRow,
  accounts,
  type EntityKind,
  type GroupRow,
  groups,
  type NameKey,
  NO_ACCOUNT,
  type RoleRow,
  roles,
  type UserRow,
  users,
} from './tables.ts'

export interface EntityRows {
  readonly user: UserRow
  readonly role: RoleRow
  readonly group: GroupRow
}

const entityTables: { readonly [K in EntityKind]: Table<NameKey, EntityRows[K]> } = {
  user: users,
  role: roles,
  group: groups,
}

export function nameKey(accountId: string, name: string): NameKey {
  return [accountId, name.toLowerCase()]
}

export function findEntity<K extends EntityKind>(
  reader: Reader,
  accountId: string,
  kind: K,
  name: string,
): Promise<EntityRows[K] | undefined> {
  return entityTables[kind].get(reader, nameKey(accountId, name))
}

/** Throws NoSuchEntity. */
export async function requireEntity<K extends EntityKind>(
  reader: Reader,
  accountId: string,
  kind: K,
  name: string,
): Promise<EntityRows[K]> {
  const row = await findEntity(reader, accountId, kind, name)
  if (row === undefined) throw noSuchNamed(kind, name)
  return row
}

export function putEntity<K extends EntityKind>(tx: Transaction, accountId: string, kind: K, row: EntityRows[K]): void {
  entityTables[kind].put(tx, nameKey(accountId, row.name), row)
}

export function deleteEntity(tx: Transaction, accountId: string, kind: EntityKind, name: string): void {
  entityTables[kind].delete(tx, nameKey(accountId, name))
}

type Counted = 'users' | 'roles' | 'groups' | 'policies'

/** AWS's defaults. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
export const ACCOUNT_QUOTAS = { users: 5000, roles: 1000, groups: 300, policies: 1500 } as const
const QUOTA_NAMES = {
  users: 'UsersPerAccount',
  roles: 'RolesPerAccount',
  groups: 'GroupsPerAccount',
  policies: 'PoliciesPerAccount',
} as const

/** Counts one more or less of a kind. Throws LimitExceeded past the account's quota. */
export async function countEntity(tx: Transaction, accountId: string, what: Counted, by: 1 | -1): Promise<void> {
  const account: AccountRow = (await accounts.get(tx, [accountId])) ?? NO_ACCOUNT
  const count = account[what] + by
  if (count > ACCOUNT_QUOTAS[what]) throw quotaExceeded(QUOTA_NAMES[what], ACCOUNT_QUOTAS[what])
  accounts.put(tx, [accountId], { ...account, [what]: count })
}
