import type { CredentialResult } from '../../auth/doors.ts'
import type { RoleCaller } from '../../protocol/caller.ts'
import type { Store } from '../../store/store.ts'
import { entityArn } from './arn.ts'
import type { SessionClaims } from './sessions.ts'
import { accessKeys, accounts, type RoleRow, roles, users } from './tables.ts'

const UNKNOWN: CredentialResult = { ok: false, problem: 'unknown-key' }
const INVALID: CredentialResult = { ok: false, problem: 'invalid-token' }

/** Whose long-term access key this is. Keys of temporary credentials are not stored, so without their token they are unknown. */
export async function resolveAccessKey(
  store: Store,
  accessKeyId: string,
  openSecret: (accessKeyId: string, sealed: string) => string,
): Promise<CredentialResult> {
  const key = await accessKeys.get(store, [accessKeyId])
  if (key === undefined) return UNKNOWN
  if (key.status === 'Inactive') return { ok: false, problem: 'inactive' }
  const { accountId } = key
  const secretAccessKey = openSecret(accessKeyId, key.sealedSecret)
  if (key.userName === null) return { ok: true, secretAccessKey, caller: { kind: 'root', accountId, accessKeyId } }
  const user = await users.get(store, [accountId, key.userName.toLowerCase()])
  if (user === undefined || user.id !== key.userId) return UNKNOWN
  const arn = entityArn(accountId, 'user', user.path, user.name)
  return {
    ok: true,
    secretAccessKey,
    caller: { kind: 'user', accountId, accessKeyId, userId: user.id, userName: user.name, arn },
  }
}

/** Whose session this is now. A session ends with its user, role or root key. */
export async function resolveSession(store: Store, claims: SessionClaims): Promise<CredentialResult> {
  const { accountId, accessKeyId, secretAccessKey } = claims
  switch (claims.kind) {
    case 'root': {
      const account = await accounts.get(store, [accountId])
      if (account === undefined || account.rootAccessKeyId === null) return INVALID
      return { ok: true, secretAccessKey, caller: { kind: 'root', accountId, accessKeyId } }
    }
    case 'user': {
      const user = await users.get(store, [accountId, claims.name.toLowerCase()])
      if (user === undefined || user.id !== claims.id) return INVALID
      const arn = entityArn(accountId, 'user', user.path, user.name)
      const { id: userId, name: userName } = user
      const tokenIssuedMs = claims.issuedMs
      return {
        ok: true,
        secretAccessKey,
        caller: { kind: 'user', accountId, accessKeyId, userId, userName, arn, tokenIssuedMs },
      }
    }
    case 'role': {
      const role = await roles.get(store, [accountId, claims.name.toLowerCase()])
      if (role === undefined || role.id !== claims.id) return INVALID
      return { ok: true, secretAccessKey, caller: roleCaller(claims, role) }
    }
  }
}

function roleCaller(claims: SessionClaims, role: RoleRow): RoleCaller {
  const { accountId, accessKeyId, sessionName = '', policy, policyArns } = claims
  const { transitiveTagKeys, sourceIdentity, sourceFunctionArn } = claims
  return {
    kind: 'role',
    accountId,
    accessKeyId,
    roleId: role.id,
    roleName: role.name,
    roleArn: entityArn(accountId, 'role', role.path, role.name),
    sessionName,
    arn: `arn:aws:sts::${accountId}:assumed-role/${role.name}/${sessionName}`,
    sessionPolicies: policy === undefined ? [] : [policy],
    tags: claims.tags ?? {},
    tokenIssuedMs: claims.issuedMs,
    ...(policyArns && { sessionPolicyArns: policyArns }),
    ...(transitiveTagKeys && { transitiveTagKeys }),
    ...(sourceIdentity !== undefined && { sourceIdentity }),
    ...(sourceFunctionArn !== undefined && { sourceFunctionArn }),
  }
}
