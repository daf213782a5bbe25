import { canonicalUserId } from '../owners.ts'

/** The ACL of everything in a bucket without ACLs. */
export function ownerOnly(accountId: string) {
  const ID = canonicalUserId(accountId)
  return {
    Owner: { ID },
    Grants: [{ Grantee: { ID, Type: 'CanonicalUser' as const }, Permission: 'FULL_CONTROL' as const }],
  }
}
