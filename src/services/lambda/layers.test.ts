import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { testPackage } from './test-package.ts'
import { ACCOUNT, REGION, ROLE, TestLambda } from './testing.ts'

const LARN = `arn:aws:lambda:${REGION}:${ACCOUNT}:layer:L`
const CODE = { Runtime: 'nodejs22.x', Handler: 'index.handler', Role: ROLE, Code: { ZipFile: testPackage() } } as const

let test: TestLambda
beforeEach(async () => {
  test = await TestLambda.start()
})
afterEach(async () => {
  await test[Symbol.asyncDispose]()
  expect(test.failures).toEqual([])
})

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable('the call must fail'),
    ({ code, status, message }: { code: string; status: number; message: string }) => ({ code, status, message }),
  )
const publish = (content: string, more: object = {}) =>
  test.call('PublishLayerVersion', {
    LayerName: 'L',
    Content: { ZipFile: testPackage({ 'nodejs/node_modules/x/index.js': content }) },
    ...more,
  })
const version = (VersionNumber: number) => ({ LayerName: 'L', VersionNumber })
const create = (Layers: string[], FunctionName = 'F') => test.call('CreateFunction', { FunctionName, ...CODE, Layers })
const usedBytes = async () => (await test.call('GetAccountSettings', {})).AccountUsage?.TotalCodeSize

describe('layers', () => {
  it('are published in versions, and read as they were', async () => {
    const published = await publish('one', {
      Description: 'tools',
      CompatibleRuntimes: ['nodejs24.x'],
      CompatibleArchitectures: ['x86_64'],
      LicenseInfo: 'MIT',
    })
    expect(published).toMatchObject({
      LayerArn: LARN,
      LayerVersionArn: `${LARN}:1`,
      Version: 1,
      Description: 'tools',
      CompatibleRuntimes: ['nodejs24.x'],
      CompatibleArchitectures: ['x86_64'],
      LicenseInfo: 'MIT',
      CreatedDate: '2026-01-31T10:11:12.000+0000',
      Content: { CodeSha256: expect.stringMatching(/^.{44}$/), CodeSize: expect.any(Number) },
    })
    const read = await test.call('GetLayerVersion', version(1))
    expect(read).toEqual(published)
    expect(await test.call('GetLayerVersionByArn', { Arn: `${LARN}:1` })).toEqual(published)
    const location = new URL(read.Content?.Location ?? '')
    const zip = await test.lambda.links.open(location.pathname + location.search)
    expect(zip?.length).toBe(read.Content?.CodeSize)
  })

  it('never reuse a number, and a deleted version is gone for new functions only', async () => {
    await publish('one')
    await create([`${LARN}:1`])
    await test.call('DeleteLayerVersion', version(1))
    await test.call('DeleteLayerVersion', version(1))
    expect(await failure(test.call('GetLayerVersion', version(1)))).toMatchObject({
      status: 404,
      message: 'The resource you requested does not exist.',
    })
    expect((await publish('two')).Version).toBe(2)
    expect(await failure(create([`${LARN}:1`], 'G'))).toMatchObject({
      message: `Layer version ${LARN}:1 does not exist.`,
    })
    await test.clock.advance(2 * 3_600_000)
    await test.lambda.code.sweep()
    await test.call('Invoke', { FunctionName: 'F' })
    const [path = ''] = test.executor.runs[0]?.layerPaths ?? []
    expect(readFileSync(join(path, 'nodejs/node_modules/x/index.js'), 'utf8')).toBe('one')
  })

  it('count towards the code of the account until they are deleted', async () => {
    const { Content } = await publish('one')
    expect(await usedBytes()).toBe(Content?.CodeSize)
    await test.call('DeleteLayerVersion', version(1))
    expect(await usedBytes()).toBe(0)
  })

  it('are given to functions in their order', async () => {
    await publish('one')
    await publish('two', { LayerName: 'M' })
    const arns = [LARN.replace(/L$/, 'M:1'), `${LARN}:1`]
    expect((await create(arns)).Layers).toEqual(arns.map((Arn) => ({ Arn, CodeSize: expect.any(Number) })))
    await test.call('Invoke', { FunctionName: 'F' })
    const contents = test.executor.runs[0]?.layerPaths.map((path) =>
      readFileSync(join(path, 'nodejs/node_modules/x/index.js'), 'utf8'),
    )
    expect(contents).toEqual(['two', 'one'])
    const kept = await test.call('UpdateFunctionConfiguration', { FunctionName: 'F', Timeout: 5 })
    expect(kept.Layers).toHaveLength(2)
    const cleared = await test.call('UpdateFunctionConfiguration', { FunctionName: 'F', Layers: [] })
    expect(cleared).not.toHaveProperty('Layers')
  })

  it.each([
    ['six', Array.from({ length: 6 }, (_, i) => `${LARN}${i}:1`), 'Cannot reference more than 5 layers.'],
    [
      'two versions of one',
      [`${LARN}:1`, `${LARN}:2`],
      `Two different versions of the same layer are not allowed to be referenced in the same function. ${LARN}:1 and ${LARN}:2 are versions of the same layer.`,
    ],
    [
      'one of another region',
      [`${LARN.replace(REGION, 'eu-west-1')}:1`],
      `Layers are not in the same region as the function. Layers are expected to be in region ${REGION}.`,
    ],
    ['one that is not there', [`${LARN}:7`], `Layer version ${LARN}:7 does not exist.`],
  ])('are refused: %s', async (_what, arns, message) => {
    await publish('one')
    await publish('two')
    expect(await failure(create(arns))).toEqual({ code: 'InvalidParameterValueException', status: 400, message })
  })

  it('of another account need a permission', async () => {
    const foreign = LARN.replace(ACCOUNT, '210987654321')
    const input = { FunctionName: 'F', ...CODE, Layers: [`${foreign}:1`, `${LARN}:1`] }
    const grants = await test.grants('CreateFunction', input)
    expect(grants).toContainEqual({ action: 'lambda:GetLayerVersion', resource: `${foreign}:1` })
    expect(grants[0]?.context).toEqual({ 'lambda:Layer': input.Layers })
    expect(grants.filter(({ action }) => action === 'lambda:GetLayerVersion')).toHaveLength(1)
  })

  it('are listed with the newest version that fits', async () => {
    await publish('one', { CompatibleRuntimes: ['python3.12'] })
    await publish('two', { CompatibleRuntimes: ['nodejs22.x'] })
    await publish('three', { LayerName: 'M' })
    const listed = await test.call('ListLayers', {})
    expect(listed.Layers?.map((item) => [item.LayerName, item.LatestMatchingVersion?.Version])).toEqual([
      ['L', 2],
      ['M', 1],
    ])
    const python = await test.call('ListLayers', { CompatibleRuntime: 'python3.12' })
    expect(python.Layers?.map((item) => item.LatestMatchingVersion?.Version)).toEqual([1])
    const first = await test.call('ListLayerVersions', { LayerName: 'L', MaxItems: 1 })
    expect(first.LayerVersions?.map(({ Version }) => Version)).toEqual([2])
    const { LayerVersions } = await test.call('ListLayerVersions', { LayerName: 'L', Marker: first.NextMarker })
    expect(LayerVersions?.map(({ Version }) => Version)).toEqual([1])
  })

  it('say who else may use them', async () => {
    await publish('one')
    const added = await test.call('AddLayerVersionPermission', {
      ...version(1),
      StatementId: 'team',
      Action: 'lambda:GetLayerVersion',
      Principal: '*',
      OrganizationId: 'o-0123456789',
    })
    expect(JSON.parse(added.Statement ?? '')).toEqual({
      Sid: 'team',
      Effect: 'Allow',
      Principal: '*',
      Action: 'lambda:GetLayerVersion',
      Resource: `${LARN}:1`,
      Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-0123456789' } },
    })
    const policy = await test.call('GetLayerVersionPolicy', version(1))
    expect(policy.RevisionId).toBe(added.RevisionId)
    expect((await test.lambda.resourcePolicy(`${LARN}:1`)).policy?.document).toBeDefined()
    expect(await failure(test.call('RemoveLayerVersionPermission', { ...version(1), StatementId: 'x' }))).toMatchObject(
      { message: 'Statement x is not found in resource policy.' },
    )
    await test.call('RemoveLayerVersionPermission', { ...version(1), StatementId: 'team' })
    expect((await failure(test.call('GetLayerVersionPolicy', version(1)))).status).toBe(404)
  })

  it('have versions from 1 on', async () => {
    expect(await failure(test.call('GetLayerVersion', version(0)))).toMatchObject({
      code: 'InvalidParameterValueException',
      message: 'Layer Version Cannot be less than 1',
    })
  })
})
