import { beforeEach, describe, expect, it } from 'vitest'
import { createAuthorizer } from '../../../auth/authorize.ts'
import type { Caller } from '../../../protocol/caller.ts'
import { canonicalUserId } from '../owners.ts'
import { OWNER, S3Harness } from '../testing.ts'
import { ownersAcl } from './acl.ts'
import { type AclHeaders, requestedAcl } from './requested.ts'

const ACCOUNT = '123456789012'
const OTHER_ACCOUNT = '999999999999'
const OWNERS = { owner: canonicalUserId(ACCOUNT), bucketOwner: canonicalUserId(ACCOUNT) }
const EVERYONE = 'http://acs.amazonaws.com/groups/global/AllUsers'

let harness: S3Harness

beforeEach(async () => {
  harness = new S3Harness()
  await harness.makeBucket('bucket')
})

/** ACLs count, and nothing public is blocked. */
async function open(): Promise<void> {
  const Rules = [{ ObjectOwnership: 'ObjectWriter' as const }]
  await harness.call('PutBucketOwnershipControls', { Bucket: 'bucket', OwnershipControls: { Rules } })
  await harness.call('DeletePublicAccessBlock', { Bucket: 'bucket' })
}

describe('a request for an ACL', () => {
  const valid = canonicalUserId(OTHER_ACCOUNT)
  const owner = { ID: OWNERS.owner }
  const grantee = { Type: 'CanonicalUser' as const, ID: valid }

  it.each([
    ['an unknown canned one', { ACL: 'public' }, 'InvalidArgument', ''],
    [
      'a canned one and grants',
      { ACL: 'private', GrantRead: `id="${valid}"` },
      'InvalidRequest',
      'Specifying both Canned ACLs and Header Grants is not allowed',
    ],
    ['nothing', {}, 'MissingSecurityHeader', 'Your request was missing a required header'],
    [
      'a header and a document',
      { ACL: 'private', AccessControlPolicy: { Owner: owner, Grants: [] } },
      'UnexpectedContent',
      'This request does not support content',
    ],
    ['a document without an owner', { AccessControlPolicy: { Grants: [] } }, 'MalformedACLError', undefined],
    ['a document without grants', { AccessControlPolicy: { Owner: owner } }, 'MalformedACLError', undefined],
    [
      'an unknown permission',
      { AccessControlPolicy: { Owner: owner, Grants: [{ Grantee: grantee, Permission: 'LOOK' }] } },
      'MalformedACLError',
      undefined,
    ],
    [
      'an owner that is no id',
      { AccessControlPolicy: { Owner: { ID: 'x' }, Grants: [] } },
      'InvalidArgument',
      'Invalid id',
    ],
    ['another owner', { AccessControlPolicy: { Owner: { ID: valid }, Grants: [] } }, 'AccessDenied', 'Access Denied'],
    [
      'a grantee that is no id',
      {
        AccessControlPolicy: {
          Owner: owner,
          Grants: [{ Grantee: { Type: 'CanonicalUser', ID: 'x' }, Permission: 'READ' }],
        },
      },
      'InvalidArgument',
      'Invalid id',
    ],
    [
      'an unknown group',
      {
        AccessControlPolicy: {
          Owner: owner,
          Grants: [{ Grantee: { Type: 'Group', URI: 'http://x' }, Permission: 'READ' }],
        },
      },
      'InvalidArgument',
      'Invalid group uri',
    ],
    [
      'a mail address',
      {
        AccessControlPolicy: {
          Owner: owner,
          Grants: [{ Grantee: { Type: 'AmazonCustomerByEmail', EmailAddress: 'a@b' }, Permission: 'READ' }],
        },
      },
      'MethodNotAllowed',
      undefined,
    ],
    ['a header without a form', { GrantRead: 'everyone' }, 'InvalidArgument', 'Argument format not recognized'],
    ['a header with a mail address', { GrantRead: 'emailAddress="a@b"' }, 'MethodNotAllowed', undefined],
    ['a header with an unknown group', { GrantRead: 'uri="http://x"' }, 'InvalidArgument', 'Invalid group uri'],
  ])('is refused with %s', (_, input, code, message) => {
    const expected = { code, ...(message !== undefined && { message }) }
    expect(() => requestedAcl(input as AclHeaders, 'object', OWNERS)).toThrow(expect.objectContaining(expected))
  })

  it('may list several grantees in one header', () => {
    expect(requestedAcl({ GrantRead: `id="${valid}", uri="${EVERYONE}"` }, 'object', OWNERS).grants).toEqual([
      { grantee: { kind: 'user', id: valid }, permission: 'READ' },
      { grantee: { kind: 'group', group: 'AllUsers' }, permission: 'READ' },
    ])
  })

  it('for the bucket owner changes nothing when the owner makes it', () => {
    expect(requestedAcl({ ACL: 'bucket-owner-full-control' }, 'object', OWNERS)).toEqual(ownersAcl(OWNERS.owner))
  })
})

describe('the ACL of an object', () => {
  it('is an event when it changes, and only then', async () => {
    await open()
    await harness.put('k', 'x')
    await harness.notify({ Events: ['s3:ObjectAcl:Put'] })
    const set = (input: object) => harness.call('PutObjectAcl', { Bucket: 'bucket', Key: 'k', ...input })
    await set({ ACL: 'private' })
    expect(harness.deliveries.owed).toHaveLength(0)
    await set({ ACL: 'public-read' })
    await set({ GrantRead: `id="${canonicalUserId(OTHER_ACCOUNT)}"` })
    const owner = { ID: OWNERS.owner }
    const own = { Grantee: { ...owner, Type: 'CanonicalUser' }, Permission: 'FULL_CONTROL' }
    await set({ AccessControlPolicy: { Owner: owner, Grants: [own] } })
    await set({ ACL: 'private' })
    expect(harness.deliveries.owed.map(({ eventName }) => eventName)).toEqual(Array(3).fill('ObjectAcl:Put'))
    const [record] = (
      JSON.parse(harness.deliveries.owed[0]?.delivery.payload ?? '') as { Records: { s3: { object: object } }[] }
    ).Records
    expect(record?.s3.object).toEqual({ key: 'k', eTag: '9dd4e461268c8034f5c8564e155c67a6' })
  })

  it('comes with the upload that makes it, in parts or as a copy', async () => {
    await open()
    const object = { Bucket: 'bucket', Key: 'big' }
    const { output } = await harness.call('CreateMultipartUpload', { ...object, ACL: 'public-read' })
    const UploadId = output.UploadId as string
    const part = await harness.call('UploadPart', { ...object, UploadId, PartNumber: 1, Body: 'x' })
    const Parts = [{ PartNumber: 1, ETag: part.output.ETag as string }]
    await harness.call('CompleteMultipartUpload', { ...object, UploadId, MultipartUpload: { Parts } })
    await harness.call('CopyObject', { Bucket: 'bucket', Key: 'plain', CopySource: 'bucket/big' })
    await harness.call('CopyObject', { Bucket: 'bucket', Key: 'public', CopySource: 'bucket/big', ACL: 'public-read' })
    const counts = await Promise.all(
      ['big', 'plain', 'public'].map(async (Key) => {
        return (await harness.call('GetObjectAcl', { Bucket: 'bucket', Key })).output.Grants?.length
      }),
    )
    expect(counts).toEqual([2, 1, 2])
  })

  it('goes with the object: who writes it again sets it again', async () => {
    await open()
    await harness.put('k', 'x', { ACL: 'public-read' })
    await harness.put('k', 'y')
    expect((await harness.call('GetObjectAcl', { Bucket: 'bucket', Key: 'k' })).output.Grants).toHaveLength(1)
  })

  it('asks for one more permission', async () => {
    await open()
    const { grants } = await harness.put('k', 'x', { ACL: 'public-read' })
    expect(grants.map(({ action, context }) => [action, context?.['s3:x-amz-acl']])).toEqual([
      ['s3:PutObject', 'public-read'],
      ['s3:PutObjectAcl', 'public-read'],
    ])
  })
})

describe('who is granted something by an ACL', () => {
  const ANYBODY: Caller = { kind: 'anonymous' }
  const OTHER_ROOT: Caller = { kind: 'root', accountId: OTHER_ACCOUNT, accessKeyId: 'AKIAOTHER' }
  const OWN_USER: Caller = {
    kind: 'user',
    accountId: ACCOUNT,
    accessKeyId: 'AKIAUSER',
    userId: 'AIDAUSER',
    userName: 'user',
    arn: `arn:aws:iam::${ACCOUNT}:user/user`,
  }

  async function may(caller: Caller, action: string, resource: string): Promise<boolean> {
    const authorizer = createAuthorizer({
      accountId: ACCOUNT,
      canonicalUserId,
      identityPolicies: async () => ({ identity: [], boundary: undefined, session: [], tags: {} }),
      resourcePolicies: { s3: (arn, grant) => harness.s3.resourcePolicy(arn, grant) },
    })
    return (await authorizer.decide(caller, { action, resource }, undefined, 0, 'us-east-1')).allowed
  }

  const BUCKET = 'arn:aws:s3:::bucket'
  const OBJECT = `${BUCKET}/a/b*?`

  it.each([
    ['private', [false, false, false, false]],
    ['public-read', [true, true, true, false]],
    ['authenticated-read', [false, true, true, false]],
    ['public-read-write', [true, true, true, false]],
  ])('%s: everybody, another account, an own user; nobody may delete', async (ACL, expected) => {
    await open()
    await harness.put('a/b*?', 'x', { ACL: ACL as 'private' })
    expect([
      await may(ANYBODY, 's3:GetObject', OBJECT),
      await may(OTHER_ROOT, 's3:GetObject', OBJECT),
      await may(OWN_USER, 's3:GetObject', OBJECT),
      await may(ANYBODY, 's3:DeleteObject', OBJECT),
    ]).toEqual(expected)
  })

  it('another account, by its canonical id, what was granted and no more', async () => {
    await open()
    await harness.put('a/b*?', 'x', { GrantReadACP: `id="${canonicalUserId(OTHER_ACCOUNT)}"` })
    expect(await may(OTHER_ROOT, 's3:GetObjectAcl', OBJECT)).toBe(true)
    expect(await may(OTHER_ROOT, 's3:GetObject', OBJECT)).toBe(false)
    expect(await may(ANYBODY, 's3:GetObjectAcl', OBJECT)).toBe(false)
  })

  it('a bucket: list it, write into it', async () => {
    await open()
    await harness.call('PutBucketAcl', { Bucket: 'bucket', ACL: 'public-read' })
    expect(await may(ANYBODY, 's3:ListBucket', BUCKET)).toBe(true)
    expect(await may(ANYBODY, 's3:PutObject', OBJECT)).toBe(false)
    await harness.call('PutBucketAcl', { Bucket: 'bucket', ACL: 'public-read-write' })
    expect(await may(ANYBODY, 's3:PutObject', OBJECT)).toBe(true)
    expect(await may(ANYBODY, 's3:PutBucketPolicy', BUCKET)).toBe(false)
  })

  it('a policy that denies wins', async () => {
    await open()
    await harness.put('a/b*?', 'x', { ACL: 'public-read' })
    const statement = { Effect: 'Deny', Principal: '*', Action: 's3:GetObject', Resource: `${BUCKET}/*` }
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
    await harness.call('PutBucketPolicy', { Bucket: 'bucket', Policy })
    expect(await may(ANYBODY, 's3:GetObject', OBJECT)).toBe(false)
  })

  it('nobody, in a bucket whose owner owns everything', async () => {
    await open()
    await harness.put('a/b*?', 'x', { ACL: 'public-read' })
    const Rules = [{ ObjectOwnership: 'BucketOwnerEnforced' as const }]
    await harness.call('PutBucketOwnershipControls', { Bucket: 'bucket', OwnershipControls: { Rules } })
    expect(await may(ANYBODY, 's3:GetObject', OBJECT)).toBe(false)
    expect(await may(OWNER, 's3:GetObject', OBJECT)).toBe(true)
  })
})

describe('ownership controls', () => {
  it('are the bucket owner’s by default, and can be deleted', async () => {
    const get = () => harness.call('GetBucketOwnershipControls', { Bucket: 'bucket' })
    expect((await get()).output.OwnershipControls?.Rules).toEqual([{ ObjectOwnership: 'BucketOwnerEnforced' }])
    await harness.call('DeleteBucketOwnershipControls', { Bucket: 'bucket' })
    expect(await harness.fail('GetBucketOwnershipControls', { Bucket: 'bucket' })).toMatchObject({
      code: 'OwnershipControlsNotFoundError',
      status: 404,
    })
    await harness.call('DeletePublicAccessBlock', { Bucket: 'bucket' })
    await harness.put('k', 'x', { ACL: 'public-read' })
  })

  it('say whose the objects of other accounts are', async () => {
    await open()
    const caller: Caller = { kind: 'root', accountId: OTHER_ACCOUNT, accessKeyId: 'AKIAOTHER' }
    const ownerOf = async () => (await harness.call('GetObjectAcl', { Bucket: 'bucket', Key: 'k' })).output.Owner?.ID
    await harness.put('k', 'x', { ACL: 'bucket-owner-full-control' }, { caller })
    expect(await ownerOf()).toBe(canonicalUserId(OTHER_ACCOUNT))
    const Rules = [{ ObjectOwnership: 'BucketOwnerPreferred' as const }]
    await harness.call('PutBucketOwnershipControls', { Bucket: 'bucket', OwnershipControls: { Rules } })
    await harness.put('k', 'x', { ACL: 'bucket-owner-full-control' }, { caller })
    expect(await ownerOf()).toBe(canonicalUserId(ACCOUNT))
    await harness.put('k', 'x', {}, { caller })
    expect(await ownerOf()).toBe(canonicalUserId(OTHER_ACCOUNT))
  })

  it.each([[[]], [[{ ObjectOwnership: 'Nobody' }]]])('are refused as %j', async (Rules) => {
    const OwnershipControls = { Rules: Rules as [] }
    expect(await harness.fail('PutBucketOwnershipControls', { Bucket: 'bucket', OwnershipControls })).toMatchObject({
      code: 'MalformedXML',
    })
  })
})
