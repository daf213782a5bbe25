import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { HttpInfo } from '../../protocol/operation.ts'
import { LATEST, aliases, versions } from './tables.ts'
import { testPackage } from './test-package.ts'
import { ACCOUNT, REGION, ROLE, ROOT, TestLambda } from './testing.ts'

const FARN = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:F`
const ZIP = testPackage()
const MINIMAL = {
  FunctionName: 'F',
  Runtime: 'nodejs22.x',
  Handler: 'index.handler',
  Role: ROLE,
  Code: { ZipFile: ZIP },
} as const

let test: TestLambda
beforeEach(async () => {
  test = await TestLambda.start()
})
afterEach(async () => {
  await test[Symbol.asyncDispose]()
  expect(test.failures).toEqual([])
})

const failure = async (promise: Promise<unknown>) => {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown as { code: string; status: number; message: string; fields: object },
  )
  expect(error, 'the call must fail').toBeDefined()
  return error as NonNullable<typeof error>
}

const HTTP: HttpInfo = {
  method: 'POST',
  target: '/',
  headers: {},
  host: 'localhost:4566',
  sourceIp: '127.0.0.1',
  isSecure: true,
  userAgent: undefined,
}
const create = (more: object = {}) => test.call('CreateFunction', { ...MINIMAL, ...more })

describe('CreateFunction', () => {
  it('answers Pending with the defaults, and is active on the next read', async () => {
    const created = await create()
    expect(created).toMatchObject({
      FunctionArn: FARN,
      State: 'Pending',
      StateReasonCode: 'Creating',
      Version: LATEST,
      Timeout: 3,
      MemorySize: 128,
      Description: '',
      Architectures: ['x86_64'],
      EphemeralStorage: { Size: 512 },
      LoggingConfig: { LogFormat: 'Text', LogGroup: '/aws/lambda/F' },
      CodeSha256: createHash('sha256').update(ZIP).digest('base64'),
      CodeSize: ZIP.length,
    })
    expect(created).not.toHaveProperty('LastUpdateStatus')
    expect(created.LastModified).toBe('2026-01-31T10:11:12.000+0000')

    const { Configuration, Code, ...rest } = await test.call('GetFunction', { FunctionName: 'F' })
    expect(Configuration).toMatchObject({ State: 'Active', LastUpdateStatus: 'Successful', FunctionArn: FARN })
    expect(Configuration?.RevisionId).not.toBe(created.RevisionId)
    expect(rest).toEqual({})
    const path = `${Code?.Location}`.replace('http://localhost:4566', '')
    expect(await test.lambda.links.open(path)).toEqual(Buffer.from(ZIP))
    expect(await test.lambda.links.open(path.replace(/Expires=\d+/, 'Expires=9999999999999'))).toBeUndefined()
    await test.clock.advance(11 * 60_000)
    expect(await test.lambda.links.open(path)).toBeUndefined()
  })

  it('needs lambda:CreateFunction, iam:PassRole for Lambda, and lambda:TagResource with tags', async () => {
    expect(await test.grants('CreateFunction', { ...MINIMAL, Tags: { team: 'a' } })).toEqual([
      {
        action: 'lambda:CreateFunction',
        resource: FARN,
        context: { 'aws:TagKeys': ['team'], 'aws:RequestTag/team': 'a' },
      },
      { action: 'iam:PassRole', resource: ROLE, context: { 'iam:PassedToService': 'lambda.amazonaws.com' } },
      {
        action: 'lambda:TagResource',
        resource: FARN,
        context: { 'aws:TagKeys': ['team'], 'aws:RequestTag/team': 'a' },
      },
    ])
  })

  it('refuses a name that is taken', async () => {
    await create()
    const { code, status, message } = await failure(create())
    expect([code, status, message]).toEqual(['ResourceConflictException', 409, 'Function already exist: F'])
  })

  it.each([
    ['a role that is no ARN', { Role: 'r1' }, 'ValidationException', /'r1' at 'role' .* pattern: arn:/],
    [
      'a role that does not trust Lambda',
      { Role: `arn:aws:iam::${ACCOUNT}:role/other` },
      'InvalidParameterValueException',
      /^The role defined for the function cannot be assumed by Lambda\.$/,
    ],
    ['a role of another account', { Role: 'arn:aws:iam::210987654321:role/r' }, 'AccessDeniedException', /pass role/],
    [
      'an unknown runtime',
      { Runtime: 'PYTHON3.12' },
      'InvalidParameterValueException',
      /^Value PYTHON3\.12 at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: \[.*\] or be a valid ARN$/,
    ],
    [
      'a retired runtime',
      { Runtime: 'nodejs14.x' },
      'InvalidParameterValueException',
      /^The runtime parameter of nodejs14\.x is no longer supported for creating or updating AWS Lambda functions\./,
    ],
    [
      'a runtime this machine lacks',
      { Runtime: 'java21' },
      'InvalidParameterValueException',
      /java21 is not available/,
    ],
    [
      'bytes that are no zip',
      { Code: { ZipFile: Buffer.from('abcde') } },
      'InvalidParameterValueException',
      /^Could not unzip uploaded file\. Please check your file, then try to upload again\.$/,
    ],
    [
      'a bucket that does not exist',
      { Code: { S3Bucket: 'none', S3Key: 'k' } },
      'InvalidParameterValueException',
      /^Error occurred while GetObject\. S3 Error Code: NoSuchBucket\. S3 Error Message: The specified bucket does not exist$/,
    ],
    ['no code', { Code: {} }, 'InvalidParameterValueException', /^Please provide a source for function code\.$/],
    [
      'a reserved variable',
      { Environment: { Variables: { AWS_REGION: 'x', OK_NAME: 'y' } } },
      'InvalidParameterValueException',
      /Reserved keys used in this request: AWS_REGION$/,
    ],
    [
      'too large an environment',
      { Environment: { Variables: { BIG: 'x'.repeat(4097) } } },
      'InvalidParameterValueException',
      /exceeded the 4KB limit\. String measured: \{"BIG":"x+"\}$/,
    ],
    [
      'a variable of one letter',
      { Environment: { Variables: { A: 'x' } } },
      'ValidationException',
      /at 'environment.variables'/,
    ],
    [
      'a name of 65 characters',
      { FunctionName: 'a'.repeat(65) },
      'InvalidParameterValueException',
      /^1 validation error detected: Value 'a+' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 64$/,
    ],
    [
      'a timeout of 901',
      { Timeout: 901 },
      'ValidationException',
      /^1 validation error detected: Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900$/,
    ],
    [
      'two mistakes at once',
      { Timeout: 0, MemorySize: 127 },
      'ValidationException',
      /^2 validation errors detected: .*; /,
    ],
    ['no handler', { Handler: undefined }, 'InvalidParameterValueException', /^Runtime and Handler are mandatory/],
    [
      'another region',
      { FunctionName: FARN.replace(REGION, 'eu-west-1') },
      'ResourceNotFoundException',
      /not reachable/,
    ],
    ['an image', { PackageType: 'Image' }, 'InvalidParameterValueException', /PackageType Image is not supported/],
    ['a VPC', { VpcConfig: { SubnetIds: ['s'] } }, 'InvalidParameterValueException', /VpcConfig is not supported/],
    [
      'a dead letter queue',
      { DeadLetterConfig: { TargetArn: 'arn:q' } },
      'InvalidParameterValueException',
      /dead-letter target arn:q is invalid/,
    ],
  ])('refuses %s', async (_what, more, code, text) => {
    const error = await failure(create(more))
    expect(error.code).toBe(code)
    expect(error.message).toMatch(text)
    expect(await test.call('ListFunctions', {})).toEqual({ Functions: [] })
  })

  it('passes members that ask for nothing', async () => {
    await create({
      VpcConfig: { SubnetIds: [], SecurityGroupIds: [] },
      DeadLetterConfig: {},
      Layers: [],
      KMSKeyArn: '',
      SnapStart: { ApplyOn: 'None' },
      TracingConfig: { Mode: 'PassThrough' },
    })
  })

  it('reads the package from S3', async () => {
    test.objects.set('code/f.zip', ZIP)
    const { CodeSize } = await create({ Code: { S3Bucket: 'code', S3Key: 'f.zip' } })
    expect(CodeSize).toBe(ZIP.length)
    const { message } = await failure(create({ FunctionName: 'G', Code: { S3Bucket: 'code', S3Key: 'none' } }))
    expect(message).toBe(
      'Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist.',
    )
  })
})

describe('updates', () => {
  it('answer InProgress and are done on the next read, with a new revision each', async () => {
    await create({ Timeout: 10, Environment: { Variables: { ONE: '1', TWO: '2' } } })
    const before = await test.call('GetFunctionConfiguration', { FunctionName: 'F' })
    const answer = await test.call('UpdateFunctionConfiguration', { FunctionName: 'F', MemorySize: 256 })
    expect(answer).toMatchObject({
      State: 'Active',
      LastUpdateStatus: 'InProgress',
      LastUpdateStatusReasonCode: 'Creating',
    })
    const after = await test.call('GetFunctionConfiguration', { FunctionName: 'F' })
    expect(after).toMatchObject({ LastUpdateStatus: 'Successful', MemorySize: 256, Timeout: 10 })
    expect(new Set([before.RevisionId, answer.RevisionId, after.RevisionId]).size).toBe(3)
    expect(test.executor.retired).toEqual([`${FARN}:$LATEST kept one`])
  })

  it('replace given members whole and keep the others', async () => {
    await create({ Timeout: 10, MemorySize: 512, Environment: { Variables: { ONE: '1', TWO: '2' } } })
    await test.call('UpdateFunctionConfiguration', { FunctionName: 'F', Environment: { Variables: { THREE: '3' } } })
    const after = await test.call('GetFunctionConfiguration', { FunctionName: 'F' })
    expect(after).toMatchObject({ Timeout: 10, MemorySize: 512 })
    expect(after.Environment).toEqual({ Variables: { THREE: '3' } })
    await test.call('UpdateFunctionConfiguration', { FunctionName: 'F', Environment: {} })
    expect(await test.call('GetFunctionConfiguration', { FunctionName: 'F' })).not.toHaveProperty('Environment')
  })

  it('refuse an old revision', async () => {
    const { RevisionId } = await create()
    const error = await failure(test.call('UpdateFunctionCode', { FunctionName: 'F', ZipFile: ZIP, RevisionId }))
    expect([error.code, error.status]).toEqual(['PreconditionFailedException', 412])
    expect(error.message).toBe(
      'The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id',
    )
  })

  it('change the code, or only say what they would do', async () => {
    await create()
    const other = testPackage({ 'index.mjs': 'export const handler = () => 2' })
    const sha = createHash('sha256').update(other).digest('base64')
    const dry = await test.call('UpdateFunctionCode', { FunctionName: 'F', ZipFile: other, DryRun: true })
    expect(dry.CodeSha256).toBe(sha)
    const read = () => test.call('GetFunctionConfiguration', { FunctionName: 'F' })
    expect((await read()).CodeSha256).not.toBe(sha)
    await test.call('UpdateFunctionCode', { FunctionName: 'F', ZipFile: other, Architectures: ['arm64'] })
    expect(await read()).toMatchObject({ CodeSha256: sha, Architectures: ['arm64'] })
    const { AccountUsage } = await test.call('GetAccountSettings', {})
    expect(AccountUsage).toEqual({ FunctionCount: 1, TotalCodeSize: other.length })
  })
})

describe('names and qualifiers', () => {
  it.each(['F', FARN, `${ACCOUNT}:F`, `${ACCOUNT}:function:F`, 'function:F', `${REGION}:${ACCOUNT}:function:F`])(
    'finds F as %s',
    async (FunctionName) => {
      await create()
      const { FunctionArn } = await test.call('GetFunctionConfiguration', { FunctionName })
      expect(FunctionArn).toBe(FARN)
    },
  )

  it('shows the qualifier in the ARN only if it was asked for', async () => {
    await create()
    const { FunctionArn } = await test.call('GetFunctionConfiguration', { FunctionName: 'F', Qualifier: LATEST })
    expect(FunctionArn).toBe(`${FARN}:$LATEST`)
  })

  it('takes a function called "function"', async () => {
    await create({ FunctionName: 'function' })
    const { FunctionName } = await test.call('GetFunctionConfiguration', { FunctionName: 'function' })
    expect(FunctionName).toBe('function')
  })

  it.each([
    [{ FunctionName: 'F:1', Qualifier: '2' }, 400, /derived qualifier from the function name does not match/],
    [
      { FunctionName: FARN.replace(REGION, 'eu-west-1') },
      404,
      /^Functions from 'eu-west-1' are not reachable in this region \('us-east-1'\)$/,
    ],
    [{ FunctionName: 'none' }, 404, /^Function not found: .*:function:none$/],
    [{ FunctionName: 'F', Qualifier: '7' }, 404, /^Function not found: .*:function:F:7$/],
    [{ FunctionName: 'F', Qualifier: '$latest' }, 404, /^Function not found/],
    [
      { FunctionName: 'a b' },
      400,
      /Value 'a b' at 'functionName' failed to satisfy constraint: Member must satisfy regular/,
    ],
  ])('refuses %j', async (input, status, text) => {
    await create()
    const error = await failure(test.call('GetFunction', input))
    expect(error.status).toBe(status)
    expect(error.message).toMatch(text)
  })

  it('resolves aliases and versions from their tables', async () => {
    await create()
    const row = await test.lambda.catalog.find({
      partition: 'aws',
      region: REGION,
      accountId: ACCOUNT,
      name: 'F',
      qualifier: undefined,
    })
    const writes = { puts: [] as [Uint8Array, Uint8Array][], checks: [], deletes: [] }
    const collect = {
      put: (key: Uint8Array, value: Uint8Array) => void writes.puts.push([key, value]),
      delete() {},
      check() {},
      afterCommit() {},
    }
    versions.put(collect, [ACCOUNT, REGION, 'F', 1], { ...row!.latest, description: 'one' })
    aliases.put(collect, [ACCOUNT, REGION, 'F', 'PROD'], {
      version: '1',
      description: '',
      revisionId: 'r',
      additional: null,
    })
    await test.store.commit(writes)
    const prod = await test.call('GetFunctionConfiguration', { FunctionName: 'F:PROD' })
    expect(prod).toMatchObject({ FunctionArn: `${FARN}:PROD`, Version: '1', Description: 'one' })
    const { Versions } = await test.call('ListVersionsByFunction', { FunctionName: 'F' })
    expect(Versions?.map(({ FunctionArn }) => FunctionArn)).toEqual([`${FARN}:$LATEST`, `${FARN}:1`])
    expect(Versions?.[1]).not.toHaveProperty('State')
    expect((await failure(test.call('DeleteFunction', { FunctionName: 'F', Qualifier: '1' }))).status).toBe(409)
  })
})

describe('DeleteFunction', () => {
  it('refuses $LATEST, ignores missing versions, and removes everything with the function', async () => {
    await create()
    expect((await failure(test.call('DeleteFunction', { FunctionName: 'F', Qualifier: LATEST }))).message).toBe(
      '$LATEST version cannot be deleted without deleting the function.',
    )
    await test.call('DeleteFunction', { FunctionName: 'F', Qualifier: '1233' })
    expect((await failure(test.call('DeleteFunction', { FunctionName: 'nope', Qualifier: '1' }))).message).toBe(
      `Function not found: arn:aws:lambda:${REGION}:${ACCOUNT}:function:nope`,
    )
    await test.call('PutFunctionConcurrency', { FunctionName: 'F', ReservedConcurrentExecutions: 5 })
    await test.call('PutFunctionEventInvokeConfig', { FunctionName: 'F', MaximumRetryAttempts: 0 })
    await test.call('AddPermission', {
      FunctionName: 'F',
      StatementId: 's',
      Action: 'lambda:InvokeFunction',
      Principal: '*',
    })
    await test.call('DeleteFunction', { FunctionName: 'F' })
    const { status, message, fields } = await failure(test.call('DeleteFunction', { FunctionName: 'F' }))
    expect([status, message, fields]).toEqual([404, `Function not found: ${FARN}`, { Type: 'User' }])

    await create()
    expect((await failure(test.call('GetPolicy', { FunctionName: 'F' }))).status).toBe(404)
    expect(await test.call('GetFunctionConcurrency', { FunctionName: 'F' })).toEqual({})
    expect((await failure(test.call('GetFunctionEventInvokeConfig', { FunctionName: 'F' }))).status).toBe(404)
    const { AccountLimit } = await test.call('GetAccountSettings', {})
    expect(AccountLimit?.UnreservedConcurrentExecutions).toBe(1000)
  })
})

describe('lists, tags, concurrency, event invoke configs', () => {
  it('lists 50 functions to a page', async () => {
    for (let n = 0; n < 60; n++) await create({ FunctionName: `f${String(n).padStart(2, '0')}` })
    const first = await test.call('ListFunctions', { MaxItems: 100 })
    expect(first.Functions).toHaveLength(50)
    expect(first.Functions?.[0]).not.toHaveProperty('State')
    const second = await test.call('ListFunctions', { Marker: first.NextMarker })
    expect(second.Functions?.map(({ FunctionName }) => FunctionName)).toEqual(
      Array.from({ length: 10 }, (_, n) => `f${50 + n}`),
    )
    expect(second).not.toHaveProperty('NextMarker')
    expect((await failure(test.call('ListFunctions', { Marker: 'abc' }))).code).toBe('InvalidParameterValueException')
  })

  it('answers the code signing question of Terraform', async () => {
    await create()
    expect(await test.call('GetFunctionCodeSigningConfig', { FunctionName: 'F' })).toEqual({ FunctionName: 'F' })
  })

  it('tags functions, not versions', async () => {
    const { RevisionId } = await create({ Tags: { one: '1' } })
    await test.call('TagResource', { Resource: FARN, Tags: { two: '2' } })
    await test.call('UntagResource', { Resource: FARN, TagKeys: ['one', 'never'] })
    expect(await test.call('ListTags', { Resource: FARN })).toEqual({ Tags: { two: '2' } })
    const { Configuration, Tags } = await test.call('GetFunction', { FunctionName: 'F' })
    expect(Tags).toEqual({ two: '2' })
    expect(Configuration?.RevisionId).not.toBe(RevisionId)
    expect((await failure(test.call('TagResource', { Resource: `${FARN}:1`, Tags: { a: 'b' } }))).message).toBe(
      'Tags on function aliases and versions are not supported. Please specify a function ARN.',
    )
    expect((await failure(test.call('TagResource', { Resource: FARN, Tags: {} }))).status).toBe(400)
  })

  it('keeps tags of AWS to CloudFormation, whose calls come over no connection', async () => {
    const Tags = { 'aws:cloudformation:stack-name': 's' }
    const more = { ...MINIMAL, Tags }
    expect((await failure(test.call('CreateFunction', more, ROOT, { http: HTTP }))).message).toMatch(/aws: prefixed/)
    await create({ Tags })
    expect((await test.grants('CreateFunction', more)).map(({ action }) => action)).not.toContain('lambda:TagResource')
    await test.call('TagResource', { Resource: FARN, Tags: { two: '2' } }, ROOT, { http: HTTP })
    const tagging = { Resource: FARN, Tags, TagKeys: Object.keys(Tags) }
    for (const operation of ['TagResource', 'UntagResource'] as const) {
      const refused = await failure(test.call(operation, tagging, ROOT, { http: HTTP }))
      expect(refused.message).toMatch(/aws: prefixed/)
    }
    expect(await test.call('ListTags', { Resource: FARN })).toEqual({ Tags: { ...Tags, two: '2' } })
    await test.call('UntagResource', tagging)
    expect(await test.call('ListTags', { Resource: FARN })).toEqual({ Tags: { two: '2' } })
  })

  it('keeps 100 executions unreserved', async () => {
    await create()
    expect(await test.call('GetFunctionConcurrency', { FunctionName: 'F' })).toEqual({})
    const put = (n: number) =>
      test.call('PutFunctionConcurrency', { FunctionName: 'F', ReservedConcurrentExecutions: n })
    expect((await failure(put(950))).message).toBe(
      "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].",
    )
    expect(await put(900)).toEqual({ ReservedConcurrentExecutions: 900 })
    expect((await test.call('GetFunction', { FunctionName: 'F' })).Concurrency).toEqual({
      ReservedConcurrentExecutions: 900,
    })
    expect(await test.call('GetFunction', { FunctionName: 'F', Qualifier: LATEST })).not.toHaveProperty('Concurrency')
    await test.call('DeleteFunctionConcurrency', { FunctionName: 'F' })
    expect(await test.call('GetFunctionConcurrency', { FunctionName: 'F' })).toEqual({})
    expect(
      (await failure(test.call('PutFunctionConcurrency', { FunctionName: 'none', ReservedConcurrentExecutions: 1 })))
        .message,
    ).toMatch(/none:\$LATEST$/)
  })

  it('keeps event invoke configs per qualifier: Put replaces, Update merges', async () => {
    await create()
    expect((await failure(test.call('PutFunctionEventInvokeConfig', { FunctionName: 'F' }))).message).toBe(
      'You must specify at least one of error handling or destination setting.',
    )
    expect((await failure(test.call('GetFunctionEventInvokeConfig', { FunctionName: 'F' }))).message).toBe(
      `The function ${FARN}:$LATEST doesn't have an EventInvokeConfig`,
    )
    await test.call('PutFunctionEventInvokeConfig', { FunctionName: 'F', MaximumRetryAttempts: 0 })
    await test.call('UpdateFunctionEventInvokeConfig', { FunctionName: 'F', MaximumEventAgeInSeconds: 120 })
    const read = await test.call('GetFunctionEventInvokeConfig', { FunctionName: 'F' })
    expect(read).toEqual({
      FunctionArn: `${FARN}:$LATEST`,
      LastModified: new Date(test.clock.now()),
      MaximumRetryAttempts: 0,
      MaximumEventAgeInSeconds: 120,
      DestinationConfig: { OnSuccess: {}, OnFailure: {} },
    })
    const { FunctionEventInvokeConfigs } = await test.call('ListFunctionEventInvokeConfigs', { FunctionName: 'F' })
    expect(FunctionEventInvokeConfigs).toHaveLength(1)
    expect(
      (
        await failure(
          test.call('PutFunctionEventInvokeConfig', { FunctionName: 'F', Qualifier: '9', MaximumRetryAttempts: 1 }),
        )
      ).status,
    ).toBe(404)
    expect((await failure(test.call('ListFunctionEventInvokeConfigs', { FunctionName: 'none' }))).message).toBe(
      "The function doesn't exist.",
    )
  })
})
