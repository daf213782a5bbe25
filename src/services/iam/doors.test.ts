import { beforeEach, describe, expect, it } from 'vitest'
import { MasterKey } from '../../std/master-key.ts'
import { MemoryStore } from '../../store/engines/memory.ts'
import { ACCOUNT, Account, policyOf, TRUST_LAMBDA, trustOf } from './account.fixture.ts'
import { accessKeys } from './tables.ts'

let account: Account
beforeEach(() => {
  account = new Account()
})

const FUNCTION_ARN = `arn:aws:lambda:us-east-1:${ACCOUNT}:function:F`
const source = { sourceFunctionArn: FUNCTION_ARN }

describe('the root access key', () => {
  it('is made at the first start and found by the next ones', async () => {
    const store = new MemoryStore()
    const first = await new Account(store).iam.ensureRoot()
    expect(first.accessKeyId).toMatch(/^AKIA/)
    expect(await new Account(store).iam.ensureRoot()).toEqual(first)
    expect(await new Account(store).iam.credentialLookup(first.accessKeyId, undefined)).toEqual({
      ok: true,
      secretAccessKey: first.secretAccessKey,
      caller: { kind: 'root', accountId: ACCOUNT, accessKeyId: first.accessKeyId },
    })
  })

  it('may be chosen, and then replaces the one before', async () => {
    const made = await account.iam.ensureRoot()
    const chosen = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' }
    expect(await account.iam.ensureRoot(chosen)).toEqual(chosen)
    await account.caller(chosen.accessKeyId)
    await expect(account.caller(made.accessKeyId)).rejects.toThrow('unknown-key')
    expect(await account.iam.ensureRoot()).toEqual(chosen)
  })

  it('is stored sealed, and useless without the master key', async () => {
    const { accessKeyId, secretAccessKey } = await account.iam.ensureRoot()
    const row = await account.store.get(accessKeys.key([accessKeyId]))
    expect(row?.value.includes(secretAccessKey)).toBe(false)
    const stranger = new Account(account.store, new MasterKey(Buffer.alloc(32, 9)))
    await expect(stranger.iam.ensureRoot()).rejects.toThrow('another master key')
  })
})

describe('a principal of a policy', () => {
  it('of this account has to exist, and of another one may', async () => {
    const roleArn = await account.role('r')
    await account.call('iam', 'CreateUser', { UserName: 'ada' })
    const arns = [
      roleArn,
      `${roleArn}x`,
      `arn:aws:iam::${ACCOUNT}:user/ada`,
      `arn:aws:iam::${ACCOUNT}:user/team/ada`,
      `arn:aws:iam::${ACCOUNT}:root`,
      'arn:aws:iam::210987654321:user/eve',
    ]
    expect(await Promise.all(arns.map((arn) => account.iam.isPrincipal(arn)))).toEqual([
      true,
      false,
      true,
      false,
      true,
      true,
    ])
  })
})

describe('credentials of a function', () => {
  it('are a session of the role named after the function', async () => {
    const roleArn = await account.role('r')
    const session = await account.iam.credentialsFor(roleArn, 'F', source)
    expect(session.accessKeyId).toMatch(/^ASIA/)
    expect(session.caller).toMatchObject({
      kind: 'role',
      arn: `arn:aws:sts::${ACCOUNT}:assumed-role/r/F@lambda_function`,
      roleArn,
      sourceFunctionArn: FUNCTION_ARN,
    })
    const longer = await account.iam.credentialsFor(roleArn, 'thumbnail', source)
    expect(longer.caller.arn).toBe(`arn:aws:sts::${ACCOUNT}:assumed-role/r/thumbnail`)
    expect(await account.caller(longer.accessKeyId, longer.sessionToken)).toEqual(longer.caller)
  })

  it('are refused by a role that does not trust Lambda, and for one that does not exist', async () => {
    const roleArn = await account.role('r', trustOf({ AWS: ACCOUNT }))
    const refused = `lambda.amazonaws.com is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`
    await expect(account.iam.credentialsFor(roleArn, 'fn', source)).rejects.toThrow(refused)
    await expect(account.iam.credentialsFor(`${roleArn}x`, 'fn', source)).rejects.toThrow('is not authorized')
    const other = { sourceArn: FUNCTION_ARN, sourceAccount: ACCOUNT }
    expect(await account.iam.canAssume(roleArn, 'lambda.amazonaws.com', other)).toBe(false)
    await account.call('iam', 'UpdateAssumeRolePolicy', { RoleName: 'r', PolicyDocument: TRUST_LAMBDA })
    expect(await account.iam.canAssume(roleArn, 'lambda.amazonaws.com', other)).toBe(true)
    expect(await account.iam.canAssume(roleArn, 's3.amazonaws.com', other)).toBe(false)
  })

  it('follow conditions of the trust policy on the function', async () => {
    const trust = trustOf(
      { Service: 'lambda.amazonaws.com' },
      { Condition: { ArnLike: { 'aws:SourceArn': FUNCTION_ARN } } },
    )
    const roleArn = await account.role('r', trust)
    await account.iam.credentialsFor(roleArn, 'fn', source)
    const another = { sourceFunctionArn: `${FUNCTION_ARN}2` }
    await expect(account.iam.credentialsFor(roleArn, 'fn', another)).rejects.toThrow('is not authorized')
  })

  it('need their token, and no other', async () => {
    const roleArn = await account.role('r')
    const one = await account.iam.credentialsFor(roleArn, 'one', source)
    const two = await account.iam.credentialsFor(roleArn, 'two', source)
    await expect(account.caller(one.accessKeyId)).rejects.toThrow('unknown-key')
    await expect(account.caller(one.accessKeyId, two.sessionToken)).rejects.toThrow('invalid-token')
    await expect(account.caller(one.accessKeyId, 'nonsense')).rejects.toThrow('invalid-token')
    const changed = `${one.sessionToken.slice(0, 40)}${one.sessionToken[40] === 'A' ? 'B' : 'A'}${one.sessionToken.slice(41)}`
    await expect(account.caller(one.accessKeyId, changed)).rejects.toThrow('invalid-token')
    await expect(account.caller(one.accessKeyId, `${one.sessionToken} `)).rejects.toThrow('invalid-token')
  })

  it('expire', async () => {
    const session = await account.iam.credentialsFor(await account.role('r'), 'fn', source)
    await account.clock.advance(session.expiresMs - account.clock.now() - 1)
    await account.caller(session.accessKeyId, session.sessionToken)
    await account.clock.advance(1)
    await expect(account.caller(session.accessKeyId, session.sessionToken)).rejects.toThrow('expired-token')
  })

  it('end with their role, also when one of the same name comes after it', async () => {
    const session = await account.iam.credentialsFor(await account.role('r'), 'fn', source)
    await account.caller(session.accessKeyId, session.sessionToken)
    await account.call('iam', 'DeleteRole', { RoleName: 'r' })
    await expect(account.caller(session.accessKeyId, session.sessionToken)).rejects.toThrow('invalid-token')
    await account.role('r')
    await expect(account.caller(session.accessKeyId, session.sessionToken)).rejects.toThrow('invalid-token')
  })

  it('outlive a restart of the server', async () => {
    const session = await account.iam.credentialsFor(await account.role('r'), 'fn', source)
    expect(await new Account(account.store).caller(session.accessKeyId, session.sessionToken)).toEqual(session.caller)
  })
})

describe('policies', () => {
  it('that change count for the next call of a session', async () => {
    const roleArn = await account.role('r', TRUST_LAMBDA, policyOf('Allow', 's3:GetObject'))
    const { caller } = await account.iam.credentialsFor(roleArn, 'fn', source)
    expect(await account.may(caller, 's3:GetObject', 'arn:aws:s3:::b/k')).toBe(true)
    const denied = { RoleName: 'r', PolicyName: 'inline', PolicyDocument: policyOf('Deny', 's3:*') }
    await account.call('iam', 'PutRolePolicy', denied)
    expect(await account.may(caller, 's3:GetObject', 'arn:aws:s3:::b/k')).toBe(false)
    const { reason } = await account.decide(caller, { action: 's3:GetObject', resource: 'arn:aws:s3:::b/k' })
    expect(reason).toBe(' with an explicit deny in an identity-based policy')
  })

  it('that change on another server of the same store count here too', async () => {
    const { caller } = await account.iam.credentialsFor(
      await account.role('r', TRUST_LAMBDA, policyOf('Allow', 's3:GetObject')),
      'fn',
      source,
    )
    expect(await account.may(caller, 's3:GetObject')).toBe(true)
    await new Account(account.store).call('iam', 'DeleteRolePolicy', { RoleName: 'r', PolicyName: 'inline' })
    expect(await account.may(caller, 's3:GetObject')).toBe(false)
  })

  it('come from inline, attached and group policies', async () => {
    const bob = await account.user('bob', policyOf('Allow', 's3:GetObject'))
    await account.call('iam', 'AttachUserPolicy', {
      UserName: 'bob',
      PolicyArn: 'arn:aws:iam::aws:policy/AWSLambda_ReadOnlyAccess',
    })
    await account.call('iam', 'CreateGroup', { GroupName: 'g' })
    await account.call('iam', 'PutGroupPolicy', {
      GroupName: 'g',
      PolicyName: 'q',
      PolicyDocument: policyOf('Allow', 'sqs:*'),
    })
    expect(await account.may(bob, 'sqs:SendMessage')).toBe(false)
    await account.call('iam', 'AddUserToGroup', { GroupName: 'g', UserName: 'bob' })
    for (const action of ['s3:GetObject', 'lambda:ListFunctions', 'sqs:SendMessage']) {
      expect(await account.may(bob, action)).toBe(true)
    }
    expect(await account.may(bob, 's3:PutObject')).toBe(false)
  })

  it('of a new default version are the ones that count', async () => {
    const PolicyArn = `arn:aws:iam::${ACCOUNT}:policy/p`
    await account.call('iam', 'CreatePolicy', { PolicyName: 'p', PolicyDocument: policyOf('Allow', 's3:GetObject') })
    const bob = await account.user('bob')
    await account.call('iam', 'AttachUserPolicy', { UserName: 'bob', PolicyArn })
    const PolicyDocument = policyOf('Allow', 's3:PutObject')
    await account.call('iam', 'CreatePolicyVersion', { PolicyArn, PolicyDocument })
    expect(await account.may(bob, 's3:PutObject')).toBe(false)
    await account.call('iam', 'SetDefaultPolicyVersion', { PolicyArn, VersionId: 'v2' })
    expect(await account.may(bob, 's3:PutObject')).toBe(true)
    expect(await account.may(bob, 's3:GetObject')).toBe(false)
  })

  it('are capped by a permissions boundary', async () => {
    await account.call('iam', 'CreatePolicy', { PolicyName: 'cap', PolicyDocument: policyOf('Allow', 's3:*') })
    const bob = await account.user('bob', policyOf('Allow', 'lambda:*'))
    const PermissionsBoundary = `arn:aws:iam::${ACCOUNT}:policy/cap`
    await account.call('iam', 'PutUserPermissionsBoundary', { UserName: 'bob', PermissionsBoundary })
    const { reason } = await account.decide(bob, { action: 'lambda:ListFunctions', resource: '*' })
    expect(reason).toBe(' because no permissions boundary allows the lambda:ListFunctions action')
    expect(await account.refusal('iam', 'DeletePolicy', { PolicyArn: PermissionsBoundary })).toMatch(
      /^409 DeleteConflict/,
    )
    await account.call('iam', 'DeleteUserPermissionsBoundary', { UserName: 'bob' })
    expect(await account.may(bob, 'lambda:ListFunctions')).toBe(true)
  })

  it('of a user that was deleted allow nothing, also to one of the same name', async () => {
    const bob = await account.user('bob', policyOf('Allow', 's3:*'))
    const { AccessKeyMetadata } = await account.call('iam', 'ListAccessKeys', { UserName: 'bob' })
    const AccessKeyId = AccessKeyMetadata?.[0]?.AccessKeyId as string
    await account.call('iam', 'DeleteAccessKey', { UserName: 'bob', AccessKeyId })
    await account.call('iam', 'DeleteUserPolicy', { UserName: 'bob', PolicyName: 'inline' })
    await account.call('iam', 'DeleteUser', { UserName: 'bob' })
    await account.user('bob', policyOf('Allow', 's3:*'))
    expect(await account.may(bob, 's3:GetObject')).toBe(false)
  })
})
