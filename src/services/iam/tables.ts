import { json, raw, Table } from '../../store/table.ts'

/** Names are unique whatever their case, so keys hold them in lower case and rows as they were given. */
export type NameKey = readonly [accountId: string, lowerName: string]
export type EntityKind = 'user' | 'role' | 'group'
export type Tags = Readonly<Record<string, string>>

/** What users, roles and groups have in common. */
export interface EntityRow {
  readonly name: string
  /** `/`, or `/a/b/` */
  readonly path: string
  /** `AIDA…`, `AROA…`, `AGPA…` */
  readonly id: string
  readonly createdMs: number
  /** Inline policies: name → characters without white space. The documents are in {@link inlinePolicies}. */
  readonly inline: Readonly<Record<string, number>>
  /** ARNs of attached managed policies, in the order of attachment. */
  readonly attached: readonly string[]
}

export interface UserRow extends EntityRow {
  readonly tags: Tags
  readonly boundaryArn: string | null
  readonly accessKeyIds: readonly string[]
  /** Lower-case names. */
  readonly groups: readonly string[]
}

export interface RoleRow extends EntityRow {
  readonly tags: Tags
  readonly boundaryArn: string | null
  readonly trustPolicy: string
  readonly description: string | null
  readonly maxSessionSeconds: number
}

export interface GroupRow extends EntityRow {
  readonly memberCount: number
}

export interface PolicyRow {
  readonly name: string
  readonly path: string
  /** `ANPA…` */
  readonly id: string
  readonly description: string | null
  readonly createdMs: number
  readonly updatedMs: number
  readonly tags: Tags
  /** Number of the default version. */
  readonly defaultVersion: number
  /** Never reused. */
  readonly nextVersion: number
  readonly versions: readonly { readonly number: number; readonly createdMs: number }[]
  readonly attachmentCount: number
  readonly boundaryCount: number
}

export interface AccessKeyRow {
  readonly accountId: string
  /** `null`: the account's root. */
  readonly userName: string | null
  /** `AIDA…`; a key outlives no user, whatever the name. */
  readonly userId: string | null
  readonly status: 'Active' | 'Inactive'
  readonly createdMs: number
  /** Base64 of the sealed secret. */
  readonly sealedSecret: string
}

export interface AccountRow {
  /** `null` until the first start made it. */
  readonly rootAccessKeyId: string | null
  readonly users: number
  readonly roles: number
  readonly groups: number
  readonly policies: number
}

/** How a managed policy is used: granting, or as a permissions boundary. */
export type Usage = 'policy' | 'boundary'

export const users = new Table<NameKey, UserRow>('iam-user', json<UserRow>())
export const roles = new Table<NameKey, RoleRow>('iam-role', json<RoleRow>())
export const groups = new Table<NameKey, GroupRow>('iam-group', json<GroupRow>())
export const policies = new Table<NameKey, PolicyRow>('iam-policy', json<PolicyRow>())
export const policyVersions = new Table<readonly [string, string, version: number], string>(
  'iam-policy-version',
  json<string>(),
)
export const inlinePolicies = new Table<readonly [string, EntityKind, lowerName: string, policyName: string], string>(
  'iam-inline-policy',
  json<string>(),
)
/** Which entities use a managed policy: the other direction of `attached` and `boundaryArn`. */
export const attachments = new Table<readonly [string, policyArn: string, Usage, EntityKind, lowerName: string], null>(
  'iam-attachment',
  json<null>(),
)
/** The other direction of a user's `groups`. */
export const members = new Table<readonly [string, lowerGroup: string, lowerUser: string], null>(
  'iam-member',
  json<null>(),
)
export const accessKeys = new Table<readonly [accessKeyId: string], AccessKeyRow>(
  'iam-access-key',
  json<AccessKeyRow>(),
)
export const accounts = new Table<readonly [accountId: string], AccountRow>('iam-account', json<AccountRow>())
/** Rewritten with every change to IAM: while its version stands, everything read before still holds. */
export const epochs = new Table<readonly [], Uint8Array>('iam-epoch', raw)

export const NO_ACCOUNT: AccountRow = { rootAccessKeyId: null, users: 0, roles: 0, groups: 0, policies: 0 }
