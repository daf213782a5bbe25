/** Who may do what with a bucket or an object, beside its policies. */
export interface Acl {
  /** Canonical user id. */
  readonly owner: string
  readonly grants: readonly AclGrant[]
}

export interface AclGrant {
  readonly grantee: Grantee
  readonly permission: Permission
}

export type Permission = 'FULL_CONTROL' | 'READ' | 'WRITE' | 'READ_ACP' | 'WRITE_ACP'
export const PERMISSIONS: readonly Permission[] = ['FULL_CONTROL', 'READ', 'WRITE', 'READ_ACP', 'WRITE_ACP']

export type Grantee = { readonly kind: 'user'; readonly id: string } | { readonly kind: 'group'; readonly group: Group }

/** Everyone; everyone who signs requests; the service that writes access logs. */
export type Group = 'AllUsers' | 'AuthenticatedUsers' | 'LogDelivery'

/** Who is the owner of what, and whether ACLs count: `BucketOwnerEnforced` means they do not. */
export type Ownership = 'BucketOwnerEnforced' | 'BucketOwnerPreferred' | 'ObjectWriter'
export const OWNERSHIPS: readonly string[] = ['BucketOwnerEnforced', 'BucketOwnerPreferred', 'ObjectWriter']

/** The id that stands for everybody who does not sign. */
export const ANONYMOUS_ID = '65a011a29cdf8ec533ec3d1ccaae921c'
/** EC2, which fetches machine images with the canned ACL `aws-exec-read`. */
const EC2_ID = '6aa5a366c34c1cbe25dc49211496e913e0351eb0e8c37aa3477e40942ec6b97c'

const EVERYONE: Grantee = { kind: 'group', group: 'AllUsers' }
const SIGNERS: Grantee = { kind: 'group', group: 'AuthenticatedUsers' }
const LOGS: Grantee = { kind: 'group', group: 'LogDelivery' }

/** The ACL of what was made without one. */
export function ownersAcl(owner: string): Acl {
  return { owner, grants: [{ grantee: { kind: 'user', id: owner }, permission: 'FULL_CONTROL' }] }
}

/** What one of S3's ready-made ACLs says; undefined for names S3 does not have. */
export function cannedAcl(name: string, owner: string, bucketOwner: string): Acl | undefined {
  const own = ownersAcl(owner)
  const withGrants = (...grants: AclGrant[]): Acl => ({ owner, grants: [...own.grants, ...grants] })
  const bucketOwners = (permission: Permission) =>
    owner === bucketOwner ? own : withGrants({ grantee: { kind: 'user', id: bucketOwner }, permission })
  switch (name) {
    case 'private':
      return own
    case 'public-read':
      return withGrants({ grantee: EVERYONE, permission: 'READ' })
    case 'public-read-write':
      return withGrants({ grantee: EVERYONE, permission: 'READ' }, { grantee: EVERYONE, permission: 'WRITE' })
    case 'authenticated-read':
      return withGrants({ grantee: SIGNERS, permission: 'READ' })
    case 'aws-exec-read':
      return withGrants({ grantee: { kind: 'user', id: EC2_ID }, permission: 'READ' })
    case 'bucket-owner-read':
      return bucketOwners('READ')
    case 'bucket-owner-full-control':
      return bucketOwners('FULL_CONTROL')
    case 'log-delivery-write':
      return withGrants({ grantee: LOGS, permission: 'WRITE' }, { grantee: LOGS, permission: 'READ_ACP' })
    default:
      return undefined
  }
}

/** Grants to everyone, or to everyone with an account anywhere: what Block Public Access is about. */
export function isPublicGrant({ grantee }: AclGrant): boolean {
  return grantee.kind === 'group' && grantee.group !== 'LogDelivery'
}

export function isPublicAcl(acl: Acl): boolean {
  return acl.grants.some(isPublicGrant)
}

/** Says no more than that the owner may do everything: what there is without ACLs too. */
export function isOwnersOnly(acl: Acl): boolean {
  return acl.grants.every(
    ({ grantee, permission }) => grantee.kind === 'user' && grantee.id === acl.owner && permission === 'FULL_CONTROL',
  )
}

/** The order of grants means nothing. */
export function isSameAcl(a: Acl, b: Acl): boolean {
  return a.owner === b.owner && grantText(a) === grantText(b)
}

function grantText({ grants }: Acl): string {
  const texts = grants.map(({ grantee, permission }) => {
    return `${grantee.kind === 'user' ? grantee.id : grantee.group} ${permission}`
  })
  return [...new Set(texts)].sort().join()
}
