import { beforeEach, describe, expect, it } from 'vitest'
import type { Caller } from '../../protocol/caller.ts'
import { ACCOUNT, Account, policyOf, TRUST_LAMBDA, trustOf } from '../iam/account.fixture.ts'

let account: Account
beforeEach(() => {
  account = new Account()
})

const BOB = `arn:aws:iam::${ACCOUNT}:user/bob`
const R = `arn:aws:iam::${ACCOUNT}:role/r`
const assume = { RoleArn: R, RoleSessionName: 'session' }

/** Assumes a role and signs in with what came out. */
async function sessionOf(as: Caller, more: object = {}): Promise<Caller> {
  const { Credentials } = await account.call('sts', 'AssumeRole', { ...assume, ...more }, as)
  return account.caller(Credentials?.AccessKeyId as string, Credentials?.SessionToken)
}

describe('GetCallerIdentity', () => {
  it('names root, users and sessions, and needs no permission', async () => {
    expect(await account.call('sts', 'GetCallerIdentity', {})).toEqual({
      UserId: ACCOUNT,
      Account: ACCOUNT,
      Arn: `arn:aws:iam::${ACCOUNT}:root`,
    })
    const bob = await account.user('bob', policyOf('Deny', '*'))
    expect(await account.call('sts', 'GetCallerIdentity', {}, bob)).toEqual({
      UserId: expect.stringMatching(/^AIDA/),
      Account: ACCOUNT,
      Arn: BOB,
    })
    const { caller } = await account.iam.credentialsFor(await account.role('r'), 'fn', {
      sourceFunctionArn: `arn:aws:lambda:us-east-1:${ACCOUNT}:function:fn`,
    })
    expect(await account.call('sts', 'GetCallerIdentity', {}, caller)).toEqual({
      UserId: expect.stringMatching(/^AROA[A-Z2-7]{17}:fn$/),
      Account: ACCOUNT,
      Arn: `arn:aws:sts::${ACCOUNT}:assumed-role/r/fn`,
    })
  })
})

describe('AssumeRole', () => {
  it('gives a session with the permissions of the role', async () => {
    const bob = await account.user('bob')
    await account.role('r', trustOf({ AWS: BOB }), policyOf('Allow', 's3:GetObject'))
    const answer = await account.call('sts', 'AssumeRole', assume, bob)
    expect(answer.AssumedRoleUser).toEqual({
      AssumedRoleId: expect.stringMatching(/^AROA.*:session$/),
      Arn: `arn:aws:sts::${ACCOUNT}:assumed-role/r/session`,
    })
    expect(answer.Credentials?.Expiration?.getTime()).toBe(account.clock.now() + 3_600_000)
    expect(answer.PackedPolicySize).toBeUndefined()
    const session = await sessionOf(bob)
    expect(await account.may(session, 's3:GetObject')).toBe(true)
    expect(await account.may(session, 's3:PutObject')).toBe(false)
  })

  it('is refused in the same words by a role that does not trust the caller and by none', async () => {
    const bob = await account.user('bob', policyOf('Allow', 'sts:*'))
    const refused = `403 AccessDenied: User: ${BOB} is not authorized to perform: sts:AssumeRole on resource: ${R}`
    expect(await account.refusal('sts', 'AssumeRole', assume, bob)).toBe(refused)
    await account.role('r', TRUST_LAMBDA)
    expect(await account.refusal('sts', 'AssumeRole', assume, bob)).toBe(refused)
  })

  it('needs an identity policy too when the role trusts the account', async () => {
    const bob = await account.user('bob')
    await account.role('r', trustOf({ AWS: `arn:aws:iam::${ACCOUNT}:root` }))
    expect(await account.refusal('sts', 'AssumeRole', assume, bob)).toMatch(/^403 AccessDenied/)
    await account.call('iam', 'PutUserPolicy', {
      UserName: 'bob',
      PolicyName: 'p',
      PolicyDocument: policyOf('Allow', 'sts:AssumeRole', R),
    })
    expect(await account.refusal('sts', 'AssumeRole', assume, bob)).toBe('no error')
  })

  it('is not for root', async () => {
    await account.role('r', trustOf({ AWS: ACCOUNT }))
    expect(await account.refusal('sts', 'AssumeRole', assume)).toBe(
      '403 AccessDenied: Roles may not be assumed by root accounts.',
    )
  })

  it('follows conditions on the external id and the session name', async () => {
    const bob = await account.user('bob')
    const Condition = { StringEquals: { 'sts:ExternalId': 'x1', 'sts:RoleSessionName': 'session' } }
    await account.role('r', trustOf({ AWS: BOB }, { Condition }))
    expect(await account.refusal('sts', 'AssumeRole', assume, bob)).toMatch(/^403/)
    expect(await account.refusal('sts', 'AssumeRole', { ...assume, ExternalId: 'x1' }, bob)).toBe('no error')
    expect(
      await account.refusal('sts', 'AssumeRole', { ...assume, ExternalId: 'x1', RoleSessionName: 'other' }, bob),
    ).toMatch(/^403/)
  })

  it('is capped by session policies', async () => {
    const bob = await account.user('bob')
    await account.role('r', trustOf({ AWS: BOB }), policyOf('Allow', ['s3:*', 'lambda:*', 'sqs:*']))
    const inline = await sessionOf(bob, { Policy: policyOf('Allow', 's3:GetObject') })
    expect(await account.may(inline, 's3:GetObject')).toBe(true)
    expect(await account.may(inline, 's3:PutObject')).toBe(false)
    const PolicyArns = [{ arn: 'arn:aws:iam::aws:policy/AmazonS3FullAccess' }]
    const both = await sessionOf(bob, { Policy: policyOf('Allow', 'sqs:SendMessage'), PolicyArns })
    expect(await account.may(both, 's3:PutObject')).toBe(true)
    expect(await account.may(both, 'sqs:SendMessage')).toBe(true)
    expect(await account.may(both, 'lambda:ListFunctions')).toBe(false)
    const { reason } = await account.decide(both, { action: 'lambda:ListFunctions', resource: '*' })
    expect(reason).toBe(' because no session policy allows the lambda:ListFunctions action')
  })

  it('stays capped when the managed policy that caps is deleted', async () => {
    const bob = await account.user('bob')
    await account.role('r', trustOf({ AWS: BOB }), policyOf('Allow', 's3:*'))
    const PolicyArn = `arn:aws:iam::${ACCOUNT}:policy/cap`
    await account.call('iam', 'CreatePolicy', { PolicyName: 'cap', PolicyDocument: policyOf('Allow', 's3:*') })
    const session = await sessionOf(bob, { PolicyArns: [{ arn: PolicyArn }] })
    expect(await account.may(session, 's3:GetObject')).toBe(true)
    await account.call('iam', 'DeletePolicy', { PolicyArn })
    expect(await account.may(session, 's3:GetObject')).toBe(false)
  })

  it('takes tags where the trust policy lets it, and hands on the transitive ones', async () => {
    const bob = await account.user('bob')
    const Tags = [
      { Key: 'team', Value: 'a' },
      { Key: 'cost', Value: '1' },
    ]
    await account.role('r', trustOf({ AWS: BOB }))
    expect(await account.refusal('sts', 'AssumeRole', { ...assume, Tags }, bob)).toMatch(
      /^403 AccessDenied: .*sts:TagSession/,
    )
    const trust = trustOf({ AWS: [BOB, R] }, {}, ['sts:AssumeRole', 'sts:TagSession'])
    await account.call('iam', 'UpdateAssumeRolePolicy', { RoleName: 'r', PolicyDocument: trust })
    const first = await sessionOf(bob, { Tags, TransitiveTagKeys: ['team'] })
    expect(first).toMatchObject({ tags: { team: 'a', cost: '1' } })
    expect(await sessionOf(first)).toMatchObject({ tags: { team: 'a' }, transitiveTagKeys: ['team'] })
    expect(await account.refusal('sts', 'AssumeRole', { ...assume, Tags, TransitiveTagKeys: ['x'] }, bob)).toBe(
      '400 InvalidParameterValue: The specified transitive tag key must be included in the requested tags.',
    )
    const twice = [
      { Key: 'a', Value: '1' },
      { Key: 'A', Value: '2' },
    ]
    expect(await account.refusal('sts', 'AssumeRole', { ...assume, Tags: twice }, bob)).toBe(
      '400 InvalidParameterValue: Duplicate tag keys found. Please note that Tag keys are case insensitive.',
    )
  })

  it('limits how long a session lasts', async () => {
    const bob = await account.user('bob')
    await account.role('r', trustOf({ AWS: [BOB, R] }))
    expect(await account.refusal('sts', 'AssumeRole', { ...assume, DurationSeconds: 3601 }, bob)).toBe(
      '400 ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    )
    await account.call('iam', 'UpdateRole', { RoleName: 'r', MaxSessionDuration: 7200 })
    const session = await sessionOf(bob, { DurationSeconds: 7200 })
    expect(await account.refusal('sts', 'AssumeRole', { ...assume, DurationSeconds: 7200 }, session)).toBe(
      '400 ValidationError: The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
    )
    await account.clock.advance(7_200_000)
    await expect(sessionOf(bob)).resolves.toBeDefined()
  })

  it.each([
    [{ RoleArn: 'nothing-valid-in-here' }, '400 ValidationError: nothing-valid-in-here is invalid'],
    [{ Policy: '{' }, '400 MalformedPolicyDocument: This policy contains invalid Json'],
    [
      { RoleSessionName: 'Session1:2' },
      "400 ValidationError: 1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*",
    ],
    [{ TokenCode: '123456' }, '501 NotImplemented: TokenCode is not supported by Millrace. Leave it out.'],
  ])('refuses %o', async (more, expected) => {
    const bob = await account.user('bob')
    await account.role('r', trustOf({ AWS: BOB }))
    expect(await account.refusal('sts', 'AssumeRole', { ...assume, ...more }, bob)).toBe(expected)
  })
})

describe('GetSessionToken', () => {
  it('gives a user temporary keys with the same permissions, except to IAM and to itself', async () => {
    const bob = await account.user('bob', policyOf('Allow', ['s3:*', 'iam:*']))
    const { Credentials } = await account.call('sts', 'GetSessionToken', { DurationSeconds: 900 }, bob)
    const session = await account.caller(Credentials?.AccessKeyId as string, Credentials?.SessionToken)
    expect(session).toMatchObject({ kind: 'user', userName: 'bob', tokenIssuedMs: account.clock.now() })
    expect(await account.may(session, 's3:GetObject')).toBe(true)
    expect(await account.refusal('iam', 'ListRoles', {}, session)).toMatch(/^403 InvalidClientTokenId/)
    expect(await account.refusal('sts', 'GetSessionToken', {}, session)).toMatch(
      /^403 AccessDenied: Cannot call GetSessionToken/,
    )
    await account.clock.advance(900_000)
    await expect(account.caller(Credentials?.AccessKeyId as string, Credentials?.SessionToken)).rejects.toThrow(
      'expired-token',
    )
  })

  it('works for root, for an hour', async () => {
    await account.iam.ensureRoot()
    const { Credentials } = await account.call('sts', 'GetSessionToken', {})
    expect(Credentials?.Expiration?.getTime()).toBe(account.clock.now() + 3_600_000)
    expect(await account.caller(Credentials?.AccessKeyId as string, Credentials?.SessionToken)).toMatchObject({
      kind: 'root',
    })
  })
})

describe('GetAccessKeyInfo', () => {
  it('tells the account of a key', async () => {
    const { AccessKeyId } = (await account.call('iam', 'CreateUser', { UserName: 'u' }),
    await account.call('iam', 'CreateAccessKey', { UserName: 'u' })).AccessKey as { AccessKeyId: string }
    expect(await account.call('sts', 'GetAccessKeyInfo', { AccessKeyId })).toEqual({ Account: ACCOUNT })
  })
})

describe('what is not there', () => {
  it('answers 501', async () => {
    expect(await account.refusal('sts', 'DecodeAuthorizationMessage', { EncodedMessage: 'x' })).toMatch(/^501 /)
  })
})
