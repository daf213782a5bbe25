import { beforeEach, describe, expect, it } from 'vitest'
import { ACCOUNT, Account, policyOf, TRUST_LAMBDA, trustOf } from './account.fixture.ts'

let account: Account
beforeEach(() => {
  account = new Account()
})

const ROLE_R = { RoleName: 'r', AssumeRolePolicyDocument: TRUST_LAMBDA }
const BASIC_EXECUTION = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole'
const READ_S3 = policyOf('Allow', 's3:GetObject')

describe('roles', () => {
  it('are created with an ARN of path and name, a unique id and an encoded trust policy', async () => {
    const { Role } = await account.call('iam', 'CreateRole', {
      ...ROLE_R,
      Path: '/service-role/',
      Description: 'runs f',
      Tags: [{ Key: 'a', Value: '1' }],
    })
    expect(Role).toMatchObject({
      Arn: `arn:aws:iam::${ACCOUNT}:role/service-role/r`,
      RoleId: expect.stringMatching(/^AROA[A-Z2-7]{17}$/),
      CreateDate: new Date(account.clock.now()),
      MaxSessionDuration: 3600,
      Tags: [{ Key: 'a', Value: '1' }],
    })
    expect(Role?.AssumeRolePolicyDocument).not.toMatch(/[{":]/)
    expect(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')).toBe(TRUST_LAMBDA)
    const found = await account.call('iam', 'GetRole', { RoleName: 'r' })
    expect(found.Role).toEqual(Role)
  })

  it('have names that are unique whatever their case and path', async () => {
    await account.call('iam', 'CreateRole', ROLE_R)
    expect(await account.refusal('iam', 'CreateRole', { ...ROLE_R, RoleName: 'R', Path: '/x/' })).toBe(
      '409 EntityAlreadyExists: Role with name R already exists.',
    )
  })

  it('that do not exist are not found', async () => {
    const missing = '404 NoSuchEntity: The role with name x cannot be found.'
    expect(await account.refusal('iam', 'GetRole', { RoleName: 'x' })).toBe(missing)
    expect(await account.refusal('iam', 'DeleteRole', { RoleName: 'x' })).toBe(missing)
    expect(await account.refusal('iam', 'ListRolePolicies', { RoleName: 'x' })).toBe(missing)
    expect(await account.refusal('iam', 'AttachRolePolicy', { RoleName: 'x', PolicyArn: BASIC_EXECUTION })).toBe(
      missing,
    )
  })

  it.each([
    ['{', 'This policy contains invalid Json'],
    ['{"Statement":[{"Effect":"Allow"}]}', 'Missing required field Principal'],
    [trustOf({ Service: 'lambda.amazonaws.com' }, { Resource: '*' }), 'Has prohibited field Resource.'],
  ])('refuse the trust policy %s', async (document, message) => {
    expect(await account.refusal('iam', 'CreateRole', { RoleName: 'r', AssumeRolePolicyDocument: document })).toBe(
      `400 MalformedPolicyDocument: ${message}`,
    )
  })

  it('are deleted only when no policy is attached or inline', async () => {
    await account.role('r', TRUST_LAMBDA, READ_S3)
    await account.call('iam', 'AttachRolePolicy', { RoleName: 'r', PolicyArn: BASIC_EXECUTION })
    expect(await account.refusal('iam', 'DeleteRole', { RoleName: 'r' })).toBe(
      '409 DeleteConflict: Cannot delete entity, must detach all policies first.',
    )
    await account.call('iam', 'DetachRolePolicy', { RoleName: 'r', PolicyArn: BASIC_EXECUTION })
    expect(await account.refusal('iam', 'DeleteRole', { RoleName: 'r' })).toBe(
      '409 DeleteConflict: Cannot delete entity, must delete policies first.',
    )
    await account.call('iam', 'DeleteRolePolicy', { RoleName: 'r', PolicyName: 'inline' })
    expect(await account.call('iam', 'ListInstanceProfilesForRole', { RoleName: 'r' })).toEqual({
      InstanceProfiles: [],
      IsTruncated: false,
    })
    await account.call('iam', 'DeleteRole', { RoleName: 'r' })
    expect((await account.call('iam', 'ListRoles', {})).Roles).toEqual([])
  })

  it('are updated one member at a time', async () => {
    await account.call('iam', 'CreateRole', { ...ROLE_R, Description: 'old' })
    await account.call('iam', 'UpdateRole', { RoleName: 'r', MaxSessionDuration: 7200 })
    const trust = trustOf({ AWS: ACCOUNT })
    await account.call('iam', 'UpdateAssumeRolePolicy', { RoleName: 'r', PolicyDocument: trust })
    const { Role } = await account.call('iam', 'GetRole', { RoleName: 'r' })
    expect(Role).toMatchObject({ Description: 'old', MaxSessionDuration: 7200 })
    expect(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')).toBe(trust)
  })

  it('are listed page by page below a path', async () => {
    for (const name of ['b', 'a', 'C', 'd']) {
      await account.call('iam', 'CreateRole', { ...ROLE_R, RoleName: name, Path: name === 'd' ? '/' : '/p/' })
    }
    const first = await account.call('iam', 'ListRoles', { PathPrefix: '/p/', MaxItems: 2 })
    expect(first.Roles?.map((role) => role.RoleName)).toEqual(['a', 'b'])
    expect(first.IsTruncated).toBe(true)
    const second = await account.call('iam', 'ListRoles', { PathPrefix: '/p/', MaxItems: 2, Marker: first.Marker })
    expect(second.Roles?.map((role) => role.RoleName)).toEqual(['C'])
    expect(second).toMatchObject({ IsTruncated: false })
    expect(second.Marker).toBeUndefined()
  })

  it('are tagged, with keys that differ in more than case', async () => {
    await account.role('r')
    await account.call('iam', 'TagRole', {
      RoleName: 'r',
      Tags: [
        { Key: 'Team', Value: 'a' },
        { Key: 'x', Value: '' },
      ],
    })
    await account.call('iam', 'TagRole', { RoleName: 'r', Tags: [{ Key: 'team', Value: 'b' }] })
    await account.call('iam', 'UntagRole', { RoleName: 'r', TagKeys: ['X'] })
    expect(await account.call('iam', 'ListRoleTags', { RoleName: 'r' })).toEqual({
      Tags: [{ Key: 'team', Value: 'b' }],
      IsTruncated: false,
    })
    const twice = [
      { Key: 'a', Value: '1' },
      { Key: 'A', Value: '2' },
    ]
    expect(await account.refusal('iam', 'TagRole', { RoleName: 'r', Tags: twice })).toBe(
      '400 InvalidInput: Duplicate tag keys found. Please note that Tag keys are case insensitive.',
    )
  })

  it('refuse names that the model forbids', async () => {
    expect(await account.refusal('iam', 'CreateRole', { ...ROLE_R, RoleName: 'a b' })).toMatch(
      /^400 ValidationError: 1 validation error detected/,
    )
  })
})

describe('inline policies', () => {
  it('are put, read encoded, replaced, listed and deleted', async () => {
    await account.role('r')
    const put = (PolicyDocument: string) =>
      account.call('iam', 'PutRolePolicy', { RoleName: 'r', PolicyName: 'p', PolicyDocument })
    await put(policyOf('Allow', 's3:*'))
    await put(READ_S3)
    const found = await account.call('iam', 'GetRolePolicy', { RoleName: 'r', PolicyName: 'p' })
    expect(found).toMatchObject({ RoleName: 'r', PolicyName: 'p' })
    expect(decodeURIComponent(found.PolicyDocument ?? '')).toBe(READ_S3)
    expect((await account.call('iam', 'ListRolePolicies', { RoleName: 'r' })).PolicyNames).toEqual(['p'])
    await account.call('iam', 'DeleteRolePolicy', { RoleName: 'r', PolicyName: 'p' })
    const missing = '404 NoSuchEntity: The role policy with name p cannot be found.'
    expect(await account.refusal('iam', 'GetRolePolicy', { RoleName: 'r', PolicyName: 'p' })).toBe(missing)
    expect(await account.refusal('iam', 'DeleteRolePolicy', { RoleName: 'r', PolicyName: 'p' })).toBe(missing)
  })

  it.each([
    [
      '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Resource":"*"}]}',
      'Policy statement must contain actions.',
    ],
    [policyOf('Allow', 'GetObject'), 'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.'],
    [policyOf('Allow', 's3:*', 'bucket'), 'Resource bucket must be in ARN format or "*".'],
  ])('refuse %s', async (PolicyDocument, message) => {
    await account.role('r')
    expect(await account.refusal('iam', 'PutRolePolicy', { RoleName: 'r', PolicyName: 'p', PolicyDocument })).toBe(
      `400 MalformedPolicyDocument: ${message}`,
    )
  })

  it('of a user have 2,048 characters together, white space not counted', async () => {
    await account.user('bob')
    const put = (PolicyName: string, bytes: number) =>
      account.refusal('iam', 'PutUserPolicy', {
        UserName: 'bob',
        PolicyName,
        PolicyDocument: policyOf('Allow', 's3:*', `arn:aws:s3:::${'x'.repeat(bytes)}`) + ' '.repeat(3000),
      })
    expect(await put('p', 1200)).toBe('no error')
    expect(await put('q', 1200)).toBe('409 LimitExceeded: Maximum policy size of 2048 bytes exceeded for user bob')
    expect(await put('p', 1300)).toBe('no error')
  })
})

describe('managed policies', () => {
  const arn = `arn:aws:iam::${ACCOUNT}:policy/p`
  const create = () => account.call('iam', 'CreatePolicy', { PolicyName: 'p', PolicyDocument: READ_S3 })

  it('are created once, with a first version', async () => {
    const { Policy } = await create()
    expect(Policy).toMatchObject({ Arn: arn, DefaultVersionId: 'v1', AttachmentCount: 0, IsAttachable: true })
    expect(Policy?.PolicyId).toMatch(/^ANPA/)
    expect(await account.refusal('iam', 'CreatePolicy', { PolicyName: 'P', PolicyDocument: READ_S3 })).toBe(
      '409 EntityAlreadyExists: A policy called P already exists. Duplicate names are not allowed.',
    )
    const { PolicyVersion } = await account.call('iam', 'GetPolicyVersion', { PolicyArn: arn, VersionId: 'v1' })
    expect(decodeURIComponent(PolicyVersion?.Document ?? '')).toBe(READ_S3)
  })

  it('have five versions at most, and a default that cannot be deleted', async () => {
    await create()
    const newVersion = (SetAsDefault = false) =>
      account.refusal('iam', 'CreatePolicyVersion', { PolicyArn: arn, PolicyDocument: READ_S3, SetAsDefault })
    for (let count = 2; count <= 5; count++) expect(await newVersion(count === 5)).toBe('no error')
    expect(await newVersion()).toBe(
      '409 LimitExceeded: A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.',
    )
    const remove = (VersionId: string) => account.refusal('iam', 'DeletePolicyVersion', { PolicyArn: arn, VersionId })
    expect(await remove('v5')).toBe('409 DeleteConflict: Cannot delete the default version of a policy.')
    expect(await remove('v1')).toBe('no error')
    expect(await remove('v1')).toMatch(/^404 NoSuchEntity/)
    await account.call('iam', 'SetDefaultPolicyVersion', { PolicyArn: arn, VersionId: 'v2' })
    const { Versions } = await account.call('iam', 'ListPolicyVersions', { PolicyArn: arn })
    expect(Versions?.map((version) => [version.VersionId, version.IsDefaultVersion])).toEqual([
      ['v5', false],
      ['v4', false],
      ['v3', false],
      ['v2', true],
    ])
  })

  it('count their attachments and cannot be deleted while there is one', async () => {
    await create()
    await account.role('r')
    await account.user('bob')
    await account.call('iam', 'AttachRolePolicy', { RoleName: 'r', PolicyArn: arn })
    await account.call('iam', 'AttachRolePolicy', { RoleName: 'r', PolicyArn: arn })
    await account.call('iam', 'AttachUserPolicy', { UserName: 'bob', PolicyArn: arn })
    expect((await account.call('iam', 'GetPolicy', { PolicyArn: arn })).Policy?.AttachmentCount).toBe(2)
    const entities = await account.call('iam', 'ListEntitiesForPolicy', { PolicyArn: arn })
    expect(entities.PolicyRoles?.map((role) => role.RoleName)).toEqual(['r'])
    expect(entities.PolicyUsers?.map((user) => user.UserName)).toEqual(['bob'])
    expect(await account.refusal('iam', 'DeletePolicy', { PolicyArn: arn })).toBe(
      '409 DeleteConflict: Cannot delete a policy attached to entities.',
    )
    expect((await account.call('iam', 'ListAttachedRolePolicies', { RoleName: 'r' })).AttachedPolicies).toEqual([
      { PolicyName: 'p', PolicyArn: arn },
    ])
    await account.call('iam', 'DetachRolePolicy', { RoleName: 'r', PolicyArn: arn })
    await account.call('iam', 'DetachUserPolicy', { UserName: 'bob', PolicyArn: arn })
    expect(await account.refusal('iam', 'DetachUserPolicy', { UserName: 'bob', PolicyArn: arn })).toMatch(
      /^404 NoSuchEntity/,
    )
    await account.call('iam', 'DeletePolicy', { PolicyArn: arn })
    expect(await account.refusal('iam', 'GetPolicy', { PolicyArn: arn })).toBe(
      `404 NoSuchEntity: Policy ${arn} was not found.`,
    )
  })

  it('of AWS can be read and attached, and changed by nobody', async () => {
    await account.role('r')
    await account.call('iam', 'AttachRolePolicy', { RoleName: 'r', PolicyArn: BASIC_EXECUTION })
    const { Policy } = await account.call('iam', 'GetPolicy', { PolicyArn: BASIC_EXECUTION })
    expect(Policy).toMatchObject({
      PolicyName: 'AWSLambdaBasicExecutionRole',
      Path: '/service-role/',
      AttachmentCount: 1,
    })
    const version = await account.call('iam', 'GetPolicyVersion', { PolicyArn: BASIC_EXECUTION, VersionId: 'v1' })
    expect(decodeURIComponent(version.PolicyVersion?.Document ?? '')).toContain('logs:PutLogEvents')
    expect(await account.refusal('iam', 'DeletePolicy', { PolicyArn: BASIC_EXECUTION })).toMatch(/^403 AccessDenied/)
  })

  it('that do not exist cannot be attached', async () => {
    await account.role('r')
    const attach = (PolicyArn: string) => account.refusal('iam', 'AttachRolePolicy', { RoleName: 'r', PolicyArn })
    expect(await attach('arn:aws:iam::aws:policy/Nothing')).toBe(
      '404 NoSuchEntity: Policy arn:aws:iam::aws:policy/Nothing does not exist or is not attachable.',
    )
    expect(await attach('this-is-no-arn-at-all')).toBe('400 ValidationError: Invalid ARN:  Could not be parsed!')
  })

  it('are listed: the own first, AWS’s after them, in pages', async () => {
    await create()
    const names: (string | undefined)[] = []
    let Marker: string | undefined
    do {
      const page = await account.call('iam', 'ListPolicies', { MaxItems: 3, ...(Marker && { Marker }) })
      names.push(...(page.Policies ?? []).map((policy) => policy.PolicyName))
      Marker = page.Marker
    } while (Marker !== undefined)
    expect(names[0]).toBe('p')
    expect(names).toContain('AWSLambdaExecute')
    expect(new Set(names).size).toBe(names.length)
    const local = await account.call('iam', 'ListPolicies', { Scope: 'Local' })
    expect(local.Policies?.map((policy) => policy.PolicyName)).toEqual(['p'])
    expect((await account.call('iam', 'ListPolicies', { OnlyAttached: true })).Policies).toEqual([])
  })
})

describe('users and their access keys', () => {
  it('work with a key until it is switched off or deleted', async () => {
    await account.call('iam', 'CreateUser', { UserName: 'bob', Path: '/team/' })
    const { AccessKey } = await account.call('iam', 'CreateAccessKey', { UserName: 'bob' })
    const AccessKeyId = AccessKey?.AccessKeyId as string
    expect(await account.iam.credentialLookup(AccessKeyId, undefined)).toMatchObject({
      ok: true,
      secretAccessKey: AccessKey?.SecretAccessKey,
      caller: { kind: 'user', userName: 'bob', arn: `arn:aws:iam::${ACCOUNT}:user/team/bob` },
    })
    await account.call('iam', 'UpdateAccessKey', { UserName: 'bob', AccessKeyId, Status: 'Inactive' })
    await expect(account.caller(AccessKeyId)).rejects.toThrow('inactive')
    await account.call('iam', 'UpdateAccessKey', { UserName: 'bob', AccessKeyId, Status: 'Active' })
    await account.caller(AccessKeyId)
    await account.call('iam', 'DeleteAccessKey', { UserName: 'bob', AccessKeyId })
    await expect(account.caller(AccessKeyId)).rejects.toThrow('unknown-key')
  })

  it('have two keys at most, listed without their secrets', async () => {
    await account.user('bob')
    await account.call('iam', 'CreateAccessKey', { UserName: 'bob' })
    expect(await account.refusal('iam', 'CreateAccessKey', { UserName: 'bob' })).toBe(
      '409 LimitExceeded: Cannot exceed quota for AccessKeysPerUser: 2',
    )
    const { AccessKeyMetadata } = await account.call('iam', 'ListAccessKeys', { UserName: 'bob' })
    expect(AccessKeyMetadata).toHaveLength(2)
    expect(Object.keys(AccessKeyMetadata?.[0] ?? {})).not.toContain('SecretAccessKey')
  })

  it('are told about themselves without a name', async () => {
    const bob = await account.user(
      'bob',
      policyOf('Allow', 'iam:GetUser', `arn:aws:iam::${ACCOUNT}:user/\${aws:username}`),
    )
    expect((await account.call('iam', 'GetUser', {}, bob)).User?.UserName).toBe('bob')
    expect(await account.refusal('iam', 'GetUser', { UserName: 'eve' }, bob)).toMatch(
      /^403 AccessDenied: User: .*user\/bob is not authorized to perform: iam:GetUser on resource: .*user\/eve because no identity-based policy allows/,
    )
    await account.iam.ensureRoot()
    expect((await account.call('iam', 'GetUser', {})).User).toMatchObject({
      UserId: ACCOUNT,
      Arn: `arn:aws:iam::${ACCOUNT}:root`,
    })
  })

  it('are deleted only when nothing hangs on them', async () => {
    await account.user('bob', READ_S3)
    await account.call('iam', 'CreateGroup', { GroupName: 'g' })
    await account.call('iam', 'AddUserToGroup', { GroupName: 'g', UserName: 'bob' })
    const remove = () => account.refusal('iam', 'DeleteUser', { UserName: 'bob' })
    expect(await remove()).toBe('409 DeleteConflict: Cannot delete entity, must delete policies first.')
    await account.call('iam', 'DeleteUserPolicy', { UserName: 'bob', PolicyName: 'inline' })
    expect(await remove()).toBe('409 DeleteConflict: Cannot delete entity, must delete access keys first.')
    const { AccessKeyMetadata } = await account.call('iam', 'ListAccessKeys', { UserName: 'bob' })
    const AccessKeyId = AccessKeyMetadata?.[0]?.AccessKeyId as string
    await account.call('iam', 'DeleteAccessKey', { UserName: 'bob', AccessKeyId })
    expect(await remove()).toBe('409 DeleteConflict: Cannot delete entity, must remove users from group first.')
    expect(await account.refusal('iam', 'DeleteGroup', { GroupName: 'g' })).toMatch(/^409 DeleteConflict/)
    await account.call('iam', 'RemoveUserFromGroup', { GroupName: 'g', UserName: 'bob' })
    expect(await remove()).toBe('no error')
    expect(await account.refusal('iam', 'DeleteGroup', { GroupName: 'g' })).toBe('no error')
    const { SummaryMap } = await account.call('iam', 'GetAccountSummary', {})
    expect(SummaryMap).toMatchObject({ Users: 0, Groups: 0 })
  })
})

describe('simulation', () => {
  it('says what the policies of a principal would decide', async () => {
    const RoleArn = await account.role('r', TRUST_LAMBDA, policyOf('Allow', 's3:Get*', 'arn:aws:s3:::b/*'))
    const { EvaluationResults } = await account.call('iam', 'SimulatePrincipalPolicy', {
      PolicySourceArn: RoleArn,
      ActionNames: ['s3:GetObject', 's3:PutObject'],
      ResourceArns: ['arn:aws:s3:::b/k'],
      PolicyInputList: [policyOf('Deny', 's3:PutObject')],
    })
    expect(EvaluationResults?.map((result) => [result.EvalActionName, result.EvalDecision])).toEqual([
      ['s3:GetObject', 'allowed'],
      ['s3:PutObject', 'explicitDeny'],
    ])
  })
})
