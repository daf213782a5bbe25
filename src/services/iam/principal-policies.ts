import type { IdentityPolicies } from '../../auth/doors.ts'
import type { NamedPolicy, PolicyDocument } from '../../policy/document.ts'
import type { Store } from '../../store/store.ts'
import { findAwsManagedPolicy } from './aws-managed/catalog.ts'
import { findIamArn } from './arn.ts'
import { parsedDocument } from './knowledge.ts'
import {
  type EntityKind,
  type EntityRow,
  groups,
  inlinePolicies,
  policies,
  policyVersions,
  roles,
  users,
} from './tables.ts'

/** Enough for every inline policy within the size quotas. */
const INLINE_POLICIES_MAX = 1000
const NONE = { identity: [], boundary: undefined, tags: {} } as const
const ALLOWS_NOTHING: PolicyDocument = { version: '2012-10-17', id: undefined, statements: [] }

/** The policies a user has by itself and by its groups. Empty when the user was deleted, or is another of the same name. */
export async function userPolicies(
  store: Store,
  accountId: string,
  name: string,
  userId: string,
): Promise<Omit<IdentityPolicies, 'session'>> {
  const row = await users.get(store, [accountId, name.toLowerCase()])
  if (row === undefined || row.id !== userId) return NONE
  const identity = await entityPolicies(store, accountId, 'user', row)
  for (const lowerGroup of row.groups) {
    const group = await groups.get(store, [accountId, lowerGroup])
    if (group !== undefined) identity.push(...(await entityPolicies(store, accountId, 'group', group)))
  }
  return { identity, boundary: await boundaryOf(store, accountId, row.boundaryArn), tags: row.tags }
}

/** As {@link userPolicies}, for a role. */
export async function rolePolicies(
  store: Store,
  accountId: string,
  name: string,
  roleId: string,
): Promise<Omit<IdentityPolicies, 'session'>> {
  const row = await roles.get(store, [accountId, name.toLowerCase()])
  if (row === undefined || row.id !== roleId) return NONE
  const identity = await entityPolicies(store, accountId, 'role', row)
  return { identity, boundary: await boundaryOf(store, accountId, row.boundaryArn), tags: row.tags }
}

/** What a group gives to each of its members. */
export async function groupPolicies(
  store: Store,
  accountId: string,
  name: string,
): Promise<Omit<IdentityPolicies, 'session'>> {
  const row = await groups.get(store, [accountId, name.toLowerCase()])
  return row === undefined
    ? NONE
    : { identity: await entityPolicies(store, accountId, 'group', row), boundary: undefined, tags: {} }
}

async function entityPolicies(
  store: Store,
  accountId: string,
  kind: EntityKind,
  row: EntityRow,
): Promise<NamedPolicy[]> {
  const found: NamedPolicy[] = []
  if (Object.keys(row.inline).length > 0) {
    const prefix = [accountId, kind, row.name.toLowerCase()]
    for (const { key, value } of await inlinePolicies.list(store, { prefix, limit: INLINE_POLICIES_MAX })) {
      found.push({ name: key[3], document: parsedDocument(value, 'identity') })
    }
  }
  for (const arn of row.attached) {
    const text = await managedPolicyText(store, accountId, arn)
    if (text !== undefined) found.push({ name: arn, document: parsedDocument(text, 'identity') })
  }
  return found
}

async function boundaryOf(store: Store, accountId: string, arn: string | null): Promise<NamedPolicy | undefined> {
  return arn === null ? undefined : capOf(store, accountId, arn)
}

/** A managed policy that caps a principal or a session. One that is gone allows nothing, or deleting it would lift the cap. */
export async function capOf(store: Store, accountId: string, policyArn: string): Promise<NamedPolicy> {
  const text = await managedPolicyText(store, accountId, policyArn)
  return { name: policyArn, document: text === undefined ? ALLOWS_NOTHING : parsedDocument(text, 'identity') }
}

/** The default version of a managed policy, AWS's or the account's own. */
export async function managedPolicyText(
  store: Store,
  accountId: string,
  policyArn: string,
): Promise<string | undefined> {
  const aws = findAwsManagedPolicy(policyArn)
  if (aws !== undefined) return aws.text
  const arn = findIamArn(policyArn)
  if (arn?.kind !== 'policy' || arn.accountId !== accountId) return undefined
  const row = await policies.get(store, [accountId, arn.name.toLowerCase()])
  if (row === undefined || row.path !== arn.path || row.name !== arn.name) return undefined
  return policyVersions.get(store, [accountId, arn.name.toLowerCase(), row.defaultVersion])
}
