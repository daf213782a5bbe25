import { AwsError } from '../../../protocol/errors.ts'
import { invalidArgument, invalidRequest } from '../errors.ts'
import type { S3Input, S3Output } from '../operation.ts'
import { type Acl, type AclGrant, cannedAcl, type Grantee, type Group, type Permission, PERMISSIONS } from './acl.ts'

/** The headers of an ACL, on requests that make something and on those that only change its ACL. */
export interface AclHeaders {
  readonly ACL?: string | undefined
  readonly GrantFullControl?: string | undefined
  readonly GrantRead?: string | undefined
  readonly GrantReadACP?: string | undefined
  readonly GrantWrite?: string | undefined
  readonly GrantWriteACP?: string | undefined
}

export interface AclOwners {
  /** Canonical user ids. */
  readonly owner: string
  readonly bucketOwner: string
}

type Policy = NonNullable<S3Input<'PutObjectAcl'>['AccessControlPolicy']>
type GranteeInput = NonNullable<NonNullable<Policy['Grants']>[number]['Grantee']>

const GRANT_HEADERS: readonly (readonly [member: keyof AclHeaders, header: string, permission: Permission])[] = [
  ['GrantFullControl', 'x-amz-grant-full-control', 'FULL_CONTROL'],
  ['GrantRead', 'x-amz-grant-read', 'READ'],
  ['GrantWrite', 'x-amz-grant-write', 'WRITE'],
  ['GrantReadACP', 'x-amz-grant-read-acp', 'READ_ACP'],
  ['GrantWriteACP', 'x-amz-grant-write-acp', 'WRITE_ACP'],
]
const COMMON_CANNED = ['private', 'public-read', 'public-read-write', 'authenticated-read', 'aws-exec-read']
const CANNED: Readonly<Record<'bucket' | 'object', ReadonlySet<string>>> = {
  // The last is about objects; S3 takes it for a bucket and ignores it.
  bucket: new Set([...COMMON_CANNED, 'log-delivery-write', 'bucket-owner-read', 'bucket-owner-full-control']),
  object: new Set([...COMMON_CANNED, 'bucket-owner-read', 'bucket-owner-full-control']),
}
const GROUP_URIS: Readonly<Record<Group, string>> = {
  AllUsers: 'http://acs.amazonaws.com/groups/global/AllUsers',
  AuthenticatedUsers: 'http://acs.amazonaws.com/groups/global/AuthenticatedUsers',
  LogDelivery: 'http://acs.amazonaws.com/groups/s3/LogDelivery',
}

/** The ACL that headers ask for; undefined when they say nothing of one. Throws what S3 answers to unknown and contradicting ones. */
export function aclOfHeaders(headers: AclHeaders, kind: 'bucket' | 'object', owners: AclOwners): Acl | undefined {
  const { ACL: canned } = headers
  const given = GRANT_HEADERS.filter(([member]) => headers[member] !== undefined)
  if (canned === undefined) {
    if (given.length === 0) return undefined
    const grants = given.flatMap(([member, header, permission]) =>
      grantsOf(headers[member] as string, header, permission),
    )
    return { owner: owners.owner, grants }
  }
  if (given.length > 0) throw invalidRequest('Specifying both Canned ACLs and Header Grants is not allowed')
  const acl = CANNED[kind].has(canned) ? cannedAcl(canned, owners.owner, owners.bucketOwner) : undefined
  if (acl === undefined) throw invalidArgument('', 'x-amz-acl', canned)
  return acl
}

export interface PutAclInput extends AclHeaders {
  readonly AccessControlPolicy?: Policy | undefined
}

/** The ACL that PutBucketAcl or PutObjectAcl asks for, in its headers or its body. */
export function requestedAcl(input: PutAclInput, kind: 'bucket' | 'object', owners: AclOwners): Acl {
  const byHeaders = aclOfHeaders(input, kind, owners)
  const { AccessControlPolicy: policy } = input
  if (policy === undefined) {
    if (byHeaders !== undefined) return byHeaders
    throw new AwsError('MissingSecurityHeader', 400, 'Your request was missing a required header', {
      MissingHeaderName: 'x-amz-acl',
    })
  }
  if (byHeaders !== undefined) throw new AwsError('UnexpectedContent', 400, 'This request does not support content')
  return aclOfPolicy(policy, owners)
}

export function aclOutput(acl: Acl): Required<Pick<S3Output<'GetObjectAcl'>, 'Owner' | 'Grants'>> {
  return {
    Owner: { ID: acl.owner },
    Grants: acl.grants.map(({ grantee, permission }) => ({
      Grantee:
        grantee.kind === 'user'
          ? { ID: grantee.id, Type: 'CanonicalUser' as const }
          : { URI: GROUP_URIS[grantee.group], Type: 'Group' as const },
      Permission: permission,
    })),
  }
}

function aclOfPolicy(policy: Policy, { owner }: AclOwners): Acl {
  const { Owner: given, Grants: grants } = policy
  if (given?.ID === undefined || grants === undefined) throw malformedAcl()
  if (!isUserId(given.ID)) throw invalidArgument('Invalid id', 'CanonicalUser/ID', given.ID)
  // Nobody can give away what is another's.
  if (given.ID !== owner) throw new AwsError('AccessDenied', 403, 'Access Denied')
  return {
    owner,
    grants: grants.map(({ Grantee: grantee, Permission: permission }): AclGrant => {
      const known = PERMISSIONS.find((each) => each === permission)
      if (known === undefined || grantee === undefined) throw malformedAcl()
      return { grantee: parseGrantee(grantee), permission: known }
    }),
  }
}

function parseGrantee(grantee: GranteeInput): Grantee {
  switch (grantee.Type) {
    case 'CanonicalUser':
      if (grantee.ID === undefined) throw malformedAcl()
      if (!isUserId(grantee.ID)) throw invalidArgument('Invalid id', 'CanonicalUser/ID', grantee.ID)
      return { kind: 'user', id: grantee.ID }
    case 'Group': {
      if (grantee.URI === undefined) throw malformedAcl()
      const group = groupOf(grantee.URI)
      if (group === undefined) throw invalidArgument('Invalid group uri', 'Group/URI', grantee.URI)
      return { kind: 'group', group }
    }
    case 'AmazonCustomerByEmail':
      throw emailNotAllowed()
    default:
      throw malformedAcl()
  }
}

/** `id="…", uri="…"` */
function grantsOf(text: string, header: string, permission: Permission): AclGrant[] {
  return text.split(',').map((part) => {
    const match = /^\s*(\w+)\s*=\s*"?([^"]*)"?\s*$/.exec(part)
    const [, type, value] = match ?? []
    if (type === undefined || value === undefined) throw unrecognized(header, part)
    return { grantee: headerGrantee(type, value, () => unrecognized(header, part)), permission }
  })
}

function headerGrantee(type: string, value: string, fail: () => AwsError): Grantee {
  switch (type) {
    case 'id':
      if (!isUserId(value)) throw invalidArgument('Invalid id', 'id', value)
      return { kind: 'user', id: value }
    case 'uri': {
      const group = groupOf(value)
      if (group === undefined) throw invalidArgument('Invalid group uri', 'uri', value)
      return { kind: 'group', group }
    }
    case 'emailAddress':
      throw emailNotAllowed()
    default:
      throw fail()
  }
}

function groupOf(uri: string): Group | undefined {
  return (Object.keys(GROUP_URIS) as Group[]).find((group) => GROUP_URIS[group] === uri)
}

/** 64 hex digits, or the shorter id of everybody. */
const isUserId = (text: string): boolean => /^([0-9a-f]{64}|[0-9a-f]{32})$/.test(text)

const unrecognized = (header: string, part: string): AwsError =>
  invalidArgument('Argument format not recognized', header, part.trim())

/** Since October 2025, people are no longer found by their mail address. */
const emailNotAllowed = (): AwsError =>
  new AwsError('MethodNotAllowed', 405, 'The specified method is not allowed against this resource.')

const malformedAcl = (): AwsError =>
  new AwsError(
    'MalformedACLError',
    400,
    'The XML you provided was not well-formed or did not validate against our published schema',
  )
