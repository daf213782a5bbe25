import type { Condition, PolicyDocument, PrincipalMatch, Statement } from '../../../policy/document.ts'
import { type Acl, type AclGrant, type Grantee, isPublicGrant, type Permission } from './acl.ts'

/**
 * ACLs grant what policies can say too, so they are evaluated as policies: a group is everyone, an account is its canonical user (whose own
 * policies must allow the call as well), and a permission is a list of actions.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html
 */
const OBJECT_ACTIONS: Readonly<Record<Exclude<Permission, 'FULL_CONTROL'>, readonly string[]>> = {
  READ: ['s3:GetObject', 's3:GetObjectVersion'],
  WRITE: [],
  READ_ACP: ['s3:GetObjectAcl', 's3:GetObjectVersionAcl'],
  WRITE_ACP: ['s3:PutObjectAcl', 's3:PutObjectVersionAcl'],
}
const BUCKET_ACTIONS: Readonly<Record<Exclude<Permission, 'FULL_CONTROL'>, readonly string[]>> = {
  READ: ['s3:ListBucket', 's3:ListBucketVersions', 's3:ListBucketMultipartUploads'],
  WRITE: ['s3:PutObject'],
  READ_ACP: ['s3:GetBucketAcl'],
  WRITE_ACP: ['s3:PutBucketAcl'],
}

const OBJECT_ACL_ACTIONS = new Set(Object.values(OBJECT_ACTIONS).flat())

/** Whether the ACL of an object has a say in this: only then must it be read. */
export const isObjectAclAction = (action: string): boolean => OBJECT_ACL_ACTIONS.has(action)

/** What a bucket's ACL allows, as a policy of the bucket and its objects; `ignorePublic` leaves the grants to groups out. */
export function bucketAclPolicy(acl: Acl, ignorePublic: boolean): PolicyDocument {
  return policyOf(acl, BUCKET_ACTIONS, ignorePublic)
}

export function objectAclPolicy(acl: Acl, ignorePublic: boolean): PolicyDocument {
  return policyOf(acl, OBJECT_ACTIONS, ignorePublic)
}

function policyOf(acl: Acl, actions: typeof OBJECT_ACTIONS, ignorePublic: boolean): PolicyDocument {
  const grants = ignorePublic ? acl.grants.filter((grant) => !isPublicGrant(grant)) : acl.grants
  const statements = grants.flatMap((grant, index) => statementOf(grant, index, actions))
  return { version: '2012-10-17', id: undefined, statements }
}

function statementOf(grant: AclGrant, index: number, actions: typeof OBJECT_ACTIONS): Statement[] {
  const { grantee, permission } = grant
  const patterns = permission === 'FULL_CONTROL' ? Object.values(actions).flat() : actions[permission]
  const principals = principalOf(grantee)
  if (patterns.length === 0 || principals === undefined) return []
  const isSigners = grantee.kind === 'group' && grantee.group === 'AuthenticatedUsers'
  return [
    {
      name: `#${index}`,
      effect: 'Allow',
      principals,
      actions: { not: false, patterns },
      // Asked for the bucket or object that carries the ACL, and for no other.
      resources: { not: false, patterns: ['*'] },
      conditions: isSigners ? [NOT_ANONYMOUS] : [],
    },
  ]
}

const NOBODY: PrincipalMatch = { not: false, everyone: false, aws: [], service: [], federated: [], canonicalUser: [] }
const NOT_ANONYMOUS: Condition = {
  operator: 'StringNotEquals',
  ifExists: false,
  set: undefined,
  key: 'aws:principaltype',
  values: ['Anonymous'],
}

/** Undefined: the grantee is a service that calls nobody here. */
function principalOf(grantee: Grantee): PrincipalMatch | undefined {
  if (grantee.kind === 'user') return { ...NOBODY, canonicalUser: [grantee.id] }
  return grantee.group === 'LogDelivery' ? undefined : { ...NOBODY, everyone: true }
}
