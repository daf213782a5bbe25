import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { iamAccessKey } from '../../src/services/cloudformation/resource-types/iam/access-key.ts'
import { iamGroup } from '../../src/services/cloudformation/resource-types/iam/group.ts'
import { iamInstanceProfile } from '../../src/services/cloudformation/resource-types/iam/instance-profile.ts'
import { iamManagedPolicy } from '../../src/services/cloudformation/resource-types/iam/managed-policy.ts'
import { iamPolicy } from '../../src/services/cloudformation/resource-types/iam/policy.ts'
import {
  iamGroupPolicy,
  iamRolePolicy,
  iamUserPolicy,
} from '../../src/services/cloudformation/resource-types/iam/principal-policy.ts'
import { iamRole } from '../../src/services/cloudformation/resource-types/iam/role.ts'
import { iamUser } from '../../src/services/cloudformation/resource-types/iam/user.ts'
import { iamUserToGroupAddition } from '../../src/services/cloudformation/resource-types/iam/user-to-group-addition.ts'
import type { TemplateObject } from '../../src/template/template.ts'
import { ACCOUNT, allow, ResourceHouse, trust } from './resource-house.ts'
import { live } from './resource-life.ts'

const BASIC = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole'
const READ_ONLY = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'
const GetObject = allow(['s3:GetObject'])
const PutObject = allow(['s3:PutObject'])

let house: ResourceHouse
beforeEach(async () => {
  house = await ResourceHouse.start()
})
afterEach(() => house[Symbol.asyncDispose]())

const policy = (PolicyName: string, PolicyDocument: TemplateObject) => ({ PolicyName, PolicyDocument })

/** A role, a user and a group that no stack has made. */
async function makePrincipals(): Promise<void> {
  await house.functionRole('r')
  await house.call('iam', 'CreateUser', { UserName: 'u' })
  await house.call('iam', 'CreateGroup', { GroupName: 'g' })
}

describe('a role', () => {
  const AssumeRolePolicyDocument = trust('lambda.amazonaws.com')

  it('lives with everything a template can say of it', async () => {
    await live(house, {
      type: iamRole,
      properties: {
        RoleName: 'named',
        Path: '/apps/',
        AssumeRolePolicyDocument,
        Description: 'runs functions',
        MaxSessionDuration: '7200',
        PermissionsBoundary: READ_ONLY,
        ManagedPolicyArns: [BASIC],
        Policies: [policy('one', GetObject), policy('two', PutObject)],
        Tags: [{ Key: 'a', Value: '1' }],
      },
      changes: [
        { RoleName: 'named', Path: '/apps/', AssumeRolePolicyDocument: trust('s3.amazonaws.com') },
        {
          RoleName: 'named',
          Path: '/apps/',
          AssumeRolePolicyDocument,
          ManagedPolicyArns: [READ_ONLY, BASIC],
          Policies: [policy('two', GetObject)],
          Tags: [{ Key: 'b', Value: '2' }],
        },
      ],
    })
  })

  it('has the tags of its stack, without the marks of CloudFormation', async () => {
    const resource = house.resource(iamRole, { tags: { team: 'a' } })
    const { physicalId: RoleName } = await resource.create({ AssumeRolePolicyDocument })
    expect((await house.call('iam', 'ListRoleTags', { RoleName })).Tags).toEqual([{ Key: 'team', Value: 'a' }])
    await resource.update({ AssumeRolePolicyDocument, Tags: [{ Key: 'own', Value: '1' }] })
    await resource.update({ AssumeRolePolicyDocument })
    expect((await house.call('iam', 'ListRoleTags', { RoleName })).Tags).toEqual([{ Key: 'team', Value: 'a' }])
    resource.stackTags = {}
    await resource.update({ AssumeRolePolicyDocument })
    expect((await house.call('iam', 'ListRoleTags', { RoleName })).Tags).toEqual([])
  })

  it('leaves nothing behind when one of its policies does not exist', async () => {
    const properties = {
      RoleName: 'half',
      AssumeRolePolicyDocument,
      Policies: [policy('one', GetObject)],
      ManagedPolicyArns: [BASIC, `arn:aws:iam::${ACCOUNT}:policy/absent`],
    }
    await expect(house.resource(iamRole).create(properties)).rejects.toMatchObject({ code: 'NoSuchEntity' })
    await expect(house.call('iam', 'GetRole', { RoleName: 'half' })).rejects.toMatchObject({ code: 'NoSuchEntity' })
  })

  it('that is there already is nobody else’s', async () => {
    await house.functionRole('mine')
    const properties = { RoleName: 'mine', AssumeRolePolicyDocument, Description: 'another' }
    for (const isRepeat of [false, true]) {
      await expect(house.resource(iamRole).create(properties, { isRepeat })).rejects.toThrow(
        'Role with name mine already exists.',
      )
    }
  })

  it('stays when others have attached something to it', async () => {
    const resource = house.resource(iamRole)
    const { physicalId: RoleName } = await resource.create({ AssumeRolePolicyDocument })
    await house.call('iam', 'AttachRolePolicy', { RoleName, PolicyArn: BASIC })
    await expect(resource.delete()).rejects.toThrow('Cannot delete entity, must detach all policies first.')
  })
})

it('a user lives with everything a template can say of it', async () => {
  await house.call('iam', 'CreateGroup', { GroupName: 'g' })
  await house.call('iam', 'CreateGroup', { GroupName: 'h' })
  const { existing } = await live(house, {
    type: iamUser,
    properties: {
      Path: '/people/',
      Groups: ['g', 'h'],
      PermissionsBoundary: READ_ONLY,
      ManagedPolicyArns: [READ_ONLY],
      Policies: [policy('one', GetObject)],
      Tags: [{ Key: 'a', Value: '1' }],
    },
    changes: [{ Path: '/people/' }, { Groups: ['h'], Policies: [policy('one', PutObject)] }],
  })
  expect(existing.attributes.Arn).toBe(`arn:aws:iam::${ACCOUNT}:user/people/${existing.physicalId}`)
})

it('a group lives with everything a template can say of it', async () => {
  await live(house, {
    type: iamGroup,
    properties: {
      GroupName: 'g',
      Path: '/teams/',
      ManagedPolicyArns: [READ_ONLY],
      Policies: [policy('one', GetObject)],
    },
    changes: [{ GroupName: 'g', Path: '/teams/' }],
  })
})

it.each([
  [iamUser, { UserName: 'u' }, { UserName: 'u', Path: '/other/' } as TemplateObject],
  [iamUser, { UserName: 'u' }, { UserName: 'u', Tags: [{ Key: 'a', Value: 'b' }] }],
  [iamGroup, { GroupName: 'g' }, { GroupName: 'g', Path: '/other/' }],
])('%j that is there already is taken for an earlier attempt only when it is the same', async (type, same, other) => {
  await makePrincipals()
  await expect(house.resource(type).create(same)).rejects.toMatchObject({ code: 'EntityAlreadyExists' })
  await expect(house.resource(type).create(other, { isRepeat: true })).rejects.toMatchObject({
    code: 'EntityAlreadyExists',
  })
  await house.resource(type).create(same, { isRepeat: true })
})

it('the path of a group stays', async () => {
  const resource = house.resource(iamGroup)
  await resource.create({})
  await expect(resource.update({ Path: '/other/' })).rejects.toMatchObject({ code: 'NotImplemented' })
})

it('users are added to a group', async () => {
  await makePrincipals()
  await house.call('iam', 'CreateUser', { UserName: 'v' })
  await house.call('iam', 'AddUserToGroup', { UserName: 'v', GroupName: 'g' })
  const resource = house.resource(iamUserToGroupAddition)
  await resource.create({ GroupName: 'g', Users: ['u'] })
  expect(await resource.read()).toEqual({ GroupName: 'g', Users: ['u'] })
  await resource.update({ GroupName: 'g', Users: ['v'] })
  const members = async () =>
    (await house.call('iam', 'GetGroup', { GroupName: 'g' })).Users?.map((user) => user.UserName)
  expect(await members()).toEqual(['v'])
  await resource.delete()
  await resource.delete()
  expect(await members()).toEqual([])
})

it('a policy lives in several principals', async () => {
  await makePrincipals()
  const properties = { PolicyName: 'p', PolicyDocument: GetObject, Roles: ['r'], Users: ['u'], Groups: ['g'] }
  await live(house, {
    type: iamPolicy,
    properties,
    changes: [
      { PolicyName: 'p', PolicyDocument: JSON.stringify(PutObject), Roles: ['r'] },
      { PolicyName: 'renamed', PolicyDocument: GetObject, Groups: ['g'] },
    ],
  })
  for (const [operation, name] of [
    ['ListUserPolicies', { UserName: 'u' }],
    ['ListGroupPolicies', { GroupName: 'g' }],
  ] as const) {
    expect((await house.call('iam', operation, name as never)).PolicyNames).toEqual([])
  }
})

it('a policy is in all of its principals or in none', async () => {
  await makePrincipals()
  const properties = { PolicyName: 'p', PolicyDocument: GetObject, Roles: ['r', 'absent'] }
  await expect(house.resource(iamPolicy).create(properties)).rejects.toMatchObject({ code: 'NoSuchEntity' })
  expect((await house.call('iam', 'ListRolePolicies', { RoleName: 'r' })).PolicyNames).toEqual(['all'])
})

it.each([
  [iamRolePolicy, { RoleName: 'r' }],
  [iamUserPolicy, { UserName: 'u' }],
  [iamGroupPolicy, { GroupName: 'g' }],
])('%j lives', async (type, name) => {
  await makePrincipals()
  await live(house, {
    type,
    properties: { ...name, ...policy('p', GetObject) },
    changes: [{ ...name, ...policy('p', PutObject) }],
  })
})

it('a managed policy lives, in one version at a time', async () => {
  await makePrincipals()
  const named = { ManagedPolicyName: 'm', Path: '/team/', Description: 'd' }
  const properties = { ...named, PolicyDocument: GetObject, Roles: ['r'], Users: ['u'] }
  const changes = [...'abcdefg'].map((letter) => ({ ...named, PolicyDocument: allow([`s3:${letter}`]), Groups: ['g'] }))
  const resource = house.resource(iamManagedPolicy)
  const made = await resource.create(properties)
  expect(made.physicalId).toBe(`arn:aws:iam::${ACCOUNT}:policy/team/m`)
  expect(made.attributes).toMatchObject({ AttachmentCount: 2, DefaultVersionId: 'v1' })
  expect((await resource.create(properties, { isRepeat: true })).physicalId).toBe(made.physicalId)
  expect(await resource.read()).toEqual(properties)
  for (const change of changes) {
    await resource.update(change)
    await resource.update(change, { isRepeat: true })
    expect(await resource.read()).toEqual(change)
  }
  const { Versions = [] } = await house.call('iam', 'ListPolicyVersions', { PolicyArn: made.physicalId })
  expect(Versions).toHaveLength(1)
  await resource.delete()
  await resource.delete()
  expect(await resource.read()).toBeUndefined()
})

it('an access key lives, and its secret is told', async () => {
  await makePrincipals()
  const resource = house.resource(iamAccessKey)
  const { physicalId, attributes } = await resource.create({ UserName: 'u', Serial: 1, Status: 'Inactive' })
  expect(attributes).toEqual({ Id: physicalId, SecretAccessKey: expect.stringMatching(/^.{40}$/) })
  expect(await resource.read()).toEqual({ UserName: 'u', Serial: 1, Status: 'Inactive' })
  await resource.update({ UserName: 'u', Serial: 1 })
  const keys = await house.call('iam', 'ListAccessKeys', { UserName: 'u' })
  expect(keys.AccessKeyMetadata).toMatchObject([{ AccessKeyId: physicalId, Status: 'Active' }])
  await resource.delete()
  await resource.delete()
  expect(await resource.read()).toBeUndefined()
})

it('an instance profile is a name and nothing more', async () => {
  const resource = house.resource(iamInstanceProfile)
  const properties = { InstanceProfileName: 'i', Roles: ['r'] }
  expect(await resource.create(properties)).toMatchObject({
    physicalId: 'i',
    attributes: { Arn: `arn:aws:iam::${ACCOUNT}:instance-profile/i` },
  })
  expect(await resource.read()).toEqual(properties)
  await resource.delete()
})
