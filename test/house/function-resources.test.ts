import { unzipSync } from 'fflate'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lambdaAlias } from '../../src/services/cloudformation/resource-types/lambda/alias.ts'
import { lambdaCodeSigningConfig } from '../../src/services/cloudformation/resource-types/lambda/code-signing-config.ts'
import { lambdaEventInvokeConfig } from '../../src/services/cloudformation/resource-types/lambda/event-invoke-config.ts'
import { lambdaEventSourceMapping } from '../../src/services/cloudformation/resource-types/lambda/event-source-mapping.ts'
import { lambdaFunction } from '../../src/services/cloudformation/resource-types/lambda/function.ts'
import { inlinePackage } from '../../src/services/cloudformation/resource-types/lambda/inline-code.ts'
import { lambdaLayerVersion } from '../../src/services/cloudformation/resource-types/lambda/layer-version.ts'
import { lambdaLayerVersionPermission } from '../../src/services/cloudformation/resource-types/lambda/layer-version-permission.ts'
import { lambdaPermission } from '../../src/services/cloudformation/resource-types/lambda/permission.ts'
import { lambdaUrl } from '../../src/services/cloudformation/resource-types/lambda/url.ts'
import { lambdaVersion } from '../../src/services/cloudformation/resource-types/lambda/version.ts'
import { sourceOf } from '../../src/std/byte-source.ts'
import type { TemplateObject } from '../../src/template/template.ts'
import { functionZip } from './function-zip.ts'
import { ACCOUNT, REGION, ResourceHouse } from './resource-house.ts'
import { live } from './resource-life.ts'

const FUNCTION_ARN = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:f`
const QUEUE_ARN = `arn:aws:sqs:${REGION}:${ACCOUNT}:q`

let house: ResourceHouse
let Role: string
let plain: TemplateObject
beforeEach(async () => {
  house = await ResourceHouse.start()
  Role = await house.functionRole()
  plain = {
    Role,
    Runtime: 'nodejs22.x',
    Handler: 'index.handler',
    Code: { ZipFile: 'exports.handler = async () => 1' },
  }
})
afterEach(() => house[Symbol.asyncDispose]())

/** A function named `f` that no stack has made. */
const makeFunction = () =>
  house.call('lambda', 'CreateFunction', {
    FunctionName: 'f',
    Role,
    Runtime: 'nodejs22.x',
    Handler: 'index.handler',
    Code: { ZipFile: functionZip({ 'index.js': '' }) },
  })

describe('a function', () => {
  it('lives with everything a template can say of it', async () => {
    await house.call('sqs', 'CreateQueue', { QueueName: 'q' })
    const { CodeSigningConfig } = await house.call('lambda', 'CreateCodeSigningConfig', {
      AllowedPublishers: { SigningProfileVersionArns: [`arn:aws:signer:${REGION}:${ACCOUNT}:/signing-profiles/p/abc`] },
    })
    const { LayerVersionArn = '' } = await house.call('lambda', 'PublishLayerVersion', {
      LayerName: 'l',
      Content: { ZipFile: functionZip({ a: 'b' }) },
    })
    const named = { ...plain, FunctionName: 'f' }
    await live(house, {
      type: lambdaFunction,
      properties: {
        ...named,
        PackageType: 'Zip',
        Architectures: ['arm64'],
        Description: 'thumbnails',
        Timeout: '30',
        MemorySize: 256,
        EphemeralStorage: { Size: 1024 },
        Environment: { Variables: { SIZE: 100, FLAG: true, NAME: 'x' } },
        Layers: [LayerVersionArn],
        DeadLetterConfig: { TargetArn: QUEUE_ARN },
        TracingConfig: { Mode: 'Active' },
        LoggingConfig: { LogFormat: 'JSON', LogGroup: '/mine', ApplicationLogLevel: 'DEBUG' },
        SnapStart: { ApplyOn: 'None' },
        VpcConfig: { SubnetIds: [], SecurityGroupIds: [] },
        RuntimeManagementConfig: { UpdateRuntimeOn: 'FunctionUpdate' },
        CodeSigningConfigArn: CodeSigningConfig?.CodeSigningConfigArn ?? '',
        ReservedConcurrentExecutions: '5',
        RecursiveLoop: 'Allow',
        Tags: [{ Key: 'a', Value: '1' }],
      },
      changes: [
        named,
        {
          ...named,
          Runtime: 'python3.12',
          Code: { ZipFile: 'def handler(e, c): return 1' },
          Tags: [{ Key: 'b', Value: '2' }],
        },
        { ...named, Environment: { Variables: {} }, ReservedConcurrentExecutions: 0 },
        { ...named, LoggingConfig: { LogFormat: 'Text' }, Timeout: 4 },
      ],
    })
  })

  it('returns to the defaults in what a template no longer says', async () => {
    const resource = house.resource(lambdaFunction)
    const { physicalId: FunctionName } = await resource.create({
      ...plain,
      Timeout: 30,
      Environment: { Variables: { NAME: 'x' } },
      LoggingConfig: { LogFormat: 'JSON', LogGroup: '/mine' },
      ReservedConcurrentExecutions: 5,
    })
    await resource.update(plain)
    const actual = await house.call('lambda', 'GetFunctionConfiguration', { FunctionName })
    expect(actual).toMatchObject({
      Timeout: 3,
      LoggingConfig: { LogFormat: 'Text', LogGroup: `/aws/lambda/${FunctionName}` },
    })
    expect(actual).not.toHaveProperty('Environment')
    expect(await house.call('lambda', 'GetFunctionConcurrency', { FunctionName })).toEqual({})
  })

  it('has its code from a bucket, and not again when only its configuration changes', async () => {
    await house.call('s3', 'CreateBucket', { Bucket: 'code' })
    const put = (text: string) =>
      house.call('s3', 'PutObject', { Bucket: 'code', Key: 'k', Body: sourceOf(functionZip({ 'index.js': text })) })
    await put('1')
    const properties = { ...plain, Code: { S3Bucket: 'code', S3Key: 'k' } }
    const resource = house.resource(lambdaFunction)
    const { physicalId: FunctionName } = await resource.create(properties)
    const sha = async () => (await house.call('lambda', 'GetFunctionConfiguration', { FunctionName })).CodeSha256
    const before = await sha()
    await put('2')
    await resource.update({ ...properties, Timeout: 5 })
    expect(await sha()).toBe(before)
    await house.call('s3', 'DeleteObject', { Bucket: 'code', Key: 'k' })
    await expect(resource.update({ ...properties, Code: { S3Bucket: 'code', S3Key: 'gone' } })).rejects.toThrow(
      /S3 Error Code: NoSuchKey/,
    )
  })

  it.each([
    ['nodejs24.x', ['cfn-response.js', 'index.js']],
    ['python3.13', ['cfnresponse.py', 'index.py']],
  ])('has the module that answers custom resources beside inline code: %s', (runtime, names) => {
    const files = unzipSync(inlinePackage(runtime, 'text'))
    expect(Object.keys(files).sort()).toEqual(names)
    expect(inlinePackage(runtime, 'text')).toEqual(inlinePackage(runtime, 'text'))
  })

  it('carries the marks of CloudFormation and the tags of its stack', async () => {
    const resource = house.resource(lambdaFunction, { tags: { team: 'a' } })
    const { attributes } = await resource.create({ ...plain, Tags: [{ Key: 'own', Value: '1' }] })
    const tags = async () => (await house.call('lambda', 'ListTags', { Resource: String(attributes.Arn) })).Tags
    expect(await tags()).toMatchObject({ 'aws:cloudformation:stack-name': 'shop', team: 'a', own: '1' })
    await resource.update(plain)
    expect(await tags()).not.toHaveProperty('own')
    expect(await tags()).toMatchObject({ 'aws:cloudformation:stack-name': 'shop', team: 'a' })
    resource.stackTags = {}
    await resource.update(plain)
    expect(await tags()).not.toHaveProperty('team')
  })

  it('that is there already is nobody else’s, not even on a second attempt', async () => {
    await makeFunction()
    for (const isRepeat of [false, true]) {
      const made = house.resource(lambdaFunction).create({ ...plain, FunctionName: 'f' }, { isRepeat })
      await expect(made).rejects.toThrow('Function already exist: f')
    }
  })

  it('leaves nothing behind when a later step is refused', async () => {
    const role = await house.stackRole('half', 'lambda:CreateFunction', 'lambda:DeleteFunction', 'iam:PassRole')
    const resource = house.resource(lambdaFunction, { call: role })
    const properties = { ...plain, ReservedConcurrentExecutions: 1 }
    await expect(resource.create(properties)).rejects.toThrow('lambda:PutFunctionConcurrency')
    expect((await house.call('lambda', 'ListFunctions', {})).Functions).toEqual([])
    await resource.create(plain)
    const changer = await house.stackRole('changer', 'lambda:CreateFunction', 'lambda:UpdateFunction*', 'iam:PassRole')
    const changed = house.resource(lambdaFunction, { call: changer })
    await changed.create(plain)
    await changed.update({ ...plain, Timeout: 9 })
  })

  it.each<[TemplateObject, RegExp]>([
    [{ PackageType: 'Image', Code: { ImageUri: 'x' } }, /container images/],
    [{ VpcConfig: { SubnetIds: ['subnet-1'] } }, /VpcConfig.SubnetIds is not supported/],
    [{ FileSystemConfigs: [{ Arn: 'a' }] }, /FileSystemConfigs is not supported/],
    [{ SnapStart: { ApplyOn: 'PublishedVersions' } }, /SnapStart.ApplyOn PublishedVersions/],
    [{ RuntimeManagementConfig: { UpdateRuntimeOn: 'Manual' } }, /UpdateRuntimeOn Manual/],
    [{ Runtime: 'provided.al2023', Code: { ZipFile: 'x' } }, /ZipFile can only be used/],
    [{ TracingConfig: { Mode: 'Active', Rate: 1 } }, /TracingConfig.Rate is not supported/],
  ])('refuses %j before it is made', (properties, sentence) => {
    expect(house.resource(lambdaFunction).refusals(properties).join()).toMatch(sentence)
  })

  it('names the property whose value is of another type', async () => {
    await expect(house.resource(lambdaFunction).create({ ...plain, Timeout: 'soon' })).rejects.toThrow(
      'Model validation failed (#/Timeout: expected type: Number, found: String)',
    )
  })
})

describe('what belongs to a function', () => {
  beforeEach(async () => {
    await makeFunction()
  })

  it('a permission lives, with every condition', async () => {
    await live(house, {
      type: lambdaPermission,
      properties: {
        FunctionName: FUNCTION_ARN,
        Action: 'lambda:InvokeFunction',
        Principal: 's3.amazonaws.com',
        SourceArn: 'arn:aws:s3:::b',
        SourceAccount: ACCOUNT,
      },
    })
    await live(house, {
      type: lambdaPermission,
      properties: {
        FunctionName: 'f',
        Action: 'lambda:InvokeFunctionUrl',
        Principal: '*',
        FunctionUrlAuthType: 'NONE',
        InvokedViaFunctionUrl: 'true',
      },
    })
    const account = { FunctionName: 'f', Action: 'lambda:InvokeFunction', Principal: '111122223333' }
    await live(house, { type: lambdaPermission, properties: { ...account, PrincipalOrgID: 'o-a1b2c3d4e5' } })
  })

  it('a version is published once, and lives', async () => {
    const resource = house.resource(lambdaVersion)
    const { physicalId, attributes } = await resource.create({ FunctionName: 'f', Description: 'first' })
    expect(physicalId).toBe(`${FUNCTION_ARN}:1`)
    expect(attributes).toEqual({ FunctionArn: `${FUNCTION_ARN}:1`, Version: '1' })
    await expect(house.resource(lambdaVersion).create({ FunctionName: FUNCTION_ARN })).rejects.toThrow(
      'A version for this Lambda function exists ( 1 ). Modify the function to create a new version.',
    )
    await resource.delete()
    await live(house, {
      type: lambdaVersion,
      properties: { FunctionName: 'f', ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: '1' } },
    })
  })

  it('an alias lives, with weights and provisioned environments', async () => {
    await house.call('lambda', 'PublishVersion', { FunctionName: 'f' })
    await house.call('lambda', 'UpdateFunctionConfiguration', { FunctionName: 'f', Timeout: 9 })
    await house.call('lambda', 'PublishVersion', { FunctionName: 'f' })
    const named = { FunctionName: 'f', Name: 'live' }
    await live(house, {
      type: lambdaAlias,
      properties: {
        ...named,
        FunctionVersion: '1',
        Description: 'now',
        RoutingConfig: { AdditionalVersionWeights: [{ FunctionVersion: 2, FunctionWeight: '0.1' }] },
      },
      changes: [
        { ...named, FunctionVersion: 2, ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: 1 } },
        { ...named, FunctionVersion: '1' },
      ],
    })
  })

  it('an asynchronous configuration lives', async () => {
    await house.call('sqs', 'CreateQueue', { QueueName: 'q' })
    const named = { FunctionName: 'f', Qualifier: '$LATEST' }
    await live(house, {
      type: lambdaEventInvokeConfig,
      properties: {
        ...named,
        MaximumRetryAttempts: '0',
        DestinationConfig: { OnFailure: { Destination: QUEUE_ARN } },
      },
      changes: [{ ...named, MaximumEventAgeInSeconds: 60 }],
    })
  })

  it('an event source mapping lives', async () => {
    await house.call('sqs', 'CreateQueue', { QueueName: 'q' })
    const named = { EventSourceArn: QUEUE_ARN, FunctionName: 'f' }
    await live(house, {
      type: lambdaEventSourceMapping,
      properties: {
        ...named,
        Enabled: 'false',
        BatchSize: '20',
        MaximumBatchingWindowInSeconds: 5,
        FilterCriteria: { Filters: [{ Pattern: '{"body":["a"]}' }] },
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        ScalingConfig: { MaximumConcurrency: 5 },
        MetricsConfig: { Metrics: ['EventCount'] },
        Tags: [{ Key: 'a', Value: '1' }],
      },
      changes: [named, { ...named, FunctionName: FUNCTION_ARN, Tags: [{ Key: 'b', Value: '2' }] }],
    })
  })

  it('a URL lives', async () => {
    const target = { TargetFunctionArn: FUNCTION_ARN }
    const { existing } = await live(house, {
      type: lambdaUrl,
      properties: {
        ...target,
        AuthType: 'NONE',
        InvokeMode: 'RESPONSE_STREAM',
        Cors: { AllowOrigins: ['*'], AllowMethods: ['GET'], MaxAge: '60' },
      },
      changes: [{ ...target, AuthType: 'AWS_IAM' }],
    })
    expect(existing.physicalId).toBe(FUNCTION_ARN)
    expect(existing.attributes.FunctionUrl).toMatch(/^http:\/\/[a-z0-9]+\.lambda-url\.us-east-1\./)
  })

  it.each([
    [lambdaVersion, { FunctionName: 'f' }],
    [lambdaPermission, { FunctionName: 'f', Action: 'lambda:InvokeFunction', Principal: 's3.amazonaws.com' }],
    [lambdaUrl, { TargetFunctionArn: 'f', AuthType: 'NONE' }],
    [lambdaEventInvokeConfig, { FunctionName: 'f', Qualifier: '$LATEST', MaximumRetryAttempts: 1 }],
  ])('%j is gone with the function', async (type, properties) => {
    const resource = house.resource(type)
    await resource.create(properties)
    await house.call('lambda', 'DeleteFunction', { FunctionName: 'f' })
    await resource.delete()
  })
})

describe('layers', () => {
  beforeEach(async () => {
    await house.call('s3', 'CreateBucket', { Bucket: 'code' })
    await house.call('s3', 'PutObject', { Bucket: 'code', Key: 'l', Body: sourceOf(functionZip({ a: 'b' })) })
  })
  const Content = { S3Bucket: 'code', S3Key: 'l' }

  it('a layer lives, and is published once', async () => {
    const properties = {
      Content,
      LayerName: 'words',
      CompatibleRuntimes: ['nodejs22.x', 'nodejs24.x'],
      CompatibleArchitectures: ['arm64'],
      Description: 'words',
      LicenseInfo: 'MIT',
    }
    await live(house, { type: lambdaLayerVersion, properties })
    await live(house, { type: lambdaLayerVersion, properties: { Content } })
    expect((await house.call('lambda', 'ListLayers', {})).Layers).toEqual([])
  })

  it('a permission of a layer lives', async () => {
    const { physicalId: LayerVersionArn } = await house.resource(lambdaLayerVersion).create({ Content })
    const common = { LayerVersionArn, Action: 'lambda:GetLayerVersion' }
    await live(house, { type: lambdaLayerVersionPermission, properties: { ...common, Principal: '111122223333' } })
    await live(house, {
      type: lambdaLayerVersionPermission,
      properties: { ...common, Principal: '*', OrganizationId: 'o-a1b2c3d4e5' },
    })
  })

  it('a code signing configuration lives', async () => {
    const publisher = (profile: string) => ({
      SigningProfileVersionArns: [`arn:aws:signer:${REGION}:${ACCOUNT}:/signing-profiles/${profile}/abc`],
    })
    const resource = house.resource(lambdaCodeSigningConfig)
    const properties = {
      AllowedPublishers: publisher('one'),
      CodeSigningPolicies: { UntrustedArtifactOnDeployment: 'Enforce' },
      Description: 'd',
      Tags: [{ Key: 'a', Value: '1' }],
    }
    await resource.create(properties)
    expect(await resource.read()).toEqual(properties)
    const change = { AllowedPublishers: publisher('two') }
    await resource.update(change)
    expect(await resource.read()).toEqual(change)
    await resource.delete()
    await resource.delete()
  })
})
