import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { testPackage } from '../test-package.ts'
import { ROLE, TestLambda } from '../testing.ts'

let world: TestLambda
beforeEach(async () => {
  world = await TestLambda.start()
})
afterEach(() => world[Symbol.asyncDispose]())

const PROFILE = 'arn:aws:signer:us-east-1:123456789012:/signing-profiles/p/abcdef0123'
const PUBLISHERS = { SigningProfileVersionArns: [PROFILE] }
const create = (UntrustedArtifactOnDeployment?: 'Warn' | 'Enforce') =>
  world.call('CreateCodeSigningConfig', {
    AllowedPublishers: PUBLISHERS,
    ...(UntrustedArtifactOnDeployment && { CodeSigningPolicies: { UntrustedArtifactOnDeployment } }),
  })
const arnOf = async (policy?: 'Warn' | 'Enforce') =>
  (await create(policy)).CodeSigningConfig?.CodeSigningConfigArn as string
const createFunction = (CodeSigningConfigArn?: string) =>
  world.call('CreateFunction', {
    FunctionName: 'f',
    Runtime: 'nodejs24.x',
    Handler: 'index.handler',
    Role: ROLE,
    Code: { ZipFile: testPackage() },
    CodeSigningConfigArn,
  })

describe('a code signing configuration', () => {
  it('is kept, changed, listed, tagged and deleted', async () => {
    const { CodeSigningConfig: created } = await create()
    expect(created).toMatchObject({
      CodeSigningConfigId: expect.stringMatching(/^csc-[a-z0-9]{17}$/),
      AllowedPublishers: PUBLISHERS,
      CodeSigningPolicies: { UntrustedArtifactOnDeployment: 'Warn' },
    })
    const CodeSigningConfigArn = created?.CodeSigningConfigArn as string
    await world.call('UpdateCodeSigningConfig', { CodeSigningConfigArn, Description: 'mine' })
    const got = await world.call('GetCodeSigningConfig', { CodeSigningConfigArn })
    expect(got.CodeSigningConfig).toMatchObject({ Description: 'mine', AllowedPublishers: PUBLISHERS })
    await world.call('TagResource', { Resource: CodeSigningConfigArn, Tags: { a: '1' } })
    expect((await world.call('ListTags', { Resource: CodeSigningConfigArn })).Tags).toEqual({ a: '1' })
    expect((await world.call('ListCodeSigningConfigs', {})).CodeSigningConfigs).toEqual([got.CodeSigningConfig])
    await world.call('DeleteCodeSigningConfig', { CodeSigningConfigArn })
    await expect(world.call('GetCodeSigningConfig', { CodeSigningConfigArn })).rejects.toMatchObject({
      code: 'CodeSigningConfigNotFoundException',
      status: 404,
    })
  })

  it('belongs to functions, and stays while it does', async () => {
    const CodeSigningConfigArn = await arnOf()
    const created = await createFunction(CodeSigningConfigArn)
    const list = () => world.call('ListFunctionsByCodeSigningConfig', { CodeSigningConfigArn })
    expect((await list()).FunctionArns).toEqual([created.FunctionArn])
    expect(await world.call('GetFunctionCodeSigningConfig', { FunctionName: 'f' })).toEqual({
      CodeSigningConfigArn,
      FunctionName: 'f',
    })
    await expect(world.call('DeleteCodeSigningConfig', { CodeSigningConfigArn })).rejects.toMatchObject({
      code: 'ResourceConflictException',
    })
    await world.call('DeleteFunctionCodeSigningConfig', { FunctionName: 'f' })
    expect((await list()).FunctionArns).toEqual([])
    await world.call('PutFunctionCodeSigningConfig', { FunctionName: 'f', CodeSigningConfigArn })
    await world.call('DeleteFunction', { FunctionName: 'f' })
    await world.call('DeleteCodeSigningConfig', { CodeSigningConfigArn })
  })

  it('that enforces signatures lets no code in, for none is signed', async () => {
    const CodeSigningConfigArn = await arnOf('Enforce')
    const refused = { code: 'CodeVerificationFailedException', status: 400 }
    await expect(createFunction(CodeSigningConfigArn)).rejects.toMatchObject(refused)
    await createFunction()
    await world.call('PutFunctionCodeSigningConfig', { FunctionName: 'f', CodeSigningConfigArn })
    const update = () =>
      world.call('UpdateFunctionCode', { FunctionName: 'f', ZipFile: testPackage({ 'index.mjs': '2' }) })
    await expect(update()).rejects.toMatchObject(refused)
    await world.call('UpdateCodeSigningConfig', {
      CodeSigningConfigArn,
      CodeSigningPolicies: { UntrustedArtifactOnDeployment: 'Warn' },
    })
    await update()
  })
})

describe('runtime management', () => {
  it('is automatic unless told, by version', async () => {
    await createFunction()
    const get = (Qualifier?: string) => world.call('GetRuntimeManagementConfig', { FunctionName: 'f', Qualifier })
    expect(await get()).toMatchObject({ UpdateRuntimeOn: 'Auto' })
    await world.call('PublishVersion', { FunctionName: 'f' })
    await world.call('PutRuntimeManagementConfig', { FunctionName: 'f', UpdateRuntimeOn: 'FunctionUpdate' })
    expect([(await get()).UpdateRuntimeOn, (await get('1')).UpdateRuntimeOn]).toEqual(['FunctionUpdate', 'Auto'])
  })

  it('refuses to pin a version of a runtime', async () => {
    await createFunction()
    const RuntimeVersionArn = `arn:aws:lambda:us-east-1::runtime:${'0'.repeat(64)}`
    await expect(
      world.call('PutRuntimeManagementConfig', { FunctionName: 'f', UpdateRuntimeOn: 'Manual', RuntimeVersionArn }),
    ).rejects.toMatchObject({ code: 'InvalidParameterValueException' })
  })
})

describe('InvokeAsync', () => {
  it('queues an event as Invoke does', async () => {
    await createFunction()
    async function* body() {
      yield Buffer.from('{"a"')
      yield Buffer.from(':1}')
    }
    expect(await world.call('InvokeAsync', { FunctionName: 'f', InvokeArgs: body() as never })).toEqual({ Status: 202 })
    await world.settle()
    expect(world.executor.runs.map(({ payload }) => payload)).toEqual(['{"a":1}'])
  })
})
