import { beforeEach, describe, expect, it } from 'vitest'
import type { NamedPolicy } from '../policy/document.ts'
import { parsePolicy } from '../policy/parse.ts'
import type { AnonymousCaller, Caller, RoleCaller, RootCaller, ServiceCaller, UserCaller } from '../protocol/caller.ts'
import type { Grant, HttpInfo } from '../protocol/operation.ts'
import { accessDenied } from './access-denied.ts'
import { createAuthorizer } from './authorize.ts'
import type { AuthErrorStyle, ResourcePolicy } from './doors.ts'
import { createPolicyCache } from './policy-cache.ts'

const A = '111122223333'
const B = '444455556666'
const NOW_MS = Date.UTC(2026, 0, 31, 10, 11, 12)
const F = `arn:aws:lambda:us-east-1:${A}:function:F`
const OBJECT = 'arn:aws:s3:::b/k'
const ROLE_ARN = `arn:aws:iam::${A}:role/path/r`

const root: RootCaller = { kind: 'root', accountId: A, accessKeyId: 'AKIAROOT' }
const bob: UserCaller = {
  kind: 'user',
  accountId: A,
  accessKeyId: 'AKIABOB',
  userId: 'AIDABOB',
  userName: 'bob',
  arn: `arn:aws:iam::${A}:user/bob`,
}
const session: RoleCaller = {
  kind: 'role',
  accountId: A,
  accessKeyId: 'ASIAROLE',
  roleId: 'AROAROLE',
  roleName: 'r',
  roleArn: ROLE_ARN,
  sessionName: 'F',
  arn: `arn:aws:sts::${A}:assumed-role/r/F`,
  sessionPolicies: [],
  tags: { Team: 'red' },
  tokenIssuedMs: NOW_MS - 60_000,
  sourceFunctionArn: F,
}
const eve: UserCaller = { ...bob, accountId: B, userName: 'eve', arn: `arn:aws:iam::${B}:user/eve` }
const s3: ServiceCaller = {
  kind: 'service',
  principal: 's3.amazonaws.com',
  sourceArn: 'arn:aws:s3:::b',
  sourceAccount: A,
}
const nobody: AnonymousCaller = { kind: 'anonymous' }

const http: HttpInfo = {
  method: 'GET',
  target: '/b/k',
  headers: { authorization: 'AWS4-HMAC-SHA256 …', 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', referer: 'http://page/' },
  host: 'localhost:4566',
  sourceIp: '203.0.113.7',
  isSecure: false,
  userAgent: 'aws-cli/2',
}

let identity: NamedPolicy[] = []
let resources: Record<string, ResourcePolicy> = {}
let identityReads = 0

const authorizer = createAuthorizer({
  accountId: A,
  identityPolicies: async () => {
    identityReads++
    return { identity, boundary: undefined, session: [], tags: { Team: 'blue', Cost: '7' } }
  },
  resourcePolicies: {
    s3: async (arn) => resources[arn] ?? { policy: undefined, accountId: undefined, isTrustPolicy: false },
    lambda: async (arn) => resources[arn] ?? { policy: undefined, accountId: undefined, isTrustPolicy: false },
    sts: async (arn) => resources[arn] ?? { policy: undefined, accountId: undefined, isTrustPolicy: true },
  },
  canonicalUserId: (accountId) => `${accountId}${'0'.repeat(52)}`,
})

const statement = (extra: object = {}) => ({ Effect: 'Allow', Action: '*', Resource: '*', ...extra })
const document = (statements: object[], kind: 'identity' | 'resource' | 'trust') =>
  parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement: statements }), kind)
const allows = (...statements: object[]) => {
  identity = [{ name: 'inline', document: document(statements.map(statement), 'identity') }]
}
const carries = (arn: string, statements: object[], extra: Partial<ResourcePolicy> = {}) => {
  const kind = extra.isTrustPolicy === true ? 'trust' : 'resource'
  resources[arn] = {
    policy: { name: arn, document: document(statements, kind) },
    accountId: A,
    isTrustPolicy: false,
    ...extra,
  }
}
const decide = (caller: Caller, grant: Grant, info: HttpInfo | undefined = http) =>
  authorizer.decide(caller, grant, info, NOW_MS, 'eu-west-1')
const read: Grant = { action: 's3:GetObject', resource: OBJECT }

beforeEach(() => {
  identity = []
  resources = {}
  identityReads = 0
})

describe('the context of a request', () => {
  const cases: [name: string, caller: Caller, condition: object, expected: boolean][] = [
    ['aws:PrincipalArn of a session', session, { ArnEquals: { 'aws:PrincipalArn': ROLE_ARN } }, true],
    ['aws:PrincipalArn of a user', bob, { ArnEquals: { 'aws:PrincipalArn': bob.arn } }, true],
    ['aws:userid of a session', session, { StringEquals: { 'aws:userid': 'AROAROLE:F' } }, true],
    ['aws:userid of a user', bob, { StringEquals: { 'aws:userid': 'AIDABOB' } }, true],
    ['aws:username of a user', bob, { StringEquals: { 'aws:username': 'bob' } }, true],
    ['no aws:username of a session', session, { Null: { 'aws:username': 'true' } }, true],
    ['aws:PrincipalAccount', bob, { StringEquals: { 'aws:PrincipalAccount': A } }, true],
    ['aws:PrincipalType of a user', bob, { StringEquals: { 'aws:PrincipalType': 'User' } }, true],
    ['aws:PrincipalType of a session', session, { StringEquals: { 'aws:PrincipalType': 'AssumedRole' } }, true],
    [
      'aws:PrincipalTag of the session before that of the role',
      session,
      { StringEquals: { 'aws:PrincipalTag/team': 'red' } },
      true,
    ],
    ['aws:PrincipalTag of the role', session, { StringEquals: { 'aws:PrincipalTag/Cost': '7' } }, true],
    ['aws:PrincipalIsAWSService', bob, { Bool: { 'aws:PrincipalIsAWSService': 'false' } }, true],
    ['no aws:SourceArn of a user', bob, { Null: { 'aws:SourceArn': 'true' } }, true],
    ['aws:SourceIp', bob, { IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } }, true],
    ['aws:SecureTransport', bob, { Bool: { 'aws:SecureTransport': 'false' } }, true],
    ['aws:RequestedRegion', bob, { StringEquals: { 'aws:RequestedRegion': 'eu-west-1' } }, true],
    ['aws:ResourceAccount', bob, { StringEquals: { 'aws:ResourceAccount': A } }, true],
    ['aws:CurrentTime', bob, { DateEquals: { 'aws:CurrentTime': '2026-01-31T10:11:12Z' } }, true],
    ['aws:EpochTime', bob, { NumericEquals: { 'aws:EpochTime': String(NOW_MS / 1000) } }, true],
    ['aws:UserAgent', bob, { StringLike: { 'aws:UserAgent': 'aws-cli/*' } }, true],
    ['aws:Referer', bob, { StringEquals: { 'aws:Referer': 'http://page/' } }, true],
    ['aws:ViaAWSService', bob, { Bool: { 'aws:ViaAWSService': 'false' } }, true],
    [
      'aws:TokenIssueTime of a session',
      session,
      { DateEquals: { 'aws:TokenIssueTime': '2026-01-31T10:10:12Z' } },
      true,
    ],
    ['no aws:TokenIssueTime of a long-term key', bob, { Null: { 'aws:TokenIssueTime': 'true' } }, true],
    ['aws:MultiFactorAuthPresent of a session', session, { Bool: { 'aws:MultiFactorAuthPresent': 'false' } }, true],
    ['no aws:MultiFactorAuthPresent of a long-term key', bob, { Null: { 'aws:MultiFactorAuthPresent': 'true' } }, true],
    ['lambda:SourceFunctionArn of a function (T129)', session, { ArnEquals: { 'lambda:SourceFunctionArn': F } }, true],
    ['lambda:SourceFunctionArn of a user (T129)', bob, { ArnEquals: { 'lambda:SourceFunctionArn': F } }, false],
    ['s3:authType', bob, { StringEquals: { 's3:authType': 'REST-HEADER' } }, true],
    ['s3:signatureversion', bob, { StringEquals: { 's3:signatureversion': 'AWS4-HMAC-SHA256' } }, true],
    ['s3:x-amz-content-sha256', bob, { StringEquals: { 's3:x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } }, true],
    ['s3:ResourceAccount', bob, { StringEquals: { 's3:ResourceAccount': A } }, true],
  ]
  it.each(cases)('has %s', async (_, caller, condition, expected) => {
    allows({ Condition: condition })
    expect((await decide(caller, read)).allowed).toBe(expected)
  })

  it('has the age of a presigned URL', async () => {
    const target = '/b/k?X-Amz-Date=20260131T101012Z&X-Amz-Signature=00'
    allows({
      Condition: {
        NumericEquals: { 's3:signatureAge': '60000' },
        StringEquals: { 's3:authType': 'REST-QUERY-STRING' },
      },
    })
    expect((await decide(bob, read, { ...http, target, headers: {} })).allowed).toBe(true)
  })

  it('has what the operation adds, in any case', async () => {
    allows({ Condition: { StringEquals: { 'S3:Prefix': 'home/' } } })
    const list = { action: 's3:ListBucket', resource: 'arn:aws:s3:::b' }
    expect((await decide(bob, { ...list, context: { 's3:prefix': 'home/' } })).allowed).toBe(true)
    expect((await decide(bob, list)).allowed).toBe(false)
  })

  it('has source and service of a call that S3 makes', async () => {
    const grant = { action: 'lambda:InvokeFunction', resource: F }
    carries(F, [
      {
        Effect: 'Allow',
        Principal: { Service: 's3.amazonaws.com' },
        Action: 'lambda:InvokeFunction',
        Resource: F,
        Condition: {
          StringEquals: { 'AWS:SourceAccount': A, 'aws:PrincipalServiceName': 's3.amazonaws.com' },
          ArnLike: { 'AWS:SourceArn': 'arn:aws:s3:::b' },
          Bool: { 'aws:PrincipalIsAWSService': 'true' },
          Null: { 'aws:SourceIp': 'true' },
        },
      },
    ])
    expect((await decide(s3, grant, undefined)).allowed).toBe(true)
    expect((await decide({ ...s3, sourceArn: 'arn:aws:s3:::c' }, grant, undefined)).allowed).toBe(false)
  })
})

describe('an authorizer', () => {
  it('lets root through without reading identity policies', async () => {
    expect(await decide(root, read)).toMatchObject({ allowed: true, statements: [{ policyKind: 'implicit' }] })
    expect(identityReads).toBe(0)
  })

  it('stops root at a deny in a bucket policy', async () => {
    carries(OBJECT, [statement({ Effect: 'Deny', Principal: '*', Resource: 'arn:aws:s3:::b/*' })])
    expect(await decide(root, read)).toMatchObject({
      allowed: false,
      reason: ' with an explicit deny in a resource-based policy',
    })
  })

  it('takes a resource that does not exist for one of its own account', async () => {
    allows({ Action: 's3:*' })
    expect((await decide(bob, read)).allowed).toBe(true)
    expect((await decide(eve, read)).allowed).toBe(false)
  })

  it('takes the owner from the ARN where a service has no resource policies', async () => {
    allows({ Action: 'logs:*' })
    const action = 'logs:PutLogEvents'
    const ofA = { action, resource: `arn:aws:logs:us-east-1:${A}:log-group:g:*` }
    const ofB = { action, resource: `arn:aws:logs:us-east-1:${B}:log-group:g:*` }
    expect((await decide(session, ofA)).allowed).toBe(true)
    expect(await decide(session, ofB)).toMatchObject({ allowed: false, isCrossAccount: true })
  })

  it('caps a role by the policies its session was made with', async () => {
    allows({ Action: 's3:*' })
    const capped = {
      ...session,
      sessionPolicies: [JSON.stringify({ Statement: statement({ Action: 's3:ListBucket' }) })],
    }
    expect(await decide(capped, read)).toMatchObject({
      allowed: false,
      reason: ' because no session policy allows the s3:GetObject action',
    })
    expect((await decide(session, read)).allowed).toBe(true)
  })

  it('reads the policies of now (T132)', async () => {
    allows({ Action: 's3:*' })
    expect((await decide(session, read)).allowed).toBe(true)
    allows({ Action: 's3:*' }, { Effect: 'Deny' })
    expect((await decide(session, read)).allowed).toBe(false)
  })

  it('asks the trust policy of a role', async () => {
    const assume: Grant = { action: 'sts:AssumeRole', resource: ROLE_ARN }
    const lambda: ServiceCaller = { kind: 'service', principal: 'lambda.amazonaws.com' }
    expect((await decide(lambda, assume, undefined)).allowed).toBe(false)
    expect((await decide(root, assume)).allowed).toBe(false)
    carries(ROLE_ARN, [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }], {
      isTrustPolicy: true,
    })
    expect((await decide(lambda, assume, undefined)).allowed).toBe(true)
    expect((await decide(root, assume)).allowed).toBe(false)
  })

  it('knows an account by its canonical id', async () => {
    allows({ Action: 's3:*' })
    const canonicalUser = `${B}${'0'.repeat(52)}`
    carries(OBJECT, [statement({ Principal: { CanonicalUser: canonicalUser }, Resource: OBJECT })])
    expect((await decide(eve, read)).allowed).toBe(true)
  })
})

const refuse = async (style: AuthErrorStyle, caller: Caller, grant: Grant) =>
  accessDenied(style, caller, grant, await decide(caller, grant))

describe('a refusal', () => {
  it('of S3 quotes the resource', async () => {
    expect(await refuse('s3', bob, read)).toMatchObject({
      code: 'AccessDenied',
      status: 403,
      message: `User: ${bob.arn} is not authorized to perform: s3:GetObject on resource: "${OBJECT}" because no identity-based policy allows the s3:GetObject action`,
    })
  })

  it('of S3 names the session, not the role', async () => {
    const error = await refuse('s3', session, read)
    expect(error.message).toContain(`User: arn:aws:sts::${A}:assumed-role/r/F is not authorized`)
  })

  it('of ListBuckets names no resource', async () => {
    const error = await refuse('s3', bob, { action: 's3:ListAllMyBuckets', resource: '*' })
    expect(error.message).toBe(
      `User: ${bob.arn} is not authorized to perform: s3:ListAllMyBuckets because no identity-based policy allows the s3:ListAllMyBuckets action`,
    )
  })

  it.each([
    ['the anonymous', nobody],
    ['another account (T119)', eve],
  ])('of S3 tells %s nothing', async (_, caller) => {
    expect((await refuse('s3', caller, read)).message).toBe('Access Denied')
  })

  it('of Lambda does not quote the resource (T121)', async () => {
    expect(await refuse('json', bob, { action: 'lambda:InvokeFunction', resource: `${F}:1` })).toMatchObject({
      code: 'AccessDeniedException',
      status: 403,
      message: `User: ${bob.arn} is not authorized to perform: lambda:InvokeFunction on resource: ${F}:1 because no identity-based policy allows the lambda:InvokeFunction action`,
    })
  })

  it('of IAM is AccessDenied', async () => {
    expect(await refuse('query', bob, { action: 'iam:ListRoles', resource: `arn:aws:iam::${A}:role/` })).toMatchObject({
      code: 'AccessDenied',
      message: expect.stringMatching(/iam:ListRoles on resource: arn:aws:iam::\d+:role\/ because no identity-based/),
    })
  })

  it('of AssumeRole does not say why (T126)', async () => {
    expect(await refuse('query', bob, { action: 'sts:AssumeRole', resource: ROLE_ARN })).toMatchObject({
      code: 'AccessDenied',
      status: 403,
      message: `User: ${bob.arn} is not authorized to perform: sts:AssumeRole on resource: ${ROLE_ARN}`,
    })
  })

  it('says that a deny was explicit (T106)', async () => {
    allows({ Action: 's3:*' }, { Effect: 'Deny', Action: 's3:GetObject' })
    expect((await refuse('s3', bob, read)).message).toMatch(/ with an explicit deny in an identity-based policy$/)
  })
})

const policyText = (action: string) => JSON.stringify({ Statement: statement({ Action: action }) })

describe('a policy cache', () => {
  it('hands out one document per text, and forgets the longest unused', () => {
    const cache = createPolicyCache('identity', 2)
    const first = cache(policyText('a:a'))
    cache(policyText('b:b'))
    expect(cache(policyText('a:a'))).toBe(first)
    cache(policyText('c:c'))
    expect(cache(policyText('a:a'))).toBe(first)
  })
})
