import { type Caller, callerAccount } from '../../../protocol/caller.ts'
import { AwsError } from '../../../protocol/errors.ts'
import { hasGrantHeaders } from '../objects/refusals.ts'
import { canonicalUserId } from '../owners.ts'
import type { BucketRow } from '../tables.ts'
import { type Acl, ANONYMOUS_ID, isOwnersOnly, isPublicAcl, type Ownership, ownersAcl } from './acl.ts'
import { type AclHeaders, aclOfHeaders, type AclOwners } from './requested.ts'

/** Whether a bucket's ACLs count, and whose its new objects are. Without a setting, writers own what they write. */
export function ownershipOf({ ownership }: Pick<BucketRow, 'ownership'>): Ownership {
  return ownership === undefined ? 'BucketOwnerEnforced' : (ownership ?? 'ObjectWriter')
}

export function bucketAcl(row: Pick<BucketRow, 'accountId' | 'ownership' | 'acl'>): Acl {
  const own = ownersAcl(canonicalUserId(row.accountId))
  return ownershipOf(row) === 'BucketOwnerEnforced' ? own : (row.acl ?? own)
}

/** `acl`: what the object's row says, if anything. */
export function objectAcl(row: Pick<BucketRow, 'accountId' | 'ownership'>, acl: Acl | undefined): Acl {
  const own = ownersAcl(canonicalUserId(row.accountId))
  return ownershipOf(row) === 'BucketOwnerEnforced' ? own : (acl ?? own)
}

/** What to keep of an ACL: nothing, where it says what there is without one. */
export function keptAcl(row: Pick<BucketRow, 'accountId'>, acl: Acl): Acl | undefined {
  return acl.owner === canonicalUserId(row.accountId) && isOwnersOnly(acl) && acl.grants.length > 0 ? undefined : acl
}

/** What to keep of the ACL that a request to make an object asks for; throws what {@link checkAcl} throws. */
export function newObjectAcl(row: BucketRow, caller: Caller, headers: AclHeaders): Acl | undefined {
  const isEnforced = ownershipOf(row) === 'BucketOwnerEnforced'
  if (isEnforced && headers.ACL === undefined && !hasGrantHeaders(headers)) return undefined
  const owners = { owner: ownerOfNew(row, caller, headers), bucketOwner: canonicalUserId(row.accountId) }
  const asked = aclOfHeaders(headers, 'object', owners)
  if (asked !== undefined) checkAcl(row, asked, headers)
  return isEnforced ? undefined : keptAcl(row, asked ?? ownersAcl(owners.owner))
}

/**
 * Refuses an ACL that the bucket does not allow: any that says more than the owner's full control where ACLs are switched off, and public
 * ones where those are blocked.
 */
export function checkAcl(
  row: Pick<BucketRow, 'accountId' | 'ownership' | 'publicAccessBlock'>,
  acl: Acl,
  headers: AclHeaders = {},
): void {
  if (ownershipOf(row) === 'BucketOwnerEnforced') {
    const isBucketOwners = acl.owner === canonicalUserId(row.accountId) && isOwnersOnly(acl)
    if (headers.ACL === 'bucket-owner-full-control' || isBucketOwners) return
    throw new AwsError('AccessControlListNotSupported', 400, 'The bucket does not allow ACLs')
  }
  if (row.publicAccessBlock?.blockPublicAcls === true && isPublicAcl(acl)) {
    throw new AwsError('AccessDenied', 403, 'Access Denied')
  }
}

export function ownersOfBucket(row: Pick<BucketRow, 'accountId'>): AclOwners {
  const owner = canonicalUserId(row.accountId)
  return { owner, bucketOwner: owner }
}

/** Services write for the bucket's owner. */
function ownerOfNew(row: BucketRow, caller: Caller, headers: AclHeaders): string {
  const bucketOwner = canonicalUserId(row.accountId)
  const ownership = ownershipOf(row)
  if (ownership === 'BucketOwnerEnforced' || caller.kind === 'service') return bucketOwner
  if (ownership === 'BucketOwnerPreferred' && headers.ACL === 'bucket-owner-full-control') return bucketOwner
  const accountId = callerAccount(caller)
  return accountId === undefined ? ANONYMOUS_ID : canonicalUserId(accountId)
}

/** Where ACLs are switched off, the bucket must not have one that says something. Throws InvalidBucketAclWithObjectOwnership. */
export function refuseAclWithoutAcls(acl: Acl | undefined): void {
  if (acl === undefined || isOwnersOnly(acl)) return
  throw new AwsError(
    'InvalidBucketAclWithObjectOwnership',
    400,
    "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
  )
}
