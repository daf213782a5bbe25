import { createHash } from 'node:crypto'
import {
  CreateAliasCommand,
  DeleteFunctionCommand,
  GetFunctionCodeSigningConfigCommand,
  GetFunctionCommand,
  GetFunctionConcurrencyCommand,
  GetFunctionConfigurationCommand,
  GetFunctionEventInvokeConfigCommand,
  LambdaClient,
  ListFunctionsCommand,
  ListVersionsByFunctionCommand,
  PublishLayerVersionCommand,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
  TagResourceCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  UpdateFunctionEventInvokeConfigCommand,
} from '@aws-sdk/client-lambda'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { functionZip } from '../../house/function-zip.ts'
import { Account, ECHO, refusal } from './account.ts'

const INVALID = 'InvalidParameterValueException'
const zipOf = (source: string) => functionZip({ 'index.mjs': source })

describe('the control plane of Lambda', () => {
  let account: Account
  let lambda: LambdaClient
  beforeAll(async () => {
    account = await Account.open()
    lambda = account.lambda
  })
  afterAll(() => account?.[Symbol.asyncDispose]())

  const newCode = (name: string, source: string) =>
    lambda.send(new UpdateFunctionCodeCommand({ FunctionName: name, ZipFile: zipOf(source) }))
  const publish = (name: string) => lambda.send(new PublishVersionCommand({ FunctionName: name }))

  it('T1 T2 T3 a function is Pending with the defaults, then active with the identical package, and once only', async () => {
    const ZipFile = zipOf(ECHO)
    const created = await account.create('first', { Code: { ZipFile } })
    expect(created).toMatchObject({
      $metadata: { httpStatusCode: 201 },
      State: 'Pending',
      StateReasonCode: 'Creating',
      Version: '$LATEST',
      Timeout: 3,
      MemorySize: 128,
      Architectures: ['x86_64'],
      EphemeralStorage: { Size: 512 },
      LoggingConfig: { LogFormat: 'Text', LogGroup: '/aws/lambda/first' },
      CodeSha256: createHash('sha256').update(ZipFile).digest('base64'),
      FunctionArn: account.arn('first'),
    })
    expect(created).not.toHaveProperty('LastUpdateStatus')

    await account.active('first')
    const read = await lambda.send(new GetFunctionCommand({ FunctionName: 'first' }))
    expect(read.Configuration).toMatchObject({ State: 'Active', LastUpdateStatus: 'Successful' })
    expect(read.Configuration?.RevisionId).not.toBe(created.RevisionId)
    expect(read).not.toHaveProperty('Tags')
    expect(read).not.toHaveProperty('Concurrency')
    const download = await fetch(`${read.Code?.Location}`)
    expect(Buffer.from(await download.arrayBuffer()).equals(ZipFile)).toBe(true)

    const { error, ...twice } = await refusal(account.create('first'))
    expect(twice).toEqual({ name: 'ResourceConflictException', status: 409, message: 'Function already exist: first' })
    expect(error).toMatchObject({ Type: 'User' })
    expect(JSON.parse(account.lastErrorBody)).toEqual({ Type: 'User', message: 'Function already exist: first' })
  })

  it.each([
    ['T4', { Role: 'r1' }, 'ValidationException', /'r1' at 'role' failed .* regular expression pattern: arn:/],
    [
      'T7',
      { Runtime: 'PYTHON3.12' },
      INVALID,
      /^Value PYTHON3\.12 at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: /,
    ],
    ['T8', { Runtime: 'nodejs14.x' }, INVALID, /^The runtime parameter of nodejs14\.x is no longer supported /],
    [
      'T9',
      { Code: { ZipFile: Buffer.from([9, 8, 7, 6, 5]) } },
      INVALID,
      /^Could not unzip uploaded file\. Please check your file, then try to upload again\.$/,
    ],
    [
      'T10',
      { Code: { S3Bucket: 'nowhere-at-all', S3Key: 'k' } },
      INVALID,
      /^Error occurred while GetObject\. S3 Error Code: NoSuchBucket\. S3 Error Message: The specified bucket does not exist$/,
    ],
    [
      'T11',
      { Environment: { Variables: { AWS_REGION: 'x' } } },
      INVALID,
      /Reserved keys used in this request: AWS_REGION$/,
    ],
    [
      'T12',
      { Environment: { Variables: { LONG: 'x'.repeat(4097) } } },
      INVALID,
      /exceeded the 4KB limit\. String measured: \{"/,
    ],
    ['T13', { FunctionName: 'f'.repeat(65) }, INVALID, /length less than or equal to 64$/],
    [
      'T14',
      { Timeout: 901 },
      'ValidationException',
      /^1 validation error detected: Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900$/,
    ],
  ])('%s CreateFunction refuses it in the words of AWS', async (_, more, name, text) => {
    expect(await refusal(account.create('refused', more as object))).toMatchObject({
      name,
      status: 400,
      message: expect.stringMatching(text),
    })
  })

  it('T5 a role that does not trust Lambda is refused', async () => {
    const { CreateRoleCommand } = await import('@aws-sdk/client-iam')
    const { trustOf } = await import('./account.ts')
    const AssumeRolePolicyDocument = trustOf({ Service: 'ec2.amazonaws.com' })
    await account.iam.send(new CreateRoleCommand({ RoleName: 'other', AssumeRolePolicyDocument }))
    expect(await refusal(account.create('f5', { Role: account.roleArn.replace('/r', '/other') }))).toMatchObject({
      name: INVALID,
      status: 400,
      message: 'The role defined for the function cannot be assumed by Lambda.',
    })
  })

  it('T6 a caller who may not pass the role is refused', async () => {
    const user = await account.user('creator', { Effect: 'Allow', Action: 'lambda:*', Resource: '*' })
    const theirs = new LambdaClient(user)
    const { CreateFunctionCommand } = await import('@aws-sdk/client-lambda')
    const refused = await refusal(
      theirs.send(
        new CreateFunctionCommand({
          FunctionName: 'f6',
          Runtime: 'nodejs22.x',
          Handler: 'index.handler',
          Role: account.roleArn,
          Code: { ZipFile: zipOf(ECHO) },
        }),
      ),
    )
    expect(refused).toMatchObject({ name: 'AccessDeniedException', status: 403 })
    expect(refused.message).toContain('iam:PassRole')
    expect(refused.message).toContain(account.roleArn)
  })

  it('T15 T16 an update answers InProgress and is over with the next read, so it never excludes another one', async () => {
    await account.deploy('f15')
    const read = () => lambda.send(new GetFunctionConfigurationCommand({ FunctionName: 'f15' }))
    const before = await read()
    const update = () => lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'f15', MemorySize: 256 }))
    const [first, second] = await Promise.all([update(), update()])
    const inProgress = { State: 'Active', LastUpdateStatus: 'InProgress', LastUpdateStatusReasonCode: 'Creating' }
    // AWS may refuse the second with 409 "An update is in progress": here there is no moment in which that is true.
    expect([first, second]).toMatchObject([inProgress, inProgress])
    await account.updated('f15')
    const after = await read()
    expect(after).toMatchObject({ MemorySize: 256, LastUpdateStatus: 'Successful' })
    expect(new Set([before, first, second, after].map((one) => one.RevisionId)).size).toBe(4)
  })

  it('T17 an update of the variables replaces them whole and nothing else', async () => {
    await account.deploy('f17', ECHO, {
      Timeout: 7,
      MemorySize: 192,
      Environment: { Variables: { ONE: '1', TWO: '2' } },
    })
    const Environment = { Variables: { THREE: '3' } }
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'f17', Environment }))
    await account.updated('f17')
    const after = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: 'f17' }))
    expect(after).toMatchObject({ Timeout: 7, MemorySize: 192 })
    expect(after.Environment).toEqual(Environment)
  })

  it('T18 an old revision is refused', async () => {
    await account.deploy('f18')
    const old = { FunctionName: 'f18', ZipFile: zipOf('//'), RevisionId: '00000000-0000-4000-8000-000000000000' }
    expect(await refusal(lambda.send(new UpdateFunctionCodeCommand(old)))).toMatchObject({
      name: 'PreconditionFailedException',
      status: 412,
      message:
        'The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id',
    })
  })

  it('T19 T20 T21 T22 T23 versions are numbered once, listed in order, and deleted alone', async () => {
    const arn = await account.deploy('f19')
    const [first, again] = [await publish('f19'), await publish('f19')]
    expect([first, again]).toMatchObject(
      [1, 2].map(() => ({
        $metadata: { httpStatusCode: 201 },
        Version: '1',
        FunctionArn: `${arn}:1`,
        State: 'Active',
        RevisionId: first.RevisionId,
      })),
    )
    await newCode('f19', '// two')
    await account.updated('f19')
    expect((await publish('f19')).Version).toBe('2')
    const { Versions = [] } = await lambda.send(new ListVersionsByFunctionCommand({ FunctionName: 'f19' }))
    expect(Versions.map((version) => version.FunctionArn)).toEqual([`${arn}:$LATEST`, `${arn}:1`, `${arn}:2`])
    for (const version of Versions) expect(version).not.toHaveProperty('State')

    const remove = (Qualifier: string) => lambda.send(new DeleteFunctionCommand({ FunctionName: 'f19', Qualifier }))
    await remove('2')
    await newCode('f19', '// three')
    await account.updated('f19')
    expect((await publish('f19')).Version).toBe('3')
    expect(await refusal(remove('$LATEST'))).toMatchObject({
      name: INVALID,
      status: 400,
      message: '$LATEST version cannot be deleted without deleting the function.',
    })
    expect((await remove('1233')).$metadata.httpStatusCode).toBe(204)
  })

  it('T24 deleting what is not there says so', async () => {
    const missing = await refusal(lambda.send(new DeleteFunctionCommand({ FunctionName: 'f24' })))
    expect(missing).toMatchObject({
      name: 'ResourceNotFoundException',
      status: 404,
      message: `Function not found: ${account.arn('f24')}`,
    })
    expect(missing.error).toMatchObject({ Type: 'User' })
    expect(JSON.parse(account.lastErrorBody)).toEqual({ Type: 'User', Message: missing.message })
  })

  it('T25 T26 names with two qualifiers, or of another region, are not followed', async () => {
    await account.deploy('f25')
    expect(await refusal(lambda.send(new GetFunctionCommand({ FunctionName: 'f25:1', Qualifier: '2' })))).toMatchObject(
      {
        name: INVALID,
        status: 400,
        message: 'The derived qualifier from the function name does not match the specified qualifier.',
      },
    )
    const FunctionName = account.arn('f25').replace('us-east-1', 'eu-west-1')
    expect(await refusal(lambda.send(new GetFunctionCommand({ FunctionName })))).toMatchObject({
      name: 'ResourceNotFoundException',
      status: 404,
      message: "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
    })
  })

  it('T27 T28 T29 an alias is a name for versions', async () => {
    const arn = await account.deploy('f27')
    await publish('f27')
    const alias = (Name: string, weights?: Record<string, number>) =>
      lambda.send(
        new CreateAliasCommand({
          FunctionName: 'f27',
          FunctionVersion: '1',
          Name,
          ...(weights && { RoutingConfig: { AdditionalVersionWeights: weights } }),
        }),
      )
    expect((await alias('PROD')).AliasArn).toBe(`${arn}:PROD`)
    const { Configuration } = await lambda.send(new GetFunctionCommand({ FunctionName: 'f27', Qualifier: 'PROD' }))
    expect(Configuration).toMatchObject({ FunctionArn: `${arn}:PROD`, Version: '1' })
    expect(await refusal(alias('123'))).toMatchObject({ name: 'ValidationException', status: 400 })
    expect(await refusal(alias('TWICE', { 1: 0.5 }))).toMatchObject({
      name: INVALID,
      status: 400,
      message: 'Invalid function version 1. Function version 1 is already included in routing configuration.',
    })
  })

  it('T30 an alias with weights runs both versions, and says which', async () => {
    const source = 'export const handler = async (e, context) => context.functionVersion'
    await account.deploy('f30', `${source} // one`)
    await publish('f30')
    await newCode('f30', `${source} // two`)
    await account.updated('f30')
    await publish('f30')
    await lambda.send(
      new CreateAliasCommand({
        FunctionName: 'f30',
        FunctionVersion: '1',
        Name: 'PROD',
        RoutingConfig: { AdditionalVersionWeights: { 2: 0.5 } },
      }),
    )
    const counts: Record<string, number> = { 1: 0, 2: 0 }
    for (let round = 0; round < 50; round++) {
      const answers = await Promise.all([1, 2, 3, 4].map(() => account.invoke('f30:PROD')))
      for (const { json, version } of answers) {
        expect(version).toBe(json)
        counts[json] = (counts[json] as number) + 1
      }
    }
    // Outside of 60 to 140 in 200 draws lies one run in a hundred million.
    expect(counts['1']).toBeGreaterThanOrEqual(60)
    expect(counts['1']).toBeLessThanOrEqual(140)
  })

  it('T31 T32 a layer brings a module; six are too many', async () => {
    const layer = await lambda.send(
      new PublishLayerVersionCommand({
        LayerName: 'x',
        Content: { ZipFile: functionZip({ 'nodejs/node_modules/x/index.js': 'exports.answer = 42' }) },
      }),
    )
    const Layers = [`${layer.LayerVersionArn}`]
    await account.deploy('f31', { 'index.js': "exports.handler = async () => require('x').answer" }, { Layers })
    expect((await account.invoke('f31')).json).toBe(42)
    const { Configuration } = await lambda.send(new GetFunctionCommand({ FunctionName: 'f31' }))
    expect(Configuration?.Layers?.[0]?.Arn).toMatch(/:layer:x:1$/)
    const six = [1, 2, 3, 4, 5, 6].map((version) => Layers[0]?.replace(/1$/, `${version}`) as string)
    expect(await refusal(account.create('f32', { Layers: six }))).toMatchObject({
      name: INVALID,
      status: 400,
      message: 'Cannot reference more than 5 layers.',
    })
  })

  it('T33 T34 T35 T36 reservations, code signing and tags', async () => {
    const arn = await account.deploy('f33')
    const FunctionName = 'f33'
    expect(
      await refusal(
        lambda.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 950 })),
      ),
    ).toMatchObject({
      name: INVALID,
      status: 400,
      message:
        "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].",
    })
    const { $metadata, ...none } = await lambda.send(new GetFunctionConcurrencyCommand({ FunctionName }))
    expect([$metadata.httpStatusCode, none]).toEqual([200, {}])
    const signing = await lambda.send(new GetFunctionCodeSigningConfigCommand({ FunctionName }))
    expect({ ...signing, $metadata: undefined }).toEqual({ FunctionName })
    expect(
      await refusal(lambda.send(new TagResourceCommand({ Resource: `${arn}:1`, Tags: { a: 'b' } }))),
    ).toMatchObject({
      name: INVALID,
      status: 400,
      message: 'Tags on function aliases and versions are not supported. Please specify a function ARN.',
    })
  })

  it('T37 T38 T39 the configuration of asynchronous invocation', async () => {
    const arn = await account.deploy('f37')
    const FunctionName = 'f37'
    const get = () => lambda.send(new GetFunctionEventInvokeConfigCommand({ FunctionName }))
    expect(await refusal(lambda.send(new PutFunctionEventInvokeConfigCommand({ FunctionName })))).toMatchObject({
      name: INVALID,
      status: 400,
      message: 'You must specify at least one of error handling or destination setting.',
    })
    expect(await refusal(get())).toMatchObject({
      name: 'ResourceNotFoundException',
      status: 404,
      message: `The function ${arn}:$LATEST doesn't have an EventInvokeConfig`,
    })
    await lambda.send(new PutFunctionEventInvokeConfigCommand({ FunctionName, MaximumRetryAttempts: 0 }))
    await lambda.send(new UpdateFunctionEventInvokeConfigCommand({ FunctionName, MaximumEventAgeInSeconds: 120 }))
    const { $metadata: _, LastModified, ...rest } = await get()
    expect(rest).toEqual({
      FunctionArn: `${arn}:$LATEST`,
      MaximumRetryAttempts: 0,
      MaximumEventAgeInSeconds: 120,
      DestinationConfig: { OnSuccess: {}, OnFailure: {} },
    })
    expect(LastModified).toBeInstanceOf(Date)
  })

  it('T40 fifty functions are a page', async () => {
    await using other = await Account.open()
    for (let n = 0; n < 60; n++) await other.create(`f${n}`)
    const first = await other.lambda.send(new ListFunctionsCommand({ MaxItems: 100 }))
    expect([first.Functions?.length, typeof first.NextMarker]).toEqual([50, 'string'])
    const second = await other.lambda.send(new ListFunctionsCommand({ MaxItems: 100, Marker: first.NextMarker }))
    expect([second.Functions?.length, second.NextMarker]).toEqual([10, undefined])
  })
})
